"""Servers for socketmap and tcp tables that answer what the key asks for.

A key `replyN` gets the Nth of the replies, ready-made; any other one is echoed.
"""

import socket
import threading
from typing import BinaryIO, Callable, List

SOCKETMAP_REPLIES = [
    b"OK value", b"OK ", b"OK", b"NOTFOUND ", b"NOTFOUND", b"TEMP try later", b"TIMEOUT slow",
    b"PERM never", b"BOGUS text", b"", b"ok lower", b"OK a\0b", b"OK\tx", b"OK  two blanks",
    b"TEMP", b"PERM ", b"OK " + b"x" * 5000, b"TEMP  two ", b"PERM \t x", b"TIMEOUT  "]
# Not even a netstring, or the wrong one; the server hangs up afterwards.
SOCKETMAP_BYTES = [
    b"3:abc", b"abc", b"3:abcd", b"999999:", b"-1:,", b":,", b"007:OK leer,", b" 3:OK ,", b"0:,",
    b"99999999999999999999:", b"12", b"", b"2:OK,2:OK,", b"100001:" + b"x" * 100001 + b",",
    b"0x3:abc,"]
TCP_REPLIES = [
    b"200 value\n", b"200 a%20b\n", b"500 no\n", b"400 later\n", b"300 what\n", b"2000 x\n",
    b"20 x\n", b"200\n", b"200 \n", b"\n", b"abc\n", b"200 %2\n", b"200 %zz\n", b"200  two\n",
    b"200 a%\n", b"200\tx\n", b"250 ok\r\n", b"599 x\n", b"200 a b c\n", b"200 %c3%89%C3%A9\n",
    b"5000 x\n", b"200x y\n", b"2 x\n", b"200 %00x\n", b"200 " + b"x" * 4000 + b"\n"]


class TableServer:
    """Serves every client that comes, until the block ends."""

    def __init__(self, dialogue: Callable[[socket.socket, BinaryIO], None]) -> None:
        self._dialogue = dialogue
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._clients: List[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> "TableServer":
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for client in self._clients:
            client.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, client.makefile("rb") as requests:
                self._dialogue(client, requests)
        except OSError:
            pass


def _number(key: bytes, prefix: bytes) -> int:
    return int(key[len(prefix):]) if key.startswith(prefix) else -1


def _netstring(text: bytes) -> bytes:
    return b"%d:%s," % (len(text), text)


def _socketmap(client: socket.socket, requests: BinaryIO) -> None:
    while True:
        digits = b""
        while not digits.endswith(b":"):
            byte = requests.read(1)
            if not byte:
                return
            digits += byte
        request = requests.read(int(digits[:-1]) + 1)[:-1]
        name, _, key = request.partition(b" ")
        if key.startswith(b"bytes"):
            client.sendall(SOCKETMAP_BYTES[_number(key, b"bytes")])
            return
        if key.startswith(b"reply"):
            client.sendall(_netstring(SOCKETMAP_REPLIES[_number(key, b"reply")]))
        else:
            client.sendall(_netstring(b"OK map=%s key=%s" % (name, key)))


def _tcp(client: socket.socket, requests: BinaryIO) -> None:
    for line in requests:
        request = line.rstrip(b"\n")
        key = request.split(b" ", 1)[1]
        if key.startswith(b"reply"):
            client.sendall(TCP_REPLIES[_number(key, b"reply")])
        else:
            client.sendall(b"200 " + request.replace(b"%", b"%25").replace(b" ", b"%20") + b"\n")


class Whole:
    """A reply, of which a server that is not well sends a half before it hangs up."""

    def __init__(self, reply: bytes, failures: int) -> None:
        self._reply = reply
        self.failures = failures  # connections that are still to fail

    def converse(self, client: socket.socket, _: BinaryIO) -> None:
        while client.recv(4096):
            if self.failures > 0:
                self.failures -= 1
                client.sendall(self._reply[: len(self._reply) // 2])
                return
            client.sendall(self._reply)


def socketmap_server() -> TableServer:
    return TableServer(_socketmap)


def tcp_server() -> TableServer:
    return TableServer(_tcp)
