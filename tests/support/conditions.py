"""Waiting for conditions, and ports that nobody uses.

The only place where test code pauses: `wait_until` looks, pauses for some milliseconds and looks
again, and gives up loudly when the time is over.
"""

import collections
import contextlib
import os
import socket
import time
from typing import Callable, Deque, Optional, Sized, TypeVar

T = TypeVar("T")

# Machines under load and sanitizers need more patience, never other tests.
PATIENCE = float(os.environ.get("HANDOFF_TEST_PATIENCE", "1"))


class TimedOut(AssertionError):
    """A condition did not come true in time."""


def wait_until(predicate: Callable[[], T], timeout: float = 10, what: str = "") -> T:
    """Returns the first true value of `predicate`; raises TimedOut after `timeout` seconds."""
    deadline = time.monotonic() + timeout * PATIENCE
    pause = 0.002
    while True:
        if value := predicate():
            return value
        if time.monotonic() > deadline:
            raise TimedOut(f"not within {timeout * PATIENCE:g} s: {what or predicate}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def empty_twice(look: Callable[[], Sized]) -> bool:
    """Whether two looks in succession find nothing: one can miss what moves from place to place."""
    return not look() and not look()


# At the ports that were given away last; see free_port.
_placeholders: Deque[contextlib.ExitStack] = collections.deque()
MOST_PLACEHOLDERS = 50


def free_port(*addresses: str, udp: bool = False) -> int:
    """A port that is free on each of `addresses` (127.0.0.1), for TCP and, with `udp`, for UDP.

    Nobody else gets this TCP port from the kernel: sockets that do not listen are kept there, in
    the way only of those who bind without SO_REUSEADDR, which servers do not.
    """
    for _ in range(100):
        with contextlib.ExitStack() as held:
            port = 0
            try:
                for address in addresses or ("127.0.0.1",):
                    placeholder = held.enter_context(socket.socket())
                    placeholder.bind((address, port))
                    port = placeholder.getsockname()[1]
                    placeholder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    if udp:
                        with socket.socket(type=socket.SOCK_DGRAM) as probe:
                            probe.bind((address, port))
            except OSError:
                continue
            _placeholders.append(held.pop_all())
            if len(_placeholders) > MOST_PLACEHOLDERS:
                _placeholders.popleft().close()
            return port
    raise TimedOut(f"no port is free on all of {addresses}")


def is_listening(port: int, address: Optional[str] = None) -> bool:
    """Whether a TCP socket listens at `port`, at any address if none is given. Does not connect."""
    wanted = f":{port:04X}"
    if address:
        wanted = socket.inet_aton(address)[::-1].hex().upper() + wanted
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return any(row[1].endswith(wanted) and row[3] == "0A" for row in rows)
