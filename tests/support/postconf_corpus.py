"""Runs of postconf, ours and stock's, on copies of the pairs in tests/data/postconf.

`pairs/NAME` holds a main.cf and a master.cf, or one of them; @DIR@ in a file stands for the
directory that it is copied to. `show` and `edit` hold command lines, quoted as for a shell.
"""

import os
import pathlib
import re
import shlex
import subprocess
import tempfile
from dataclasses import dataclass, replace
from typing import Dict, FrozenSet, List, Sequence, Tuple

from support import debian, programs

DATA = debian.REPOSITORY / "tests/data/postconf"
PAIRS = DATA / "pairs"
# Samples that come with stock Postfix and are not ours to keep.
PACKAGED = "packaged"
LONG_AGO = 1_000_000_000

# What a warning of ours says on top, before the error that stock has, too.
EXPLANATION = re.compile(rb"warning: \S+, line \d+: (an entry is name = value;|\S+ = .*: must be )")


@dataclass(frozen=True)
class Outcome:
    status: int
    stdout: bytes
    stderr: Tuple[bytes, ...]  # sorted: stock's order is arbitrary
    files: Tuple[Tuple[str, bytes], ...]


def pairs() -> List[str]:
    return sorted(path.name for path in PAIRS.iterdir()) + [PACKAGED]


def commands(kind: str) -> List[str]:
    return (DATA / kind).read_text(encoding="utf-8").splitlines()


def files_of(pair: str) -> Dict[str, bytes]:
    if pair != PACKAGED:
        return {path.name: path.read_bytes() for path in (PAIRS / pair).iterdir()}
    samples = programs.stock().package.root / "usr/share/postfix"
    main = (samples / "main.cf.debian").read_bytes() + (samples / "main.cf.tls").read_bytes()
    return {"main.cf": main, "master.cf": (samples / "master.cf.dist").read_bytes()}


def run(origin: str, pair: str, command: str, extensions: FrozenSet[str]) -> Outcome:
    """`extensions`: names of parameters that only ours has; they are left out."""
    with tempfile.TemporaryDirectory(prefix="handoff-", dir="/tmp") as name:
        directory = pathlib.Path(name)
        for file, content in files_of(pair).items():
            (directory / file).write_bytes(content.replace(b"@DIR@", name.encode()))
            os.utime(directory / file, (LONG_AGO, LONG_AGO))
        done = start(origin, directory, shlex.split(command))
        files = tuple((path.name, path.read_bytes().replace(name.encode(), b"DIR"))
                      for path in sorted(directory.iterdir()) if path.suffix == ".cf")
    outcome = Outcome(done.returncode, _plain(done.stdout, name), (), files)
    lines = sorted(_plain(done.stderr, name).splitlines())
    if origin == "ours":
        lines = [line for line in lines if not EXPLANATION.search(line)]
        outcome = replace(outcome, stdout=_without(outcome.stdout, extensions))
    return replace(outcome, stderr=tuple(lines))


def start(origin: str, directory: pathlib.Path, arguments: Sequence[str],
          **options) -> "subprocess.CompletedProcess[bytes]":
    environment = programs.stock().environment() if origin == "stock" else {}
    return subprocess.run(["postconf", "-c", ".", *arguments], cwd=directory, check=False,
                          executable=programs.locate(origin, "postconf"), timeout=60,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          env={**os.environ, **environment, "LC_ALL": "C", "NORANDOMIZE": "1"},
                          **options)


def _plain(text: bytes, directory: str) -> bytes:
    """Without what differs from run to run, or from build to build."""
    text = text.replace(directory.encode(), b"DIR")
    text = re.sub(rb"(?m)^process_id = \d+$", b"process_id = PID", text)
    text = re.sub(rb"(?m)^mail_release_date = .*$", b"mail_release_date = DATE", text)
    return re.sub(rb"(?m)fatal: usage: .*$", b"fatal: usage", text)


def _without(text: bytes, names: FrozenSet[str]) -> bytes:
    """The lines that are not about one of these."""
    return b"".join(line for line in text.splitlines(keepends=True)
                    if line.split(b" ")[0].strip().decode("latin-1") not in names)
