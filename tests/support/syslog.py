"""A syslog for some processes alone: they have a /dev of their own, with our socket in it.

    with Syslog(directory) as syslog:
        subprocess.run([*syslog.prefix, "logger", "hello"])
    assert "hello" in syslog.lines()[-1]
"""

import pathlib
from typing import List

from support.conditions import wait_until
from support.log_socket import LogSocket

DEVICES = "null zero full random urandom"
SCRIPT = f"""
set -e
mount -t tmpfs none "$1"
for name in {DEVICES}; do
  : >"$1/$name"
  mount --bind "/dev/$name" "$1/$name"
done
ln -s /proc/self/fd "$1/fd"
ln -s "$2" "$1/log"
mount --rbind "$1" /dev
shift 2
exec "$@"
"""


class Syslog:
    def __init__(self, directory: pathlib.Path) -> None:
        self._devices = directory / "dev"
        self._log = LogSocket(directory / "syslog")

    def __enter__(self) -> "Syslog":
        self._devices.mkdir()
        self._log.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._log.close()

    @property
    def prefix(self) -> List[str]:
        """What stands before the command of a process whose syslog this is to be."""
        return ["unshare", "--mount", "sh", "-c", SCRIPT, "sh", str(self._devices),
                str(self._log.path)]

    def lines(self) -> List[str]:
        """What has come so far: `<22>Nov 22 09:40:00 postfix/smtp[123]: text`."""
        return self._log.records()

    def wait_for(self, text: str) -> None:
        wait_until(lambda: any(text in line for line in self.lines()), 15, f"{text} in syslog")
