"""A server for thousands of messages that notes how long each connection was idle when it ended.

Who asks whether a cache kept its connections for as long as it should asks the remote end.
"""

import asyncio
import collections
import threading
import time
from dataclasses import dataclass
from typing import Callable, Dict, List, Optional, Sequence, Set

from support.conditions import free_port

END_OF_MESSAGE = b"\r\n.\r\n"
REPLIES = {b"EHLO": b"250-leaving.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
           b"DATA": b"354 Go on\r\n",
           b"QUIT": b"221 Bye\r\n"}


@dataclass
class Departure:
    """The end of a connection, by a client's doing."""

    address: str
    messages: int
    idle: float  # seconds between the last message's reply and the client's farewell or close
    polite: bool  # said QUIT


class LeavingPeer:
    """A listener at each of `addresses`, all with the same port, and one thread for everything."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.addresses = addresses
        self.port = 0
        self.accepted = 0
        self.departures: List[Departure] = []
        self.recipients: Dict[str, int] = collections.Counter()
        self.messages = 0
        self._clients: Set["_Client"] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def open_connections(self) -> int:
        return self.accepted - len(self.departures)

    def __enter__(self) -> "LeavingPeer":
        self._thread.start()
        self._in_thread(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._in_thread(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _in_thread(self, work) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        for attempt in range(20):
            self.port = free_port(*self.addresses)
            try:
                self._server = await self._loop.create_server(
                    lambda: _Client(self), self.addresses, self.port, backlog=1024)
                return
            except OSError:
                if attempt == 19:
                    raise

    async def _close(self) -> None:
        self._server.close()
        for client in list(self._clients):
            client.transport.abort()
        await asyncio.sleep(0)


class _Client(asyncio.Protocol):
    """Takes what it gets; a well-behaved client needs no more."""

    transport: asyncio.Transport

    def __init__(self, peer: LeavingPeer) -> None:
        self._peer = peer
        self._input = b""
        self._consume: Callable[[], Optional[bytes]] = self._command
        self._recipient = ""
        self._messages = 0
        self._quit = False
        self._last_reply = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._address = transport.get_extra_info("sockname")[0]
        self._peer.accepted += 1
        self._peer._clients.add(self)
        transport.write(b"220 leaving.test ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._input += data
        replies = []
        while not self._quit and (reply := self._consume()) is not None:
            replies.append(reply)
        self.transport.write(b"".join(replies))
        if self._quit:
            self._leave()

    def connection_lost(self, _: Optional[Exception]) -> None:
        if not self._quit:
            self._leave()
        self._peer._clients.discard(self)

    def _command(self) -> Optional[bytes]:
        line, end, rest = self._input.partition(b"\r\n")
        if not end:
            return None
        self._input = rest
        verb = line[:4].upper()
        if verb == b"RCPT":
            self._recipient = line[line.index(b"<") + 1:line.index(b">")].decode()
        elif verb == b"DATA":
            self._consume = self._message
        elif verb == b"QUIT":
            self._quit = True
        return REPLIES.get(verb, b"250 Ok\r\n")

    def _message(self) -> Optional[bytes]:
        _, end, rest = (b"\r\n" + self._input).partition(END_OF_MESSAGE)
        if not end:
            return None
        self._input = rest
        self._consume = self._command
        self._messages += 1
        self._peer.messages += 1
        self._peer.recipients[self._recipient] += 1
        self._last_reply = time.monotonic()
        return b"250 Ok\r\n"

    def _leave(self) -> None:
        self._peer.departures.append(Departure(self._address, self._messages,
                                               time.monotonic() - self._last_reply, self._quit))
        if self._quit:
            self.transport.close()
