"""Programs of Debian packages, unpacked below build/debian and never installed.

Installing would start services and replace the machine's mail system. `unpack(PACKAGE)` gives the
package's own tree and those of the libraries it depends on that the machine does not have. Works
as root and as an ordinary user; several processes may do it at the same time.
"""

import contextlib
import fcntl
import functools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Dict, Iterator, List, Tuple

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CACHE = REPOSITORY / "build" / "debian"


@dataclass(frozen=True)
class Unpacked:
    """A package's tree, its version, and where its programs find their libraries."""

    root: pathlib.Path
    version: str
    library_path: Tuple[pathlib.Path, ...]

    def environment(self) -> Dict[str, str]:
        path = ":".join(map(str, self.library_path))
        return {"LD_LIBRARY_PATH": path} if path else {}


@functools.lru_cache(maxsize=None)
def unpack(package: str) -> Unpacked:
    """Unpacks `package` and the libraries it needs that are not installed, unless done before."""
    roots = [_root_of(package)]
    libraries = _missing_libraries(package)
    roots += [_root_of(library) for library in libraries]
    # Plug-ins in deeper directories are found by name, so only the usual places are searched.
    patterns = ("lib/*-linux-*", "usr/lib/*-linux-*", "usr/lib/postfix")
    found = [path for root in roots for pattern in patterns for path in root.glob(pattern)]
    version = (roots[0] / ".version").read_text().strip()
    return Unpacked(roots[0], version, tuple(path for path in found if list(path.glob("*.so*"))))


def missing_shared_objects(program: pathlib.Path, environment: Dict[str, str]) -> List[str]:
    """The names of the libraries that the dynamic linker would not find for `program`."""
    listing = subprocess.run(["ldd", str(program)], env={**os.environ, **environment},
                             capture_output=True, text=True, check=True).stdout
    return re.findall(r"(\S+) => not found", listing)


def _missing_libraries(package: str) -> List[str]:
    """The library packages, in all generations, that `package` needs and the machine lacks."""
    missing: List[str] = []
    todo = [package]
    while todo:
        for name in _library_dependencies(_root_of(todo.pop())):
            if name not in missing and not _installed(name):
                missing.append(name)
                todo.append(name)
    return missing


def _library_dependencies(root: pathlib.Path) -> List[str]:
    alternatives = (root / ".depends").read_text().split(",")
    names = [re.split(r"[\s|(:]", entry.strip())[0] for entry in alternatives]
    return [name for name in names if name.startswith("lib") and not name.endswith("-common")]


@functools.lru_cache(maxsize=None)
def _installed(package: str) -> bool:
    status = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", package],
                            capture_output=True, text=True, check=False).stdout
    return "install ok installed" in status


def _root_of(package: str) -> pathlib.Path:
    """The unpacked tree. It appears by a rename, so whoever sees it sees all of it."""
    root = CACHE / f"root-{package}"
    if root.is_dir():
        return root
    CACHE.mkdir(parents=True, exist_ok=True)
    with _locked(CACHE / ".lock"), _scratch(CACHE) as scratch:
        if root.is_dir():
            return root
        archive = _download(package, scratch)
        tree = scratch / "tree"
        subprocess.run(["dpkg", "-x", archive, tree], check=True)
        for field in ("Version", "Depends"):
            text = subprocess.run(["dpkg-deb", "-f", archive, field], check=True,
                                  capture_output=True, text=True).stdout
            (tree / f".{field.lower()}").write_text(text)
        tree.chmod(0o755)
        tree.rename(root)
    return root


def _download(package: str, directory: pathlib.Path) -> pathlib.Path:
    """Fetches by the machine's package lists; if these do not do, by fresh lists of our own."""
    lists = CACHE / "apt"
    own = ["-o", f"Dir::State={lists}/state", "-o", f"Dir::Cache={lists}/cache",
           "-o", "Dir::State::Status=/var/lib/dpkg/status"]
    first = _apt(["download", package], directory)
    if first.returncode != 0:
        for part in ("state/lists/partial", "cache/archives/partial"):
            (lists / part).mkdir(parents=True, exist_ok=True)
        _apt([*own, "update"], directory)
        second = _apt([*own, "download", package], directory)
        if second.returncode != 0:
            said = first.stderr + second.stderr
            raise RuntimeError(f"cannot download Debian's {package}:\n{said}")
    return next(directory.glob("*.deb"))


def _apt(arguments: List[str], directory: pathlib.Path) -> "subprocess.CompletedProcess[str]":
    # The sandbox user of apt cannot write below build/; a bounded wait beats a hanging test run.
    command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=", "-o", "Acquire::http::Timeout=30"]
    return subprocess.run(command + arguments, cwd=directory, text=True, capture_output=True,
                          timeout=300, check=False)


@contextlib.contextmanager
def _locked(path: pathlib.Path) -> Iterator[None]:
    with open(path, "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _scratch(parent: pathlib.Path) -> Iterator[pathlib.Path]:
    path = pathlib.Path(tempfile.mkdtemp(prefix="unpack-", dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
