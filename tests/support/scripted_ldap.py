"""An LDAP server that finds what a test has written down, also what slapd would not have.

RFC 4511, as far as a table needs it: anybody may bind, and every search gets the next answer.
"""

import socket
from typing import BinaryIO, Dict, List, Optional, Sequence, Tuple

from support.table_server import TableServer

Entry = Dict[str, List[bytes]]
Answer = Optional[Sequence[Entry]]  # None: hangs up instead
HANG_UP: Answer = None

INTEGER, OCTETS, ENUMERATED, SEQUENCE, SET = b"\x02", b"\x04", b"\x0a", b"\x30", b"\x31"
BIND, BOUND, SEARCH, FOUND, DONE = 0x60, b"\x61", 0x63, b"\x64", b"\x65"
SUCCESS = ENUMERATED + b"\x01\x00" + 2 * (OCTETS + b"\0")


def _element(tag: bytes, *content: bytes) -> bytes:
    text = b"".join(content)
    return tag + b"\x84" + len(text).to_bytes(4, "big") + text


def _found(entry: Entry) -> bytes:
    attributes = [_element(SEQUENCE, _element(OCTETS, name.encode()),
                           _element(SET, *(_element(OCTETS, value) for value in values)))
                  for name, values in entry.items()]
    return _element(FOUND, _element(OCTETS, b"cn=x"), _element(SEQUENCE, *attributes))


def _read(requests: BinaryIO) -> Optional[Tuple[bytes, int]]:
    """A message's number, as an element, and the tag of its operation."""
    head = requests.read(2)
    if len(head) < 2:
        return None
    size = head[1]
    if size & 0x80:
        size = int.from_bytes(requests.read(size & 0x7f), "big")
    body = requests.read(size)
    number = body[:2 + body[1]]
    return number, body[len(number)]


class ScriptedLdap(TableServer):
    """The last answer is given again and again."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__(self._converse)
        self._answers = answers
        self.connections = 0
        self.searches = 0

    def _converse(self, client: socket.socket, requests: BinaryIO) -> None:
        self.connections += 1
        while message := _read(requests):
            number, operation = message
            replies: Optional[List[bytes]] = []
            if operation == BIND:
                replies = [_element(BOUND, SUCCESS)]
            elif operation == SEARCH:
                replies = self._search()
            if replies is None:
                return
            client.sendall(b"".join(_element(SEQUENCE, number, reply) for reply in replies))

    def _search(self) -> Optional[List[bytes]]:
        answer = self._answers[min(self.searches, len(self._answers) - 1)]
        self.searches += 1
        if answer is None:
            return None
        return [*map(_found, answer), _element(DONE, SUCCESS)]
