"""A client on the second socket of our scache(8) that says exactly what a test wants said."""

import array
import contextlib
import os
import socket
from types import TracebackType
from typing import List, Optional, Tuple, Type

from support import attributes
from support.instance import Instance
from support.scache_client import request

SOCKET = "private/scache.handoff"
OK = attributes.encode(("status", 0))
BAD = attributes.encode(("status", 1))
FAILED = attributes.encode(("status", 2))
MANY = 64  # descriptors


def save(endpoint: str, farewell: str = "", destination: Optional[str] = None,
         ttl_ms: object = 10_000) -> bytes:
    binding = [] if destination is None else [("destination", destination),
                                              ("destination_property", f"{destination} prop")]
    return request("save", ("ttl_ms", ttl_ms), ("endpoint", endpoint),
                   ("endpoint_property", f"{endpoint} prop"), ("farewell", farewell), *binding)


def find(**what: str) -> bytes:
    """By `endpoint` or by `destination`."""
    return request("find", *what.items())


class ExtensionClient:
    """One connection."""

    def __init__(self, mail: Instance) -> None:
        self.connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.connection.settimeout(10)
        try:
            self.connection.connect(str(mail.queue_directory / SOCKET))
        except OSError:
            self.connection.close()
            raise

    def __enter__(self) -> "ExtensionClient":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.connection.close()

    def send(self, packet: bytes, *descriptors: int) -> None:
        rights = array.array("i", descriptors)
        self.connection.sendmsg([packet], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
                                if descriptors else [])

    def receive(self) -> Tuple[bytes, List[int]]:
        """A packet, empty at end-of-file, and its descriptors, which the caller closes."""
        descriptors = array.array("i")
        packet, ancillary, _, _ = self.connection.recvmsg(
            1 << 16, socket.CMSG_SPACE(MANY * descriptors.itemsize))
        for level, kind, rights in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(rights)
        return packet, list(descriptors)

    def ask(self, packet: bytes, *descriptors: int) -> bytes:
        """For requests that are not answered with a descriptor."""
        self.send(packet, *descriptors)
        reply, received = self.receive()
        for descriptor in received:
            os.close(descriptor)
        assert not received, f"{reply!r} came with {len(received)} descriptors"
        return reply

    def find(self, **what: str) -> Optional[Tuple[bytes, int]]:
        """The reply and the descriptor of a hit, None for a miss."""
        self.send(find(**what))
        reply, descriptors = self.receive()
        if reply == FAILED and not descriptors:
            return None
        with contextlib.ExitStack() as stack:
            for descriptor in descriptors:
                stack.callback(os.close, descriptor)
            assert len(descriptors) == 1, reply
            stack.pop_all()
        return reply, descriptors[0]
