"""Where programs log before they know from main.cf where to log: a datagram socket of the test's.

    with EarlyLog(mail) as early:
        mail.run([mail.daemon("scache"), ...], check=False, **early.environment)
    assert early.lines ...

The environment names it to a program as it would name postlogd's.
"""

import pathlib
from typing import Dict, List, Optional

from support.instance import Instance
from support.log_socket import LogSocket


class EarlyLog:
    """Collects the lines without their time stamps: `postfix/scache[123]: fatal: text`."""

    def __init__(self, mail: Instance, path: Optional[pathlib.Path] = None) -> None:
        """At the path of postlogd's socket it gets what comes later, too."""
        self._log = LogSocket(path or pathlib.Path(mail.root) / "early")

    def __enter__(self) -> "EarlyLog":
        self._log.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._log.close()

    @property
    def environment(self) -> Dict[str, str]:
        return {"POSTLOG_SERVICE": str(self._log.path), "POSTLOG_HOSTNAME": "mail.handoff.test"}

    def lines(self) -> List[str]:
        """What has come so far; a program that has ended has sent all it had to say."""
        return [record.split(" ", 4)[4] for record in self._log.records()]
