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


def compose(daemons: Iterable[str], changes: Mapping[str, Optional[str]]) -> str:
    """master.cf: the stock entries whose daemon exists, and `changes`; None removes an entry."""
    present = set(daemons)
    entries: Dict[str, Optional[str]] = {
        name: fields for name, fields in STOCK.items() if fields.split()[5] in present
    }
    entries.update(changes)
    lines = []
    for service, fields in entries.items():
        name, _, kind = service.rpartition("/")
        if fields is not None:
            lines.append(f"{name} {kind} {fields}\n")
    return "".join(lines)
