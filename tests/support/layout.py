"""The files of a private instance: directories, programs, main.cf and master.cf.

Everything an instance runs lies inside its directory, so that every user can reach it (a checkout
may lie in a home that others cannot search) and its processes can be told from everybody else's.
"""

import grp
import os
import pathlib
import pwd
import shutil
import tempfile
import time
from typing import Dict, List, Mapping, Optional, Tuple

from support import master_cf, programs
from support.programs import Mix

# Accounts that every Debian has and nothing uses (base-passwd): no account of our own is needed.
MAIL_OWNER = "uucp"
SETGID_GROUP = "news"
ROOTLESS_USER = "list"

PRIVATE_QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
                  "saved", "trace", "private")


class Layout:
    """Makes and changes the files. `user` is who runs everything if not ourselves (rootless)."""

    def __init__(self, mix: Mix, user: Optional[str]) -> None:
        self.mix = mix
        self.rootless = user is not None or os.geteuid() != 0
        self.account = self._account(user)
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="handoff-", dir="/tmp")).resolve()
        self.config = self.root / "config"
        self.queue = self.root / "queue"
        self.data = self.root / "data"
        self.daemons = self.root / "libexec"
        self.commands = self.root / "sbin"
        self.libraries = self.root / "lib"
        self.log = self.root / "log" / "mail.log"
        self.settings: Dict[str, str] = {}
        self.services: Dict[str, Optional[str]] = {}

    def create(self) -> None:
        self._directories()
        self._programs()
        self.log.touch(mode=0o644)
        self._give(self.log)
        self.settings.update(self._default_settings())

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def write_main_cf(self) -> None:
        """Back-dated: stock programs read a main.cf again and again until it is 2 seconds old."""
        hour_ago = time.time() - 3600
        self._replace("main.cf", "".join(f"{name} = {value}\n"
                                         for name, value in self.settings.items()), hour_ago)

    def write_master_cf(self) -> None:
        present = [path.name for path in self.daemons.iterdir()]
        self._replace("master.cf", master_cf.compose(present, self.services))

    def _replace(self, name: str, text: str, modified: Optional[float] = None) -> None:
        """In one step: a process that is just starting reads the old or the new file."""
        new = self.config / f"{name}.new"
        new.write_text(text)
        if modified:
            os.utime(new, (modified, modified))
        new.replace(self.config / name)

    def owner(self) -> Tuple[int, int]:
        """User and group of the mail owner."""
        return self.account.pw_uid, self.account.pw_gid

    def _account(self, user: Optional[str]) -> pwd.struct_passwd:
        if user is not None:
            return pwd.getpwnam(user)
        return pwd.getpwuid(os.geteuid()) if self.rootless else pwd.getpwnam(MAIL_OWNER)

    def _give(self, path: pathlib.Path, group: Optional[str] = None) -> None:
        if os.geteuid() == 0:
            gid = grp.getgrnam(group).gr_gid if group else self.account.pw_gid
            os.chown(path, self.account.pw_uid, gid)

    def _directories(self) -> None:
        """As `postfix start` makes them."""
        self.root.chmod(0o755)
        for path in (self.config, self.queue, self.queue / "pid", self.daemons, self.commands,
                     self.libraries, self.log.parent):
            path.mkdir()
            path.chmod(0o755)
        for name in PRIVATE_QUEUES:
            self._private(self.queue / name, 0o700)
        self._private(self.data, 0o700)
        group = None if self.rootless else SETGID_GROUP
        self._private(self.queue / "maildrop", 0o730, group)
        self._private(self.queue / "public", 0o710, group)
        if self.rootless:
            for path in (self.queue, self.queue / "pid", self.log.parent):
                self._give(path)

    def _private(self, path: pathlib.Path, mode: int, group: Optional[str] = None) -> None:
        path.mkdir()
        self._give(path, group)
        path.chmod(mode)

    def _programs(self) -> None:
        for name in self._names():
            origin = self.mix.origin(name)
            if programs.available(origin, name):
                directory = self.commands if programs.is_command(name) else self.daemons
                _place(programs.locate(origin, name), directory / name)
        plugins = self.libraries / "handoff"
        plugins.mkdir()
        for path in programs.our_plugins():
            _place(path, plugins / path.name)
        if self.uses_stock():
            for path in programs.stock().package.library_path:
                for library in path.glob("*.so*"):
                    _place(library.resolve(), self.libraries / library.name)

    def _names(self) -> List[str]:
        names = set(programs.OUR_DAEMONS | programs.OUR_COMMANDS) | set(self.mix.exceptions)
        if programs.our_directory().is_dir():
            names |= {path.name for path in programs.our_directory().iterdir()}
        if self.uses_stock():
            names |= programs.stock().daemons() | programs.stock().commands()
        return sorted(names)

    def uses_stock(self) -> bool:
        return self.mix.base == "stock" or "stock" in self.mix.exceptions.values()

    def environment(self) -> Mapping[str, str]:
        """What programs need to be told that main.cf cannot tell them."""
        kept = {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TZ")
                if name in os.environ}
        if self.uses_stock():
            kept["LD_LIBRARY_PATH"] = str(self.libraries)
        return kept

    def _default_settings(self) -> Dict[str, str]:
        imported = " ".join(f"{name}={value}" for name, value in self.environment().items())
        settings = {
            "compatibility_level": "3.6",
            "queue_directory": str(self.queue),
            "data_directory": str(self.data),
            "daemon_directory": str(self.daemons),
            "command_directory": str(self.commands),
            "meta_directory": str(self.daemons),
            "shlib_directory": str(self.libraries),
            "maillog_file": str(self.log),
            "maillog_file_prefixes": str(self.root),
            "import_environment": "MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE "
                                  "POSTLOG_HOSTNAME " + imported,
            "export_environment": "TZ MAIL_CONFIG LANG " + imported,
            "myhostname": "mail.handoff.test",
            "mydestination": "",
            "local_recipient_maps": "",
            "alias_maps": "",
            "alias_database": "",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "mynetworks": "127.0.0.0/8",
            "smtp_host_lookup": "dns",
        }
        if not self.rootless:
            settings.update(mail_owner=MAIL_OWNER, setgid_group=SETGID_GROUP,
                            default_privs="nobody")
        return settings


def _place(source: pathlib.Path, target: pathlib.Path) -> None:
    """A hard link where possible; never a symbolic one, which stock refuses."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
