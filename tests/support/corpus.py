"""Messages from files, and what must arrive when they are delivered.

    for message in corpus.load(path):                  # a .eml file, a mailbox, or a folder of them
        content = corpus.completed(message.content)    # what is handed to sendmail
        assert received == corpus.as_delivered(content)
"""

import email.utils
import pathlib
import re
from typing import Iterator, List, NamedTuple, Tuple

# What cleanup(8) drops while it receives mail: the default of message_drop_headers.
DROPPED = frozenset({b"bcc", b"content-length", b"resent-bcc", b"return-path"})

# "From someone Mon Mar  4 09:12:26 2024"; every writer has its own idea of the rest.
_SEPARATOR = re.compile(rb"From \S.*\d\d:\d\d.*")
_QUOTED = re.compile(rb">+From ")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_BLANKS = re.compile(rb"^([!-9;-~]+)[ \t]+:")


class Message(NamedTuple):
    name: str
    content: bytes


class BadCorpus(Exception):
    """There is nothing to read, and why."""


def load(path: pathlib.Path) -> List[Message]:
    """The messages in a file or, by name, in the *.eml and *.mbox files below a folder."""
    if path.is_dir():
        files = sorted(file for kind in ("*.eml", "*.mbox") for file in path.rglob(kind))
        messages = [message for file in files for message in _load_file(file)]
    elif path.is_file():
        messages = _load_file(path)
    else:
        raise BadCorpus(f"{path}: no such file or folder")
    if not messages:
        raise BadCorpus(f"{path}: no message in it (*.eml or *.mbox)")
    return messages


def _load_file(path: pathlib.Path) -> List[Message]:
    content = path.read_bytes()
    if not _SEPARATOR.match(content):
        return [Message(path.name, content)] if content else []
    return [Message(f"{path.name} #{number}", message)
            for number, message in enumerate(split_mailbox(content), 1)]


def split_mailbox(mailbox: bytes) -> List[bytes]:
    """The messages of an mbox file ("mboxrd": one ">" is taken from each quoted "From " line)."""
    messages: List[List[bytes]] = []
    after_blank = True
    for line in _lines(mailbox):
        if after_blank and _SEPARATOR.match(line):
            messages.append([])
        elif messages:
            messages[-1].append(line[1:] if _QUOTED.match(line) else line)
        after_blank = not line.strip(b"\r\n")
    for lines in messages[:-1]:
        if lines and not lines[-1].strip(b"\r\n"):
            del lines[-1]  # belongs to the separator
    return [b"".join(lines) for lines in messages]


def _lines(content: bytes) -> List[bytes]:
    """The lines with their ends. Only LF ends a line; for bytes.splitlines a lone CR does, too."""
    return re.findall(rb"[^\n]*\n|[^\n]+", content)


def completed(content: bytes) -> bytes:
    """As a mail program would send it: with the header fields that every message must have, no
    blanks before their colons, and an empty line before a body."""
    header, body = _split(_lines(content))
    present = {name.decode() for name, _ in header}
    prefixes = ["Resent-", ""] if any(name.startswith("resent-") for name in present) else [""]
    added = [f"{prefix}{name}: {value}\n".encode() for prefix in prefixes
             for name, value in _required() if (prefix + name).lower() not in present]
    fields = [_BLANKS.sub(rb"\1:", lines[0], count=1) + b"".join(lines[1:])
              for _, lines in header]
    separator = [b"\n"] if body and body[0].strip(b"\r\n") else []
    return b"".join(added + fields + separator + body)


def _required() -> List[Tuple[str, str]]:
    return [("From", "nobody@handoff.test"), ("Date", email.utils.formatdate()),
            ("Message-Id", email.utils.make_msgid(domain="handoff.test"))]


def as_delivered(content: bytes) -> bytes:
    """What the receiving server must get, less the Received: field that submission adds.

    Line ends are CRLF, and a carriage return in a line, which could be taken for one, is a blank.
    """
    header, body = _split(_lines(content))
    kept = [line for name, lines in header if name not in DROPPED for line in lines]
    return b"".join(line.removesuffix(b"\n").rstrip(b"\r").replace(b"\r", b" ") + b"\r\n"
                    for line in kept + body)


def _split(lines: List[bytes]) -> Tuple[List[Tuple[bytes, List[bytes]]], List[bytes]]:
    """The header fields, each with its name in lower case and its lines, and what follows them."""
    fields: List[Tuple[bytes, List[bytes]]] = []
    for at, line in enumerate(lines):
        if fields and line.startswith((b" ", b"\t")):
            fields[-1][1].append(line)
        elif match := _FIELD.match(line):
            fields.append((match.group(1).lower(), [line]))
        else:
            return fields, lines[at:]
    return fields, []


def shares(messages: List[Message], deliveries: int, most: int) -> Iterator[Tuple[Message, int]]:
    """Submissions that together make `deliveries`, each with its number of recipients.

    These are `most` at most. Every message is sent, even if that makes more deliveries; copies go
    round.
    """
    count = max(len(messages), -(-deliveries // most))
    each, more = divmod(max(deliveries, count), count)
    for number in range(count):
        yield messages[number % len(messages)], each + (number < more)
