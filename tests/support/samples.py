"""Numbered test messages, and the proof that each arrived once, unchanged."""

import random
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Sequence

from support.instance import Instance
from support.smtp_peer import Message

# What pickup(8) puts before a submitted message, and nothing else may.
RECEIVED = re.compile(rb"Received: by \S+ \(\S+, from userid \d+\)\r\n"
                      rb"\tid [0-9A-Za-z]+; [^\r\n]+\r\n")

BODIES = (
    b"plain text\n",
    b".a line that begins with a dot\n..\n.\n...\n",
    b"no final line end",
    b"",
    "Grüße, 8-bit: \u20ac\n".encode(),
    b"blanks at the end  \n\n\n",
    b"x" * 900 + b"\n",
    b"line\n" * 2000,
)


class Samples:
    """`count` messages to one recipient each, all different, with the headers that nobody adds."""

    def __init__(self, count: int, domain: str = "example.test") -> None:
        self.contents: Dict[str, bytes] = {}
        for number in range(count):
            header = (f"From: sender@handoff.test\nTo: user{number}@{domain}\n"
                      f"Date: Sat, 21 Nov 2026 20:50:{number % 60:02d} +0000\n"
                      f"Message-Id: <{number}@handoff.test>\nSubject: number {number}\n\n")
            body = BODIES[number % len(BODIES)]
            self.contents[f"user{number}@{domain}"] = header.encode() + body

    def submit(self, mail: Instance, **how: str) -> None:
        """Through sendmail, some at a time."""
        with ThreadPoolExecutor(4) as pool:
            work = [pool.submit(mail.submit, [recipient], content, **how)
                    for recipient, content in self.contents.items()]
            for one in work:
                one.result()

    def inject(self, mail: Instance) -> None:
        """As queue files."""
        for recipient, content in self.contents.items():
            mail.inject([recipient], content, trigger=False)
        mail.trigger("qmgr", b"W")

    def check(self, arrived: Sequence[Message], submitted: bool = True) -> None:
        """Each arrived exactly once, byte for byte; if submitted, below one Received header."""
        counts = Counter(recipient for message in arrived for recipient in message.recipients)
        wrong = {recipient: counts[recipient] for recipient in {*counts, *self.contents}
                 if counts[recipient] != (recipient in self.contents)}
        assert not wrong, f"arrived not exactly once: {wrong}"
        wanted = {recipient: on_the_wire(text) for recipient, text in self.contents.items()}
        changed = [message.recipients for message in arrived
                   if _text(message, submitted) != wanted[message.recipients[0]]]
        assert not changed, f"changed on the way: {changed}"


def routes(addresses: Sequence[str], port: int) -> str:
    """For transport_maps: a domain, d0.test and so on, for each address."""
    entries = "".join(f" {{ d{number}.test = smtp:[{address}]:{port} }}"
                      for number, address in enumerate(addresses))
    return f"inline:{{{entries} }}"


def scatter(mail: Instance, messages: int, domains: int) -> None:
    """Injects small messages to the domains of `routes` at random, but always the same."""
    dice = random.Random(messages)
    for number in range(messages):
        mail.inject([f"user{number}@d{dice.randrange(domains)}.test"],
                    b"From: a@handoff.test\nSubject: hi\n\nhello\n", trigger=False)
    mail.trigger("qmgr", b"W")


def on_the_wire(content: bytes) -> bytes:
    """A message as an SMTP server must get it."""
    complete = content if content.endswith(b"\n") or not content else content + b"\n"
    return complete.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _text(message: Message, submitted: bool) -> bytes:
    if not submitted:
        return message.content
    received = RECEIVED.match(message.content)
    assert received, f"no Received header: {message.content[:200]!r}"
    return message.content[received.end() :]
