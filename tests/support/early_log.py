"""Where programs log before they know from main.cf where to log: a datagram socket of the test's.

    with EarlyLog(mail) as early:
        mail.run([mail.daemon("scache"), ...], check=False, **early.environment)
    assert early.lines ...

The environment names it to a program as it would name postlogd's.
"""

import pathlib
import socket
from typing import Dict, List, Optional

from support.instance import Instance


class EarlyLog:
    """Collects the lines without their time stamps: `postfix/scache[123]: fatal: text`."""

    def __init__(self, mail: Instance, path: Optional[pathlib.Path] = None) -> None:
        """At the path of postlogd's socket it gets what comes later, too."""
        self._path = path or pathlib.Path(mail.root) / "early"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._lines: List[str] = []

    def __enter__(self) -> "EarlyLog":
        self._socket.bind(str(self._path))
        self._path.chmod(0o666)
        self._socket.setblocking(False)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._path.unlink()

    @property
    def environment(self) -> Dict[str, str]:
        return {"POSTLOG_SERVICE": str(self._path), "POSTLOG_HOSTNAME": "mail.handoff.test"}

    def lines(self) -> List[str]:
        """What has come so far; a program that has ended has sent all it had to say."""
        while True:
            try:
                record = self._socket.recv(4096).decode(errors="backslashreplace")
            except BlockingIOError:
                return self._lines
            self._lines.append(record.split(" ", 4)[4])
