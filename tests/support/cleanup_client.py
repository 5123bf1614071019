"""Speaks to cleanup(8) as pickup(8) does: records in, a queue file out."""

import re
import socket
from dataclasses import dataclass, field
from typing import List, Optional, Sequence, Tuple

from support.instance import Instance
from support.queue_file import content_records, record, records

# What pickup asks for: checks, copies, address mapping, milters, SMTPUTF8 detection.
FLAGS = 2 + 16 + 32 + 64 + 512
BOUNCE = 1

Record = Tuple[str, bytes]


@dataclass
class Outcome:
    """The answer and the queue file's records, without what changes from run to run."""

    queue_id: str = field(compare=False)
    status: int
    reason: str
    records: Optional[List[Record]]  # no file: None

    def log(self, mail: Instance) -> List[str]:
        """What cleanup has logged about it so far."""
        lines = [line for line in mail.log.lines() if "/cleanup[" in line and self.queue_id in line]
        bare = [re.sub(r"^.*?/cleanup\[\d+\]: ", "", line) for line in lines]
        return [_steady(line.encode(), self.queue_id).decode() for line in bare]


def message(text: bytes, sender: bytes = b"sender@example.org",
            recipients: Sequence[bytes] = (b"user@example.com",), received: bool = True) -> bytes:
    """All records of a message submitted here, like pickup's."""
    envelope = record("T", b"1700000000 250000") + record("A", b"rewrite_context=local")
    envelope += record("S", sender) + b"".join(record("R", one) for one in recipients)
    head = record("N", b"Received: by test") if received else b""
    return envelope + record("M") + head + content_records(text) + record("X") + record("E")


def submit(mail: Instance, data: bytes, flags: int = FLAGS) -> Outcome:
    """Sends these records, and takes the queue file away before anybody else can."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(mail.queue_directory / "public/cleanup"))
        announcement = receive_list(client)
        queue_id = announcement[b"queue_id"].decode()
        client.sendall(b"flags\0%d\0\0" % flags + data)
        reply = receive_list(client)
    paths = [mail.queue_directory / queue / queue_id for queue in ("incoming", "hold")]
    path = next((path for path in paths if path.exists()), None)
    found = None
    if path is not None:
        found = [(kind, _steady(payload, queue_id)) for _, kind, payload in
                 records(path.read_bytes())]
        path.unlink()
    return Outcome(queue_id, int(reply[b"status"]), reply[b"reason"].decode(), found)


def receive_list(client: socket.socket) -> "dict[bytes, bytes]":
    data = b""
    while not data.endswith(b"\0\0"):
        part = client.recv(65536)
        if not part:
            raise EOFError(f"cleanup hung up after {data!r}")
        data += part
        fields = data.split(b"\0")
        # A list may end in an empty value, which looks like its end.
        if data.endswith(b"\0\0") and len(fields) % 2 == 0:
            return dict(zip(fields[0:-2:2], fields[1:-2:2]))
        if data.endswith(b"\0\0\0"):
            break
    fields = data[:-1].split(b"\0")
    return dict(zip(fields[0::2], fields[1::2]))


def _steady(text: bytes, queue_id: str) -> bytes:
    """Without names and times, which differ from run to run."""
    text = re.sub(rb"\d{14}\." + queue_id.encode(), b"TIME.ID", text)
    text = text.replace(queue_id.encode(), b"ID")
    return re.sub(rb"^create_time=\d+$", b"create_time=NOW", text)
