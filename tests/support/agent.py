"""A delivery agent made of Python: says hello, keeps what it is asked, answers as it is told.

It listens at private/NAME of an instance; mail gets there with `default_transport = NAME`.
"""

import pathlib
import socket
import threading
from typing import Callable, List, Optional, Tuple

from support import attributes
from support.conditions import wait_until

HELLO = attributes.encode(("protocol", "delivery_request_protocol"))
DSN = ("status", "diag_type", "diag_text", "mta_type", "mta_mname", "action", "reason")


def reply(status: int, code: str = "", reason: str = "") -> bytes:
    """The answer to a request; a code means that the destination is in trouble."""
    values = {"status": code, "reason": reason}
    return attributes.encode(*[(name, values.get(name, "")) for name in DSN],
                             ("status", status & 0xFFFFFFFF))


DONE = reply(0)
LATER = reply(-1)


class Request:
    """What the queue manager has sent: one list, and one for each recipient."""

    def __init__(self, lists: List[attributes.Attributes]) -> None:
        self.common = lists[0]
        self.recipients = lists[1:]

    def __getitem__(self, name: str) -> str:
        return dict(self.common)[name]

    @property
    def addresses(self) -> List[str]:
        return [dict(recipient)["recipient"] for recipient in self.recipients]

    def anonymous(self) -> Tuple[bytes, ...]:
        """The bytes of each list, less what differs from one message to the next."""
        masked = [(name, "" if name in ("queue_id", "time") else value)
                  for name, value in self.common]
        return tuple(attributes.encode(*part) for part in [masked, *self.recipients])


class Agent:
    """Serves one request after another, or all `at_once`; `answer` says what to do with each.

    Its result is sent as it is; None hangs up without an answer.
    """

    def __init__(self, queue_directory: pathlib.Path, name: str = "standin",
                 answer: Optional[Callable[[Request], Optional[bytes]]] = None,
                 hello: bytes = HELLO, at_once: bool = False) -> None:
        self.requests: List[Request] = []
        self.connections = 0
        self._path = queue_directory / "private" / name
        self._answer = answer or (lambda request: DONE)
        self._hello = hello
        self._at_once = at_once
        self._listener = socket.socket(socket.AF_UNIX)
        self._thread = threading.Thread(target=self._serve)
        self._ended = False

    def __enter__(self) -> "Agent":
        self._listener.bind(str(self._path))
        self._path.chmod(0o666)
        self._listener.listen(50)
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._ended = True
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self._path.unlink()

    def wait_for_requests(self, count: int, timeout: float = 15) -> List[Request]:
        wait_until(lambda: len(self.requests) >= count, timeout, f"{count} delivery requests")
        return list(self.requests)

    def _serve(self) -> None:
        while not self._ended:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self._at_once:
                threading.Thread(target=self._serve_client, args=(client,), daemon=True).start()
            else:
                self._serve_client(client)

    def _serve_client(self, client: socket.socket) -> None:
        with client:
            client.settimeout(30)
            try:
                self._serve_one(client)
            except (EOFError, OSError):
                pass  # there was nothing (more) to do for us

    def _serve_one(self, client: socket.socket) -> None:
        client.sendall(self._hello)
        lists = [attributes.receive(client)]
        lists += [attributes.receive(client) for _ in range(int(dict(lists[0])["recipient_count"]))]
        request = Request(lists)
        self.requests.append(request)
        answer = self._answer(request)
        if answer is not None:
            client.sendall(answer)
            client.recv(1)  # the queue manager hangs up first
