"""A datagram socket of the test's, to which programs log."""

import pathlib
import socket
from typing import List


class LogSocket:
    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._records: List[str] = []

    def open(self) -> None:
        self._socket.bind(str(self.path))
        self.path.chmod(0o666)
        self._socket.setblocking(False)

    def close(self) -> None:
        self._socket.close()
        self.path.unlink()

    def records(self) -> List[str]:
        """What has come so far; a program that has ended has sent all it had to say."""
        while True:
            try:
                self._records.append(self._socket.recv(8192).decode(errors="backslashreplace"))
            except BlockingIOError:
                return self._records
