"""Which programs there are, whose we run, and where they lie.

A `Mix` says for every program name whether an instance gets "ours" or "stock": Postfix 3.7's.
"""

import functools
import os
import pathlib
from dataclasses import dataclass, field
from typing import Dict, FrozenSet, List, Mapping

from support import debian

# What the project builds. A name in here whose program is missing is an error, never a skip.
OUR_DAEMONS = frozenset({"master", "scache", "smtp", "qmgr", "pickup", "cleanup", "trivial-rewrite",
                         "bounce", "error", "postlogd", "postfix-script", "post-install"})
OUR_COMMANDS = frozenset({"sendmail", "postconf", "postdrop", "postmap", "postscache", "postfix", "postlog"})
# In daemon_directory in spite of their names.
NAMED_LIKE_COMMANDS = frozenset({"postlogd", "post-install", "postfix-files", "postfix-script", "postfix-wrapper",
                                 "postfix-tls-script", "postmulti-script", "postscreen", "qmgr",
                                 "qmqpd"})
STOCK_VERSION = "3.7."


class MissingProgram(AssertionError):
    """One of our programs has not been built."""


@dataclass(frozen=True)
class Mix:
    """`base` ("ours" or "stock"), with exceptions by program name."""

    base: str
    exceptions: Mapping[str, str] = field(default_factory=dict)

    def origin(self, name: str) -> str:
        return self.exceptions.get(name, self.base)

    def with_(self, **choices: str) -> "Mix":
        """The same, with these choices on top; `trivial_rewrite="ours"` means trivial-rewrite."""
        named = {name.replace("_", "-"): origin for name, origin in choices.items()}
        return Mix(self.base, {**self.exceptions, **named})

    def __str__(self) -> str:
        return "-but-".join(filter(None, [self.base, "-".join(sorted(self.exceptions))]))


def stock_but(*ours: str) -> Mix:
    """Stock Postfix in which exactly these programs are ours."""
    return Mix("stock", dict.fromkeys(ours, "ours"))


def ours_but(*stock: str) -> Mix:
    """Our suite in which exactly these programs are stock Postfix's."""
    return Mix("ours", dict.fromkeys(stock, "stock"))


def our_directory() -> pathlib.Path:
    """Where our programs are built: $HANDOFF_BIN, default build/bin."""
    return pathlib.Path(os.environ.get("HANDOFF_BIN") or debian.REPOSITORY / "build/bin").resolve()


def our_plugins() -> List[pathlib.Path]:
    """Our types of tables that are shared objects."""
    return sorted((our_directory().parent / "lib/handoff").glob("*.so"))


def ours(name: str) -> pathlib.Path:
    """Our program of that name; MissingProgram if it has not been built."""
    path = our_directory() / name
    if not path.is_file():
        raise MissingProgram(f"{path} does not exist: build it first (make), or set HANDOFF_BIN")
    return path


@dataclass(frozen=True)
class Stock:
    """Stock Postfix, unpacked from Debian's package."""

    package: debian.Unpacked

    @property
    def daemon_directory(self) -> pathlib.Path:
        return self.package.root / "usr/lib/postfix/sbin"

    @property
    def command_directory(self) -> pathlib.Path:
        return self.package.root / "usr/sbin"

    def environment(self) -> Dict[str, str]:
        return self.package.environment()

    def program(self, name: str) -> pathlib.Path:
        """A daemon or a command; Debian has no name twice."""
        for directory in (self.daemon_directory, self.command_directory):
            if (directory / name).is_file():
                return directory / name
        raise MissingProgram(f"stock Postfix {self.package.version} has no {name}")

    def daemons(self) -> FrozenSet[str]:
        return frozenset(path.name for path in self.daemon_directory.iterdir())

    def commands(self) -> FrozenSet[str]:
        return frozenset(path.name for path in self.command_directory.iterdir())


@functools.lru_cache(maxsize=None)
def stock() -> Stock:
    """Fetches stock Postfix, if need be, and makes sure that it can run here."""
    unpacked = debian.unpack("postfix")
    if not unpacked.version.startswith(STOCK_VERSION):
        raise RuntimeError(f"Debian's postfix is {unpacked.version}, not {STOCK_VERSION}x")
    found = Stock(unpacked)
    for name in ("master", "smtp", "cleanup", "tlsproxy"):
        if missing := debian.missing_shared_objects(found.program(name), found.environment()):
            raise RuntimeError(f"stock {name} lacks {', '.join(missing)}")
    return found


def available(origin: str, name: str) -> bool:
    """Whether a set has this program: ours as declared above or built, stock's as packaged."""
    if origin == "ours":
        return name in OUR_DAEMONS | OUR_COMMANDS or (our_directory() / name).is_file()
    return name in stock().daemons() | stock().commands()


def is_command(name: str) -> bool:
    """Whether a program belongs into command_directory, not daemon_directory."""
    return name in OUR_COMMANDS or (name.startswith(("post", "smtp-", "qmqp-", "scache-", "q"))
                                    and name not in NAMED_LIKE_COMMANDS)


def locate(origin: str, name: str) -> pathlib.Path:
    return ours(name) if origin == "ours" else stock().program(name)


def is_program(name: str) -> bool:
    """Whether this is a program's name, and not a main.cf parameter's."""
    return name in OUR_DAEMONS | OUR_COMMANDS or available("ours", name) or available("stock", name)
