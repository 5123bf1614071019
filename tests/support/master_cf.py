"""master.cf as Postfix 3.7 ships it, as a table that tests change entry by entry."""

from typing import Dict, Iterable, Mapping, Optional

# "name/type" -> private unpriv chroot wakeup maxproc command. Without the SMTP server at port 25:
# who wants one adds f"127.0.0.1:{port}/inet".
STOCK = {
    "pickup/unix": "n - n 60 1 pickup",
    "cleanup/unix": "n - n - 0 cleanup",
    "qmgr/unix": "n - n 300 1 qmgr",
    "tlsmgr/unix": "- - n 1000? 1 tlsmgr",
    "rewrite/unix": "- - n - - trivial-rewrite",
    "bounce/unix": "- - n - 0 bounce",
    "defer/unix": "- - n - 0 bounce",
    "trace/unix": "- - n - 0 bounce",
    "verify/unix": "- - n - 1 verify",
    "flush/unix": "n - n 1000? 0 flush",
    "proxymap/unix": "- - n - - proxymap",
    "proxywrite/unix": "- - n - 1 proxymap",
    "smtp/unix": "- - n - - smtp",
    "relay/unix": "- - n - - smtp -o syslog_name=postfix/$service_name",
    "showq/unix": "n - n - - showq",
    "error/unix": "- - n - - error",
    "retry/unix": "- - n - - error",
    "discard/unix": "- - n - - discard",
    "local/unix": "- n n - - local",
    "virtual/unix": "- n n - - virtual",
    "lmtp/unix": "- - n - - lmtp",
    "anvil/unix": "- - n - 1 anvil",
    "scache/unix": "- - n - 1 scache",
    "postlog/unix-dgram": "n - n - 1 postlogd",
}
# To begin with: {**NOTHING, "echo/unix": ...}.
NOTHING = dict.fromkeys(STOCK)

# What our master logs when it stays with the configuration it has.
REFUSED = "reload failed: the mail system goes on with the configuration it had"

# Debian leaves these outside.
UNJAILED = frozenset({"qmgr/unix", "proxymap/unix", "proxywrite/unix", "local/unix", "virtual/unix",
                      "postlog/unix-dgram"})


def jailed() -> Dict[str, str]:
    """The entries of Debian's master.cf that have chroot `y`, as changes for `compose`."""
    changes = {}
    for service, text in STOCK.items():
        fields = text.split(maxsplit=5)
        if service not in UNJAILED:
            changes[service] = " ".join([*fields[:2], "y", *fields[3:]])
    return changes


def compose(daemons: Iterable[str], changes: Mapping[str, Optional[str]]) -> str:
    """The stock entries with `changes` on top; None removes an entry.

    A stock entry whose daemon is not among `daemons` is left out; what a test makes up stays.
    """
    present = set(daemons)
    lines = []
    for service, fields in {**STOCK, **changes}.items():
        if fields is None:
            continue
        command = fields.split()[5:6]
        usual = service in STOCK and command == STOCK[service].split()[5:6]
        if not usual or present.issuperset(command):
            name, _, kind = service.rpartition("/")
            lines.append(f"{name} {kind} {fields}\n")
    return "".join(lines)
