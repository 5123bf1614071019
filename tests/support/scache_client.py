"""A client of scache(8) that says exactly what a test wants said, rude or not."""

import contextlib
import os
import socket
from types import TracebackType
from typing import Iterator, List, Optional, Sequence, Type

from support import attributes
from support.programs import ours_but, stock_but

MASTERS = [stock_but("scache"), ours_but()]  # ours is started by either
HANDED = r"/scache\[\d+\]: handed (\d+) cached connections to the next process"
TOOK = r"/scache\[\d+\]: took (\d+) cached connections from the process before"

ANNOUNCEMENT = attributes.encode(("protocol", "connection_cache_protocol"))
TURN = attributes.encode(("dummy", ""))
SAVED = attributes.encode(("status", 0))


def request(name: str, *pairs: Sequence[object]) -> bytes:
    return attributes.encode(("request", name), *pairs)


def save_endpoint(label: str, properties: str = "prop", ttl: object = 10) -> bytes:
    return request("save_endp", ("ttl", ttl), ("label", label), ("property", properties))


def save_destination(label: str, endpoint: str, properties: str = "prop",
                     ttl: object = 10) -> bytes:
    return request("save_dest", ("ttl", ttl), ("label", label), ("property", properties),
                   ("label", endpoint))


def find_endpoint(label: str) -> bytes:
    return request("find_endp", ("label", label))


def find_destination(label: str) -> bytes:
    return request("find_dest", ("label", label))


class ScacheClient:
    """One connection, past the announcement."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        assert self.reply() == ANNOUNCEMENT

    def __enter__(self) -> "ScacheClient":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.connection.close()

    def send(self, data: bytes, pieces: bool = False) -> None:
        """In one write, or in as many as there are bytes."""
        for piece in (data[i:i + 1] for i in range(len(data))) if pieces else (data,):
            self.connection.sendall(piece)

    def reply(self) -> bytes:
        """The bytes of one list."""
        return attributes.encode(*attributes.receive(self.connection))

    def ask(self, data: bytes, pieces: bool = False) -> bytes:
        self.send(data, pieces)
        return self.reply()

    def send_descriptors(self, *descriptors: int, data: bytes = b"\0") -> None:
        attributes.send_descriptors(self.connection, *descriptors, data=data)

    def receive_descriptor(self) -> int:
        return attributes.receive_descriptor(self.connection)

    # The requests as a well-behaved client makes them.

    def save_endpoint(self, label: str, descriptor: int, properties: str = "prop",
                      ttl: int = 10) -> None:
        assert self.ask(save_endpoint(label, properties, ttl)) == TURN
        self.send_descriptors(descriptor)
        assert self.reply() == SAVED

    def save_destination(self, label: str, endpoint: str, properties: str = "prop",
                         ttl: int = 10) -> None:
        assert self.ask(save_destination(label, endpoint, properties, ttl)) == SAVED

    def find(self, question: bytes) -> Optional[int]:
        """The descriptor of a hit, None for a miss."""
        self.send(question)
        answer = attributes.receive(self.connection)
        if answer[0] != ("status", "0"):
            return None
        self.send(TURN)
        descriptor = self.receive_descriptor()
        self.send(TURN)
        return descriptor


# Clients that stop in the middle.

def half_a_request(client: ScacheClient, *_: object) -> None:
    client.send(save_endpoint("stalled")[:20])


def no_descriptor(client: ScacheClient, *_: object) -> None:
    assert client.ask(save_endpoint("stalled")) == TURN


class Session:
    """A connection to be cached: `descriptor` goes to the cache, `remote` is the other end."""

    def __init__(self) -> None:
        self.remote, ours = socket.socketpair()
        self.remote.settimeout(10)
        self.descriptor = ours.detach()

    def is_behind(self, descriptor: int) -> bool:
        """Whether this is the same connection."""
        os.write(descriptor, b"?")
        return self.remote.recv(1) == b"?"

    def ends(self) -> bool:
        """Waits until nobody has the other end anymore."""
        return self.remote.recv(1) == b""

    def give_up(self) -> None:
        """Closes our copy of what the cache got."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
        self.descriptor = -1

    def close(self) -> None:
        self.give_up()
        self.remote.close()


@contextlib.contextmanager
def sessions(number: int = 1) -> Iterator[List[Session]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(contextlib.closing(Session())) for _ in range(number)]
