"""The other end of an SMTP connection: servers that record, and servers that follow a script.

Both listen at ports that the kernel picks, serve each connection in a thread of its own, and are
context managers; nothing of them is left at the end of the block.
"""

import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Sequence, Union

from support.conditions import free_port, wait_until

IDLE_LIMIT = 60.0

# What to answer: fixed text, or a function of the command's argument; None means "as usual".
Reply = Union[str, Callable[[str], Optional[str]]]


@dataclass
class Message:
    """One mail transaction that got as far as the final dot."""

    sender: str
    recipients: List[str]
    content: bytes  # byte for byte with CRLF, after RFC 5321, 4.5.2 (dots removed)
    mail_options: str = ""
    recipient_options: List[str] = field(default_factory=list)


@dataclass
class Connection:
    """What one client said."""

    number: int
    commands: List[str] = field(default_factory=list)
    messages: List[Message] = field(default_factory=list)
    address: str = ""  # ours, that the client connected to
    closed: bool = False

    @property
    def quit(self) -> bool:
        return self.commands[-1:] == ["QUIT"]


class Peer:
    """A listener at each of `addresses`, all with the same port, and a thread a connection."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses or ("127.0.0.1",)
        self.connections: List[Connection] = []
        self._lock = threading.Lock()
        self._sockets: Dict[int, socket.socket] = {}
        self._threads: List[threading.Thread] = []
        self._listeners = self._listen()
        self.port: int = self._listeners[0].getsockname()[1]

    @property
    def address(self) -> str:
        return self.addresses[0]

    @property
    def nexthop(self) -> str:
        """For relayhost and the like."""
        return f"[{self.address}]:{self.port}"

    def serve(self, channel: "Channel", connection: Connection) -> None:
        """The whole conversation with one client."""
        raise NotImplementedError

    def open_connections(self) -> int:
        with self._lock:
            return sum(not connection.closed for connection in self.connections)

    def __enter__(self) -> "Peer":
        for listener in self._listeners:
            self._spawn(self._accept, listener)
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            for connected in self._sockets.values():
                _shut(connected)
        for thread in self._threads:
            thread.join(10)

    def _listen(self) -> List[socket.socket]:
        for _ in range(20):
            port = free_port(*self.addresses) if len(self.addresses) > 1 else 0
            listeners: List[socket.socket] = []
            try:
                for address in self.addresses:
                    listeners.append(socket.create_server((address, port), backlog=1024))
                return listeners
            except OSError:
                for listener in listeners:
                    listener.close()
        raise OSError(f"no common free port at {self.addresses}")

    def _spawn(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                connection = Connection(len(self.connections) + 1, address=client.getsockname()[0])
                self.connections.append(connection)
                self._sockets[connection.number] = client
            self._spawn(self._converse, client, connection)

    def _converse(self, client: socket.socket, connection: Connection) -> None:
        try:
            client.settimeout(IDLE_LIMIT)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.serve(Channel(client), connection)
        except (OSError, EndOfFile):
            pass
        finally:
            with self._lock:
                connection.closed = True
                del self._sockets[connection.number]
            client.close()


class RecordingPeer(Peer):
    """A well-behaved ESMTP server that keeps every message and counts what it is asked.

    `replies` overrides answers by verb (CONNECT, EHLO, HELO, MAIL, RCPT, DATA, `.`, RSET, NOOP,
    QUIT): a text, or a function of the argument. A 421 ends the connection. `keywords` is the EHLO
    reply; `messages_per_connection` closes a connection after that many.
    """

    KEYWORDS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN")

    def __init__(self, *addresses: str, replies: Optional[Dict[str, Reply]] = None,
                 keywords: Sequence[str] = KEYWORDS,
                 messages_per_connection: Optional[int] = None) -> None:
        super().__init__(*addresses)
        self.keywords = keywords
        self.replies = dict(replies or {})
        self._messages_per_connection = messages_per_connection

    @property
    def messages(self) -> List[Message]:
        with self._lock:
            return [message for connection in self.connections for message in connection.messages]

    def wait_for_messages(self, count: int, timeout: float = 30) -> List[Message]:
        wait_until(lambda: len(self.messages) >= count, timeout, f"{count} messages at the peer")
        return self.messages

    def serve(self, channel: "Channel", connection: Connection) -> None:
        _Session(self, channel, connection).run()

    def hello(self) -> str:
        lines = ["peer.handoff.test", *self.keywords]
        last = len(lines) - 1
        return "\r\n".join(f"250{' ' if i == last else '-'}{line}" for i, line in enumerate(lines))

    def full(self, connection: Connection) -> bool:
        limit = self._messages_per_connection
        return limit is not None and len(connection.messages) >= limit


class _Session:
    """One connection of a RecordingPeer."""

    USUAL = {"CONNECT": "220 peer.handoff.test ESMTP", "HELO": "250 peer.handoff.test",
             "MAIL": "250 2.1.0 Ok", "RCPT": "250 2.1.5 Ok", ".": "250 2.0.0 Ok",
             "RSET": "250 2.0.0 Ok", "NOOP": "250 2.0.0 Ok", "QUIT": "221 2.0.0 Bye"}

    def __init__(self, peer: RecordingPeer, channel: "Channel", connection: Connection) -> None:
        self.peer = peer
        self.channel = channel
        self.connection = connection
        self.message = Message("", [], b"")

    def run(self) -> None:
        if not self.answer("CONNECT"):
            return
        while True:
            line = self.channel.line()
            verb, _, argument = line.partition(" ")
            verb = verb.upper()
            self.connection.commands.append(line)
            if not self.obey(verb, argument) or verb == "QUIT":
                return

    def obey(self, verb: str, argument: str) -> bool:
        """False when the connection is to end."""
        if verb == "DATA":
            return self.data()
        accepted = self.answer(verb, argument)
        if accepted == "2":
            self.note(verb, argument)
        return bool(accepted)

    def note(self, verb: str, argument: str) -> None:
        address, _, options = argument.partition(":")[2].strip().partition(" ")
        if verb == "MAIL":
            self.message = Message(address.strip("<>"), [], b"", options)
        elif verb == "RCPT":
            self.message.recipients.append(address.strip("<>"))
            self.message.recipient_options.append(options)

    def data(self) -> bool:
        usual = "354 End data with <CR><LF>.<CR><LF>" if self.message.recipients else \
            "554 5.5.1 Error: no valid recipients"
        accepted = self.answer("DATA", usual=usual)
        if accepted != "3":
            return bool(accepted)
        self.message.content = self.channel.content()
        text = self.reply(".")
        if text.startswith("2"):  # noted before the client knows
            self.connection.messages.append(self.message)
        self.message = Message("", [], b"")
        return bool(self.say(text)) and not self.peer.full(self.connection)

    def answer(self, verb: str, argument: str = "", usual: Optional[str] = None) -> str:
        """Sends the reply and returns its first digit, or nothing when the connection must end."""
        return self.say(self.reply(verb, argument, usual))

    def reply(self, verb: str, argument: str = "", usual: Optional[str] = None) -> str:
        chosen = self.peer.replies.get(verb)
        text = chosen(argument) if callable(chosen) else chosen
        if text is None and verb == "EHLO":
            text = self.peer.hello()
        return text or usual or self.USUAL.get(verb, "500 5.5.2 Error: command not recognized")

    def say(self, text: str) -> str:
        self.channel.send(text)
        return "" if text.startswith("421") else text[0]


class ScriptedPeer(Peer):
    r"""A server that follows its scripts, one for each connection in turn.

        S: TEXT      send this line          C: REGEX        expect a line that matches as a whole
        C: <message> expect text up to the final dot         S: <close>, S: <reset>   end it here

    `#` after blanks begins a comment. After the script QUIT and end-of-file are welcome, anything
    else is a failure; so is a connection too many. `check()`, called at the end of the block,
    raises what went wrong.
    """

    def __init__(self, *scripts: str, address: str = "127.0.0.1") -> None:
        super().__init__(address)
        self._scripts = [_parse(script) for script in scripts]
        self._failures: List[str] = []
        self.contents: List[bytes] = []
        self.finished = 0

    def serve(self, channel: "Channel", connection: Connection) -> None:
        if connection.number > len(self._scripts):
            self._failures.append(f"connection {connection.number}: no script for it")
            return
        for at, (side, text) in enumerate(self._scripts[connection.number - 1], 1):
            try:
                if side == "C":
                    self._expect(channel, connection, text)
                elif text == "<close>":
                    break
                elif text == "<reset>":
                    channel.reset()
                    break
                else:
                    channel.send(text)
            except (OSError, EndOfFile, _Mismatch) as error:
                self._failures.append(f"connection {connection.number}, script line {at} "
                                      f"({side}: {text}): {error!r}")
                return
        else:
            self.finished += 1
            self._farewell(channel, connection)
            return
        self.finished += 1

    def check(self, complete: bool = True) -> None:
        """Raises if a client departed from the script, or (`complete`) a script was not played."""
        problems = list(self._failures)
        if complete and self.finished < len(self._scripts):
            problems.append(f"{self.finished} of {len(self._scripts)} scripts played to the end")
        if problems:
            said = [f"connection {c.number} said: {c.commands}" for c in self.connections]
            raise AssertionError("\n".join(problems + said))

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        if error[0] is None:
            self.check()

    def _expect(self, channel: "Channel", connection: Connection, pattern: str) -> None:
        if pattern == "<message>":
            self.contents.append(channel.content())
            return
        line = channel.line()
        connection.commands.append(line)
        if not re.fullmatch(pattern, line):
            raise _Mismatch(line)

    def _farewell(self, channel: "Channel", connection: Connection) -> None:
        try:
            line = channel.line()
        except (OSError, EndOfFile):
            return
        connection.commands.append(line)
        if line.upper() == "QUIT":
            channel.send("221 2.0.0 Bye")
        else:
            self._failures.append(f"connection {connection.number}: after the script: {line}")


def judge(argument: str) -> Optional[str]:
    """For RCPT: later@ and never@ are refused, all others are taken."""
    if "later@" in argument:
        return "450 4.2.1 later"
    return "550 5.1.1 never" if "never@" in argument else None


class EndOfFile(Exception):
    """The client closed its connection."""


class _Mismatch(Exception):
    """The client said something that the script does not expect."""


class Channel:
    """Lines to and from one client."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._input = client.makefile("rb")

    def send(self, text: str) -> None:
        self._client.sendall(text.encode() + b"\r\n")

    def line(self) -> str:
        return self._raw_line().rstrip(b"\r\n").decode(errors="backslashreplace")

    def content(self) -> bytes:
        """Message text up to the final dot, with the dots of RFC 5321, 4.5.2, removed."""
        lines = []
        while (line := self._raw_line()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def reset(self) -> None:
        """Makes the coming close a TCP reset."""
        self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _raw_line(self) -> bytes:
        line = self._input.readline()
        if not line.endswith(b"\n"):
            raise EndOfFile
        return line


def _parse(script: str) -> List["tuple[str, str]"]:
    steps = []
    for line in script.splitlines():
        line = re.sub(r"(^|\s+)#.*", "", line).strip()
        if line:
            side, separator, text = line.partition(":")
            if side not in ("S", "C") or not separator:
                raise ValueError(f"script line without S: or C: - {line}")
            steps.append((side, text.strip()))
    return steps


def _shut(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
