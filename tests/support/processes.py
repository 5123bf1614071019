"""The processes of an instance, found by what they hold, whoever their parent is."""

import contextlib
import os
import pathlib
import select
import signal
from dataclasses import dataclass
from typing import Iterable, List, Optional

from support.conditions import PATIENCE, TimedOut, wait_until


def stat(pid: int) -> List[str]:
    """State, parent, process group and so on (proc(5)); nothing if it has ended."""
    with contextlib.suppress(OSError):
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        return text.rpartition(")")[2].split()
    return []


@dataclass(frozen=True)
class Process:
    pid: int
    name: str
    arguments: List[str]

    @property
    def alive(self) -> bool:
        """A process that has ended and that nobody has waited for is not alive."""
        fields = stat(self.pid)
        return bool(fields) and fields[0] not in "ZX"

    @property
    def parent(self) -> int:
        """Its parent's pid, or 0 if it has ended."""
        fields = stat(self.pid)
        return int(fields[1]) if fields else 0

    def root(self) -> str:
        """Where its root directory is: elsewhere than "/" in a jail. Empty if it has ended."""
        with contextlib.suppress(OSError):
            return os.readlink(f"/proc/{self.pid}/root")
        return ""

    def descriptors(self) -> List[str]:
        """What /proc says each open descriptor is."""
        found = []
        for entry in pathlib.Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(entry))
        return found

    def __str__(self) -> str:
        return f"{self.pid} {' '.join(self.arguments)}"


def within(directory: pathlib.Path) -> List[Process]:
    """Every live process whose program, root or current directory or environment lies in there."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid() and _belongs(entry, str(directory)):
            process = _look_at(int(entry))
            if process and process.alive:
                found.append(process)
    return found


def _belongs(pid: str, directory: str) -> bool:
    for link in ("exe", "cwd", "root"):
        with contextlib.suppress(OSError):
            if f"{os.readlink(f'/proc/{pid}/{link}')}/".startswith(f"{directory}/"):
                return True
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/environ", "rb") as environment:
            return f"={directory}/".encode() in environment.read()
    return False


def _look_at(pid: int) -> Optional[Process]:
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            arguments = [word.decode(errors="replace") for word in file.read().split(b"\0")[:-1]]
        name = pathlib.Path(arguments[0]).name if arguments else "?"
        return Process(pid, name, arguments)
    return None


def send(process: Process, number: int) -> None:
    """Signals it, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, number)


def wait_for_end(pid: int, timeout: float) -> None:
    """Waits until a process, not necessarily a child, has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not select.select([handle], [], [], timeout * PATIENCE)[0]:
            raise TimedOut(f"process {pid} did not end within {timeout * PATIENCE:g} s")
    finally:
        os.close(handle)


def kill_all(directory: pathlib.Path) -> None:
    """Ends whatever lives in `directory`, also what was born meanwhile."""

    def gone() -> bool:
        living = within(directory)
        _signal_all(living, signal.SIGKILL)
        return not living

    wait_until(gone, 10, f"end of all processes in {directory}")


def _signal_all(processes: Iterable[Process], number: int) -> None:
    for process in processes:
        send(process, number)
