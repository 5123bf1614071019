"""The attribute protocol, for tests that are a client or a server of one of the services.

A list is a sequence of `name NUL value NUL`, closed by one more NUL. A descriptor travels with one
NUL byte of its own.
"""

import array
import os
import socket
from typing import List, Tuple

Attributes = List[Tuple[str, str]]


def encode(*attributes: Tuple[str, object]) -> bytes:
    """One list, terminator included: encode(("request", "save_endp"), ("ttl", 2))."""
    return "".join(f"{name}\0{value}\0" for name, value in attributes).encode() + b"\0"


def receive(connection: socket.socket) -> Attributes:
    """Reads one list, not a byte more; EOFError if the other end closes before its end.

    Byte by byte: what follows may carry a descriptor, which reading ahead would lose.
    """
    words: List[str] = []
    word = b""
    while True:
        byte = connection.recv(1)
        if not byte:
            raise EOFError(f"end of file after {words} {word!r}")
        if byte != b"\0":
            word += byte
        elif not word and len(words) % 2 == 0:
            return list(zip(words[::2], words[1::2]))
        else:
            words.append(word.decode(errors="backslashreplace"))
            word = b""


def send_descriptors(connection: socket.socket, *descriptors: int, data: bytes = b"\0") -> None:
    """Bytes that carry them. A well-behaved client sends exactly one, with one NUL byte."""
    rights = array.array("i", descriptors)
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else []
    connection.sendmsg([data], ancillary)


def receive_descriptor(connection: socket.socket) -> int:
    """The one descriptor that comes with the next byte, which the caller closes."""
    size = array.array("i").itemsize
    data, ancillary, flags, _ = connection.recvmsg(1, socket.CMSG_SPACE(8 * size))
    received = array.array("i")
    for level, kind, rights in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            received.frombytes(rights[: len(rights) - len(rights) % size])
    if data != b"\0" or len(received) != 1 or flags & socket.MSG_CTRUNC:
        for descriptor in received:
            os.close(descriptor)
        raise ValueError(f"expected one descriptor with a NUL byte, got {len(received)}, {data!r}")
    return received[0]
