"""Messages for cleanup(8), good and bad: what it makes of each is compared with stock's.

Each function gives (name, records, flags); see cleanup_client.py for the last two.
"""

import pathlib
from typing import Iterator, Tuple

from support.cleanup_client import BOUNCE, FLAGS, message
from support.queue_file import content_records, record

Case = Tuple[str, bytes, int]

CORPUS = pathlib.Path(__file__).parents[1] / "data" / "mail"

TIME = record("T", b"1700000000 250000")
SENDER = record("S", b"alice@example.org")
RECIPIENT = record("R", b"bob@example.com")
BEGIN = TIME + SENDER + RECIPIENT
TEXT = record("M")
EXTRACTED = record("X")
END = record("E")
RECEIVED = record("N", b"Received: by test")
CONTENT = TEXT + RECEIVED + record("N", b"Subject: x") + record("N") + record("N", b"hi")
REST = CONTENT + EXTRACTED + END

MULTIPART = b"Content-Type: multipart/mixed; boundary=foo\n"

# Addresses as people and programs write them, and headers that are dropped, counted or completed.
HEADERS = [
    b'To: x,yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy@example.com,'
    b'z@example.com',
    b'To: "Long phrase here with words" <x>,Another Person Without Quotes <another@example.com>,'
    b' Third One (with a comment that is very long indeed and goes on) <third@example.com>,'
    b' x4@example.com (comment with words)',
    b'To: x; y: z, w; v',
    b'To: x,,y,,',
    b'To: x y',
    b'To: <x>   (c1) (c2)\n (c3)',
    b'To: joe @ example.com, a . b@c, x',
    b'To: "a\\"b" <x>, "c d"@e, (un(nest)ed) f',
    b'To: "unterminated <x>, y',
    b'To: (unterminated <x>, y',
    b'To: <unterminated, y',
    b'To: <a,b>',
    b'To: =?utf-8?q?J=C3=B6rg?= <joe>, J\xc3\xb6rg <jim>',
    b'To: x,\r\n y',
    b'To: [1.2.3.4], user@[1.2.3.4], user@[IPv6:::1], x@y@z, @z, x@',
    b'To: a!b, a!b@c, a%b@c, "a%b"@mail.handoff.test, u%h@mail.handoff.test, u@h., user@HOST.Example.COM,'
    b' x.y, .x, x., x..y',
    b'To: \t x\t ,\ty ',
    b'To: friends:joe,jim;,x',
    b'Bcc: J\xc3\xb6rg <j>\nTo: x',
    b'Return-Path: <j\xc3\xb6rg>\nContent-Length: \xff',
    b'Message-Id: <\xc3\xa9@x>\nTo: x',
    b'Message-Id: <\xe9@x>\n\ty\x01',
    b'Resent-Message-Id: <\xc3\xa9@x>\nResent-To: y\nSubject: \xc3\xa9',
    b'From: joe <>',
    b'From: <joe>',
    b'From: "joe"',
    b'From: joe user',
    b'From: joe@example.com <x>',
    b'From: a\\b',
    b'From: joe@example.com (Joe)\nTo: undisclosed:;\nCc: group: a@b.c, d ;, e\nDate: '
    b'Mon, 1 Jan 2001 00:00:00 +0000\nMessage-Id: <x@y>',
    b'FROM:joe\nto:   mary@host\nDATE: today\nmessage-id: nonsense\nBcc: secret@x\nReturn-Path: '
    b'<foo>\nContent-Length: 17\nSUBJECT:   x\nX-Foo: bar\n continued joe@host',
    b'Resent-From: joe\nResent-To: x\nFrom: mary\nTo: z',
    b'Resent-To: x\nFrom: mary\nTo: z\nDate: q\nMessage-Id: q',
    b'Sender: joe@localhost\nReply-To: "a b"@c, <@relay:user@host>, a%b, x!y!z, a.b@[1.2.3.4],'
    b' <>\nErrors-To: foo\nReturn-Receipt-To: foo\nDisposition-Notification-To: bar\n'
    b'Apparently-To: baz\nMail-Followup-To: foo\nX-To: foo',
    b'To: "a%b"@mail.handoff.test\nCc: "joe"@x.y\nReply-To: @z\nErrors-To: <u@h.>\nSender: '
    b'a\\b@x.y',
    b'To: (c1) "q" (c2) <x> (c3), (d) y (e) z@w (f), g (x): h (y) ; ',
    b'To: =?us-ascii?q?a_b?= <x>, <@a,@b:x@c>, y <z@q> w, <p> <q>, <t, u@[a b], v@"w",'
    b' k@(c)l, m.(c)n',
    b'To: Joe Q. User <joe>, a.b.c <x>, J.Q.Public <y>, x.@y, foo@bar.baz. <q>, "a" '
    b'"b" <r>, a@b <s>',
    b'To: "a\\b" <x>, a\\ b <y>, "a""b"@c, "" <z>, ""@x, "a\tb"@c, "a\n b" <k>',
    b'From: a\nFrom: b\nTo: x\nTo: y\nMessage-Id: <1@2>\nMessage-Id: <3@4>',
    b'Message-Id: \n  <a@b>',
    b'Message-Id:',
    b'Message-Id: <a b@c> (x)  y\x01\xe9 ',
    b'A:b',
    b'Subject\t: x',
    b'Cc: y@z',
    b'Bcc: y@z',
    b'To: y@z\nResent-From: x@y',
    b'Apparently-To: z@z',
    b'Resent-Bcc: x',
    b'To: a;b;c',
    b'To: a; b@c',
    b'To: a:b:c;d;',
    b'To: ;',
    b'To: :;',
    b'To: x (a) y (b)',
    b'To: (a) (b) x',
    b'To: a@b c@d',
    b'To: a@b@',
    b'To: @',
    b'To: .',
    b'To: a.@b.',
    b'To: <>,x',
    b'To: <> x',
    b'To: x <a@b> (c) <d>',
    b'To: x\\',
    b'To: "x\\',
    b'To: [x',
    b'To: [x] y',
    b'To: x[y]',
    b'To: x@[y',
    b'To: (a\\)b) x',
    b'To: (a\n b) x',
    b'To: )x(',
    b'To: x)y',
    b'To: <x y>',
    b'To: <x (c) y>',
    b'To: <(c)>',
    b'To: <"x y"@z>,q',
    b'To: a:<b>;',
    b'To: "a":b;',
    b'To: "a" b: c;',
    b'To: <a>;b',
    b'To: a/b=c@d, x',
    b'To: x,,,,,y',
    b'To: ,',
    b'To: ,x',
    b'To: "x" , y',
    b'To: <x>,<y>',
    b'To: a"b"c',
    b'To: "a".b, "a b".c@d',
    b'To: a."b c"',
    b'To: x@y.z.,q',
    b'To: x@.y,q',
    b'To: x@ (c) y , q',
    b'To: \xe9, q',
    b'To: x\x01y, q',
    b'To: "\xc3\xa9 x" <q>',
    b'To: x,\n\n',
    b'To: very.long.name.of.a.list.which.is.long: member1@example.com, member2@example.com,'
    b' member3; x',
    b'Disposition-Notification-To: x y',
    b'To: mailto:x',
    b'To: http://x/y',
    b'To: x=y <z>',
    b'To: a, b\nTo: c@d',
    b'From: "Foo" <foo@>\nTo: <@bar>',
]

TEXTS = [
    b"Subject: hi\n\nhello\n", b"hello no header\n", b"\nbody only\n", b"",
    b"From joe x\nSubject: y\n\nz\n", b">From joe x\nSubject: y\n\nz\n",
    b" lead\nSubject: x\n\n", b"Subject : x\nnot header\n\nb\n",
    b"Sub\rject: x\nA: a\rb\r\nB: b\r\r\n c\r\nC:\r\n\r\nx\r\n\r\n\r\r\na\rb\r\nc\r\r\n\ry\r",
    b"X:\n y\nTo:\n\nb\n", b"Subject: a\0b\n\nx\0y\n", b"Subject: x\n \n y\n\t\n\nq\n",
    b"Subject: x\n\x0b y\n\nq\n", b"a b: x\n\n", b": x\n\n", "caf\u00e9: x\n\n".encode(), b"a\x01b: x\n\n",
    b"X: " + b"a" * 5000 + b"\nZ: z\n\n", b"X: " + b"a" * 110000 + b"\nZ: z\n\n",
    b"X:" + b"\n a" * 60000 + b"\nZ: z\n\n",
    b"y" * 2048 + b"\n" + b"z" * 2049 + b"\n" + b"w" * 9000,
    b"\n" + b"y" * 2048 + b"\n" + b"z" * 2049 + b"\n" + b"w" * 9000,
]

MIME = [
    MULTIPART + b"\n--foo\nSubject : z\nTo: x\nnot header\n--foo\n lead\nA: b\n\nbody\n--foo\n"
                b"Received: x\nBcc: x\nX:\n y\n--foo--\nepi\n",
    b"Content-Type: message/rfc822\n\nSubject : z\nnot header\nfoo\n",
    b"Content-Type: message/rfc822\n\nFrom joe\nSubject : z\n\nfoo\n",
    MULTIPART + b"\n--foo\nSubject: \xe9\n\nx\n--foo--\n",
    b"Content-Type: message/rfc822\n\nSubject: \xe9\n\nx\n",
    MULTIPART + b"\n--foo\nSubject: a\0b\n\nx\n--foo--\n",
    MULTIPART + b"\n--foo\nX: " + b"a" * 5000 + b"\n\nx\n--foo--\n",
    b"Content-Type: Multipart/Digest; x=y; BOUNDARY = \"f\\oo bar\" ; z\n\n--foo bar\n"
    b"Content-Type: message/rfc822\n\nSubject : x\nContent-Transfer-Encoding: 8bit\n\nx\n",
    MULTIPART + b"\n--foo\nContent-Type: multipart/alternative; boundary=foobar\n\n--foobar\n"
                b"Subject : x\n\n--foo\nSubject : y\n\n--foobar\nSubject : z\n\n--foo--\n--foo\n"
                b"Subject : w\n\n",
    *[b"Content-Type: " + kind + b"\n\nSubject : x\n\nSubject : y\n" for kind in
      (b"message/partial", b"message/news", b"message/global", b"message/delivery-status",
       b"text/rfc822-headers", b"message/rfc822; x=y", b"MESSAGE/RFC822", b"message")],
    *[b"Content-Type:" + value + b"\n\n--foo\nSubject : x\n\n--bar\nSubject : y\n\n" for value in
      (b"multipart/mixed", b" multipart/mixed; boundary=\"\"", b"\n multipart/mixed;\n boundary=\n foo",
       b" multipart/mixed; boundary=foo\nContent-Type: text/plain",
       b" text/plain\nContent-Type: multipart/mixed; boundary=foo",
       b" (c) multipart (c) / (c) mixed (c) ; boundary (c) = (c) foo", b" multipart/mixed boundary=foo",
       b" multipart/mixed; charset=foo; boundary=foo; boundary=bar")],
    *[b"Content-Type: multipart/mixed; boundary=\"foo\"\n\n" + line +
      b"\nContent-Transfer-Encoding: 8bit\n\nx\n" for line in
      (b"--foo", b"--foobar", b"--foo bar", b"--foo--x", b"-- foo", b" --foo", b"--FOO")],
    *[b"Content-Transfer-Encoding:" + value + b"\n\n\xe9\n" for value in
      (b" 8bit", b"8bit", b" BINARY", b" base64", b" 7bit", b"  8Bit ; foo", b" 8bit (x)", b" (x) 8bit",
       b" \"8bit\"", b" 8bit\n ", b" 8-bit", b"")],
    b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nSubject : x\n\n",
    b"Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nContent-Type: multipart/x; "
    b"boundary=a\n\n--a\nSubject : x\n\ny\n--a--\n",
    MULTIPART + b"not header\n--foo\nSubject : x\n\n", MULTIPART + b"--foo\nSubject : x\n\n",
    b"Content-Type: message/rfc822\n--foo\nSubject : x\n\n",
]

ADDRESSES = [
    b"bob", b"Bob@Host", b"a%b", b"", b"a b@c", b"\"q q\"@c", b"x!y", b"j@r:k@l", b"a@b@c",
    "caf\u00e9@x.y".encode(), b"caf\xe9@x", b"user@[1.2.3.4]", b"user@", b"@x", b".a@b", b"a\x01b@c", b"BOB",
    b"bob@mail.handoff.test", b"x" * 300 + b"@y", b"@a,@b:c@d", b"<x>", b"a,b", b"a\\b", b"a\"b",
]

NAMES = [
    b"Full \"Name\" <x>", b"Full Name", "Caf\u00e9 Q".encode(), b"J. Doe", b"J, Doe", b"a@b", b"(x)", b"",
    b"  ", b"x\\y", b"a\tb", b"O'Neil", b"a\nb", b"a  b", b"=?x?=", b"\"q\"", b"x:y", b"a.b", b".", b"a[b]",
    b" x ",
]

ATTRIBUTES = [
    b"noequals", b"=x", b" = x", b"a=", b"a= ", b"a", b"", b"dsn_orig_rcpt=junk", b"notify_flags=0",
    b"notify_flags=99", b"notify_flags=1", b"notify_flags=14", b"notify_flags=x", b"rewrite_context=foo",
    b"encoding=8bit", b"rewrite_context=remote", b"create_time=5", b"ret_flags=9", b"ret_flags=2",
    b"envelope_id=", b"x=\x01\xe9", b"  blanks  =  everywhere  ",
]


def corpus() -> Iterator[Case]:
    for path in sorted(CORPUS.glob("*.eml")):
        yield path.name, message(path.read_bytes()), FLAGS


def headers() -> Iterator[Case]:
    many = [b"a%d@example.com" % i for i in range(20)]
    lists = [b"To: x, " + b", ".join(many), b"To: x, " + b",\n ".join(many), b"To: " + b", ".join(many) + b", x",
             b"To: " + b",".join(b"u%d" % i for i in range(400)), b"Subject: " + b"x" * 5000]
    for text in HEADERS + lists:
        yield f"header {text[:100]!r}", message(text + b"\n\nhi\n"), FLAGS


def texts() -> Iterator[Case]:
    remote = TIME + record("A", b"rewrite_context=remote") + SENDER + RECIPIENT
    for text in TEXTS:
        yield f"text {text[:100]!r}", message(text), FLAGS
        yield f"text, no flags {text[:100]!r}", message(text), 0
        content = TEXT + RECEIVED + content_records(text)
        yield f"text, remote {text[:100]!r}", remote + content + EXTRACTED + END, FLAGS
    for text in HEADERS:
        content = TEXT + RECEIVED + content_records(text + b"\n\nhi\n")
        yield f"header, remote {text[:100]!r}", remote + content + EXTRACTED + END, FLAGS
    for text in MIME:
        yield f"MIME {text[:200]!r}", message(text), FLAGS


def pieces() -> Iterator[Case]:
    """Lines in pieces, cut where nobody would cut them."""
    for name, cut in {
        "text ends within a line": record("N", b"Subject: x") + record("N") + record("L", b"partial"),
        "header ends the text": record("N", b"Subject: x"),
        "half a header ends the text": record("L", b"Subject: x"),
        "cut in the name": record("L", b"Subj") + record("L", b"ect: x") + record("N", b"y")
                           + record("N", b" cont") + record("L", b"To") + record("N", b": x") + record("N")
                           + record("L", b"a") + record("L") + record("N"),
        "long headers": record("L", b"X: " + b"a" * 2045) + record("N") + record("L", b"Y: " + b"a" * 2046)
                        + record("N", b"z") + record("L", b"Z: " + b"a" * 3000) + record("N", b" q")
                        + record("N") + record("L", b"k" * 3000) + record("N") + record("N", b"k" * 6000),
        "long address": record("N", b"To: x, " + b"a" * 3000 + b"@b") + record("N"),
        "boundary in pieces": record("N", b"Content-Type: multipart/mixed; boundary=foo") + record("N")
                              + record("L", b"x") + record("N", b"--foo") + record("N", b"Subject : x")
                              + record("L", b"--fo") + record("N", b"o") + record("N", b"Subject : x"),
    }.items():
        yield name, BEGIN + TEXT + RECEIVED + cut + EXTRACTED + END, FLAGS


def envelopes() -> Iterator[Case]:
    everybody = TIME + SENDER + b"".join(record("R", one) for one in ADDRESSES) + REST
    for flags in (FLAGS, 114, 0):
        yield f"all recipients, flags {flags}", everybody, flags
    for address in ADDRESSES:
        for flags in (FLAGS, 114):
            data = TIME + record("S", address) + RECIPIENT + REST
            yield f"sender {address[:50]!r}, flags {flags}", data, flags
    for name in NAMES:
        yield f"name {name!r}", TIME + record("F", name) + SENDER + RECIPIENT + REST, FLAGS
        resent = TEXT + RECEIVED + content_records(b"Resent-To: x\nFrom: q\n\n") + EXTRACTED + END
        yield f"name, resent {name!r}", TIME + record("F", name) + SENDER + RECIPIENT + resent, FLAGS
    yield from _attributes()
    yield from _recipients()


def _attributes() -> Iterator[Case]:
    for text in ATTRIBUTES:
        yield f"attribute {text!r}", TIME + SENDER + record("A", text) + RECIPIENT + REST, FLAGS
        if not text.startswith((b"notify", b"create", b"ret_flags")):  # these differ on purpose
            extracted = record("A", text) + record("R", b"z@z")
            yield (f"extracted attribute {text!r}",
                   BEGIN + CONTENT + EXTRACTED + extracted + END, FLAGS)
    for count in (2, 3, 4, 99, 100, 101, 105):
        many = b"".join(record("A", b"x%d=1" % i) for i in range(count))
        yield f"{count} attributes", TIME + many + SENDER + RECIPIENT + REST, FLAGS
    envelope = (record("A", b"rewrite_context=remote") + record("A", b"foo=bar") + record("A", b"envelope_id=Q")
                + record("A", b"ret_flags=2") + record("F", b"Full Name") + SENDER
                + record("A", b"encoding=8bit") + record("A", b"trace_flags=512")
                + record("A", b"log_client_name=foo") + record("V", b"+=") + RECIPIENT
                + record("A", b"after=rcpt"))
    yield ("many kinds of attributes", TIME + envelope + CONTENT + EXTRACTED + record("A", b"foo=ext")
           + record("A", b"encoding=7bit") + END, FLAGS)
    short = record("i", b"envid") + record("<", b"1") + record("n", b"3") + record("o", b"rfc822;x")
    yield "short forms", TIME + SENDER + short + RECIPIENT + REST, FLAGS


def _recipients() -> Iterator[Case]:
    original, dsn = record("O", b"orig@x"), record("A", b"dsn_orig_rcpt=rfc822;foo@bar")
    notify = record("A", b"notify_flags=2")
    yield ("recipient groups", TIME + SENDER + original + RECIPIENT + dsn + notify + record("O", b"orig2")
           + record("R", b"carl") + REST, FLAGS)
    yield ("duplicates", TIME + SENDER + original + RECIPIENT + record("O", b"orig2@x") + RECIPIENT + dsn
           + RECIPIENT + notify + RECIPIENT + record("O", b"ORIG@x") + RECIPIENT + REST, FLAGS)
    extracted = record("A", b"notify_flags=4") + record("R", b"carl") + record("R", b"dora@x")
    yield "extracted recipients", TIME + SENDER + CONTENT + EXTRACTED + extracted + END, FLAGS
    yield ("recipients everywhere", BEGIN + CONTENT + EXTRACTED + record("R", b"carl") + RECIPIENT + END,
           FLAGS)


def records() -> Iterator[Case]:
    """Records in the wrong places, and messages that lack something."""
    for kind in "ePrdIW/>CFLVDZ":
        yield f"envelope type {kind}", TIME + SENDER + record(kind, b"x") + RECIPIENT + REST, FLAGS
    for kind in "ePrdDI/>FSOZL":
        yield f"type {kind} after a recipient", BEGIN + record(kind, b"x") + REST, FLAGS
        for before in (b"", record("R", b"q@q")):
            yield (f"extracted type {kind} after {before!r}",
                   BEGIN + CONTENT + EXTRACTED + before + record(kind, b"x") + END, FLAGS)
    for kind in "wp":
        yield f"text type {kind}", BEGIN + CONTENT + record(kind, b"x") + EXTRACTED + END, FLAGS
    for name, data in {
        "filter first": record("L", b"smtp:foo") + BEGIN + REST,
        "no time": SENDER + RECIPIENT + REST, "no sender": TIME + RECIPIENT + REST,
        "no recipient": TIME + SENDER + REST, "recipient before sender": TIME + RECIPIENT + SENDER + REST,
        "two senders": TIME + SENDER + record("S", b"zz") + RECIPIENT + REST,
        "nothing but a recipient": RECIPIENT + REST, "end at once": END, "text at once": REST,
        "bad time": record("T", b"junk") + SENDER + RECIPIENT + REST,
        "old time": record("T", b"1700000000") + SENDER + RECIPIENT + REST,
        "no text": BEGIN + EXTRACTED + END, "pointer": BEGIN + record("p", b"0") + REST,
        "more after the end": BEGIN + REST + record("R", b"x"),
        "large": BEGIN + TEXT + RECEIVED + content_records(b"Subject: x\n\n" + b"y" * 5000) + EXTRACTED + END,
        "hold": TIME + record("f", b"4") + SENDER + RECIPIENT + REST,
    }.items():
        yield name, data, FLAGS
    yield "no Received", message(b"Subject: x\n\nhi\n", received=False), FLAGS
    for hops in (1, 2, 3, 48, 49, 50, 60):
        yield f"{hops} hops", message(b"Received: x\n" * hops + b"Subject: x\n\nhi\n"), FLAGS
    for flag in (4, 8, 256):
        yield f"flag {flag}", BEGIN + REST, FLAGS + flag
    yield "SMTPUTF8", TIME + SENDER + record("R", ADDRESSES[9]) + REST, 114 + 256
    yield "no recipient, bounce", TIME + SENDER + REST, FLAGS + BOUNCE
