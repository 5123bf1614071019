"""A stub daemon for tests of the launcher: it records how it was started and what it hears.

    with suite(services={"echo/unix": "n - n - 1 stub serve"}) as mail:
        stub = Stub(mail)

The program is stub.cc, compiled on first use; `install` puts it beside the other daemons. What it
does is its first argument: serve (until the client hangs up), fail, crash or quit (at once, without
accepting), die-on-second (client), half-record, unknown-status, stubborn (ignores everything).
"""

import os
import pathlib
import shutil
import subprocess
from dataclasses import dataclass
from typing import List

from support import debian
from support.conditions import wait_until
from support.instance import Instance

SOURCE = pathlib.Path(__file__).with_name("stub.cc")


def _program() -> pathlib.Path:
    """Compiled once; several test runs may do it at the same time."""
    program = debian.REPOSITORY / "build" / "stub"
    if not program.exists() or program.stat().st_mtime < SOURCE.stat().st_mtime:
        program.parent.mkdir(exist_ok=True)
        fresh = program.with_name(f"stub.{os.getpid()}")
        subprocess.run(["c++", "-std=c++20", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(fresh),
                        str(SOURCE)], check=True)
        fresh.replace(program)
    return program


@dataclass(frozen=True)
class Event:
    pid: int
    what: str


class Stub:
    """The stub daemons of one instance. Make it before the instance starts (`start=False`)."""

    def __init__(self, mail: Instance) -> None:
        self._queue = mail.queue_directory
        shutil.copy2(_program(), mail.daemon("stub"))

    def events(self) -> List[Event]:
        """What all processes of it have noted, in the order of time."""
        try:
            lines = (self._queue / "stub.log").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [Event(int(pid), what) for pid, _, what in (line.partition(" ") for line in lines)]

    def pids(self, what: str) -> List[int]:
        """Who noted exactly this, or something that begins with it."""
        return [event.pid for event in self.events() if event.what.startswith(what)]

    def wait_for(self, what: str, count: int = 1, timeout: float = 10) -> List[int]:
        wait_until(lambda: len(self.pids(what)) >= count, timeout,
                   f"{count} times {what!r} of {self.events()}")
        return self.pids(what)

    def captured(self, pid: int) -> List[str]:
        """Everything the process inherited, a line each."""
        path = self._queue / f"stub.{pid}"
        wait_until(path.exists, 10, f"the capture of {pid}")
        return [_readable(line) for line in path.read_text().splitlines()]


def _readable(line: str) -> str:
    name, _, value = line.partition(" ")
    if name in ("argv", "environment"):
        return f"{name} {bytes.fromhex(value).decode()!r}"
    return line
