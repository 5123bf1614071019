"""Queue files: written for injection, and read for a look at what others wrote."""

import os
import pathlib
import time
from dataclasses import dataclass, field
from typing import Iterator, List, Sequence, Tuple

SIZE_LENGTH = 95  # six numbers of 15 columns, five blanks


def record(kind: str, data: bytes = b"") -> bytes:
    """TYPE LENGTH DATA, the length in groups of seven bits, low group first."""
    length, encoded = len(data), bytearray()
    while length > 127:
        encoded.append(length & 127 | 128)
        length >>= 7
    encoded.append(length)
    return kind.encode() + bytes(encoded) + data


def content_records(content: bytes, longest: int = 2048) -> bytes:
    """Pieces of long lines are L, the end of a line is N. Line ends may be LF or CRLF."""
    lines = content.replace(b"\r\n", b"\n").split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    out = bytearray()
    for line in lines:
        while len(line) > longest:
            out += record("L", line[:longest])
            line = line[longest:]
        out += record("N", line)
    return bytes(out)


def encode(sender: str, recipients: Sequence[str], content: bytes) -> bytes:
    """A complete message as cleanup would leave it, less what nobody needs."""
    now = time.time()
    envelope = record("T", f"{int(now)} {int(now % 1 * 1e6)}".encode())
    envelope += record("A", f"create_time={int(now)}".encode())
    envelope += record("A", b"rewrite_context=local")
    envelope += record("S", sender.encode())
    if any(byte > 127 for byte in content):
        envelope += record("A", b"encoding=8bit")
    for recipient in recipients:
        envelope += record("A", f"dsn_orig_rcpt=rfc822;{recipient}".encode())
        envelope += record("O", recipient.encode()) + record("R", recipient.encode())
    envelope += record("M")
    text = content_records(content)
    offset = len(record("C", bytes(SIZE_LENGTH))) + len(envelope)
    numbers = (len(text), offset, len(recipients), 0, len(text), 0)
    size = " ".join(f"{number:15d}" for number in numbers)
    return record("C", size.encode()) + envelope + text + record("X") + record("E")


def write(queue: pathlib.Path, data: bytes, owner: Tuple[int, int]) -> str:
    """Puts a queue file into `queue` (the incoming directory) and returns its queue id."""
    temporary = queue / f"{time.time_ns()}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        if os.geteuid() == 0:
            os.fchown(descriptor, *owner)
        queue_id = f"{time.time_ns() // 1000 % 1000000:05X}{os.fstat(descriptor).st_ino:X}"
        os.write(descriptor, data)
        temporary.rename(queue / queue_id)
        os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)
    return queue_id


@dataclass
class QueueFile:
    """What stands in a queue file. Does not follow pointer records: those are milters' work."""

    sender: str = ""
    recipients: List[str] = field(default_factory=list)  # still to be delivered
    done: List[str] = field(default_factory=list)
    attributes: List[str] = field(default_factory=list)
    size: Tuple[int, ...] = ()
    content: bytes = b""


def records(data: bytes) -> Iterator[Tuple[int, str, bytes]]:
    """Offset, type and data of each record; ValueError where the file is cut off."""
    at = 0
    while at < len(data):
        start, kind, length, shift = at, chr(data[at]), 0, 0
        at += 1
        while True:
            byte = data[at] if at < len(data) else None
            if byte is None:
                raise ValueError(f"cut off in the length at offset {at}")
            length |= (byte & 127) << shift
            shift, at = shift + 7, at + 1
            if byte < 128:
                break
        if at + length > len(data):
            raise ValueError(f"record {kind} at offset {start} is cut off")
        yield start, kind, data[at : at + length]
        at += length


def decode(data: bytes) -> QueueFile:
    """Reads a complete queue file."""
    message, in_content = QueueFile(), False
    for _, kind, payload in records(data):
        if kind == "M":
            in_content = True
        elif kind == "X":
            in_content = False
        elif in_content:
            message.content += payload + (b"\n" if kind == "N" else b"")
        elif kind == "C":
            message.size = tuple(map(int, payload.split()))
        elif kind == "S":
            message.sender = payload.decode()
        elif kind in "RD":
            (message.recipients if kind == "R" else message.done).append(payload.decode())
        elif kind == "A":
            message.attributes.append(payload.decode())
    return message
