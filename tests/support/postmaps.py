"""Our postmap(1) and stock's, which has its plug-ins for lmdb, cdb, pcre and ldap."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import time
from typing import Iterable, List, NamedTuple, Sequence, Union

from support import debian, programs
from support.layout import MAIL_OWNER, SETGID_GROUP

PLUGINS = ("lmdb", "pcre", "cdb", "ldap")


class Said(NamedTuple):
    status: int
    out: bytes
    err: List[str]  # without the name of the program, and without libdb's own lines


class Postmaps:
    """Both in one directory, in which they are run."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.config = directory / "config"
        self.libraries = directory / "libraries"
        self.config.mkdir(parents=True)
        self.libraries.mkdir()
        self._place_libraries()
        (self.config / "dynamicmaps.cf").write_text("".join(
            f"{name} postfix-{name}.so dict_{name}_open"
            + (f" mkmap_{name}_open\n" if name in ("lmdb", "cdb") else "\n") for name in PLUGINS))
        self.set()

    def set(self, **settings: str) -> None:
        """Writes main.cf, as if it had been there for a while."""
        chosen = {"compatibility_level": "3.6", "queue_directory": str(self.directory),
                  "meta_directory": str(self.config), "shlib_directory": str(self.libraries),
                  "mail_owner": MAIL_OWNER, "setgid_group": SETGID_GROUP,
                  "default_privs": "nobody", "myhostname": "mail.handoff.test",
                  "maillog_file": str(self.directory / "log"),
                  "maillog_file_prefixes": str(self.directory), **settings}
        main_cf = self.config / "main.cf"
        main_cf.write_text("".join(f"{name} = {value}\n" for name, value in chosen.items()))
        hour_ago = time.time() - 3600
        os.utime(main_cf, (hour_ago, hour_ago))

    def _place_libraries(self) -> None:
        packages = [programs.stock().package] + [debian.unpack(f"postfix-{name}")
                                                 for name in PLUGINS]
        for directory in {path for package in packages for path in package.library_path}:
            for library in directory.glob("*.so*"):
                shutil.copy(library.resolve(), self.libraries / library.name)
        for library in self.libraries.iterdir():
            library.chmod(0o644)

    def command(self, whose: str, *arguments: str) -> List[str]:
        return [str(programs.locate(whose, "postmap")), "-c", str(self.config), *arguments]

    def start(self, whose: str, *arguments: str,
              stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self.command(whose, *arguments), cwd=self.directory,
                                env=self._environment(whose), stdin=stdin,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, whose: str, *arguments: str, text: Union[bytes, str] = b"") -> Said:
        done = subprocess.run(self.command(whose, *arguments), cwd=self.directory, check=False,
                              input=text.encode() if isinstance(text, str) else text,
                              env=self._environment(whose), capture_output=True, timeout=60)
        err = done.stderr.decode(errors="replace").splitlines()
        # What libdb says on its own, stock to standard error, we in a warning.
        return Said(done.returncode, done.stdout,
                    [re.sub(r"^postmap: ", "", line) for line in err if "BDB" not in line])

    def run_all(self, whose: str, commands: Iterable[Sequence[str]]) -> List[Said]:
        """At the same time: whoever fails waits for a second first."""
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            return list(pool.map(lambda command: self.run(whose, *command), commands))

    def _environment(self, whose: str) -> "dict[str, str]":
        mine = {"LD_LIBRARY_PATH": str(self.libraries)} if whose == "stock" else {}
        return {**os.environ, **mine}
