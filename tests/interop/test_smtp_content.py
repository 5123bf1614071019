"""smtp(8) sends the same bytes as stock Postfix's: text, commands, and their grouping."""

import pathlib

import pytest

from support.smtp_peer import RecordingPeer

BOTH = pytest.mark.parametrize("smtp", ["stock", "ours"])
MAIL = pathlib.Path(__file__).parents[1] / "data/mail"
HEADER = b"From: a@handoff.test\nSubject: hi\n\n"


def transfer(stock_suite, smtp, contents, recipients=(), settings=None, **how):
    """Delivers one message for each content and returns what the server got, in that order."""
    with RecordingPeer(**how) as peer, \
            stock_suite(smtp=smtp, relayhost=peer.nexthop, **(settings or {})) as mail:
        for number, content in enumerate(contents, 1):
            mail.inject([f"{number}@example.test", *recipients], content)
            peer.wait_for_messages(number)
        mail.wait_for_empty_queue()
        # Connections are reused, so the order of arrival says nothing.
        return peer, sorted(peer.messages, key=lambda one: int(one.recipients[0].split("@")[0]))


def test_folds_long_lines_as_stock_does(stock_suite):
    """At every interesting length, and across the pieces in which the queue file keeps lines."""
    lengths = [996, 997, 998, 999, 1000, 1994, 1995, 1996, 2047, 2048, 2049, 2993, 4096, 4097, 9000]
    digits = b"0123456789" * 1000
    contents = [HEADER + digits[:length] + b"\nend\n" for length in lengths]
    contents += [b"X-Long: " + digits[:length] + b"\n" + HEADER + b"end\n" for length in lengths]
    contents += [HEADER + b"." * length + b"\nend\n" for length in lengths]
    # Without a line end at the end of the message.
    contents += [HEADER + digits[:length] for length in lengths]
    stock, ours = (transfer(stock_suite, smtp, contents)[1] for smtp in ("stock", "ours"))
    for length, expected, got in zip(lengths * 4, stock, ours):
        assert got.content == expected.content, length


@BOTH
def test_does_not_fold_without_a_limit(stock_suite, smtp):
    content = HEADER + b"x" * 10000 + b"\n"
    _, arrived = transfer(stock_suite, smtp, [content], settings={"smtp_line_length_limit": 0})
    assert arrived[0].content == content.replace(b"\n", b"\r\n")


def test_sends_the_same_commands(stock_suite):
    """With every parameter that the server's keywords allow, and without."""
    recipients = ["user@example.test", "quoted local@example.test", "a..b@example.test",
                  "plus+tag@example.test", "eq=ual@example.test"]
    for keywords in ((), ("SIZE 1000000",), ("8BITMIME",), ("DSN",), RecordingPeer.KEYWORDS,
                     ("PIPELINING", "SIZE", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING")):
        stock, ours = (transfer(stock_suite, smtp, [HEADER + "grüße\n".encode()], recipients,
                                keywords=keywords)[0] for smtp in ("stock", "ours"))
        assert ours.connections[0].commands == stock.connections[0].commands, keywords


def test_converts_8_bit_text_as_stock_does(stock_suite):
    """For servers without 8BITMIME; every message that we have, and some that nobody would send."""
    contents = [path.read_bytes() for path in sorted(MAIL.glob("*.eml"))] + ODD_MESSAGES
    stock, ours = (transfer(stock_suite, smtp, contents, keywords=("PIPELINING",))[1]
                   for smtp in ("stock", "ours"))
    for content, expected, got in zip(contents, stock, ours):
        assert got.content == expected.content, content[:200]


@BOTH
def test_converts_nothing_if_told_so(stock_suite, smtp):
    content = HEADER.replace(b"\n\n", b"\nContent-Transfer-Encoding: 8bit\n\n") + b"gr\xfc\xdfe\n"
    _, arrived = transfer(stock_suite, smtp, [content], keywords=("SIZE",),
                          settings={"disable_mime_output_conversion": "yes"})
    assert arrived[0].content == content.replace(b"\n", b"\r\n")
    assert arrived[0].mail_options.startswith("SIZE=")


@BOTH
def test_sends_a_large_message(stock_suite, smtp):
    content = HEADER + b"".join(b"%07d %s\n" % (i, b"x" * 60) for i in range(40000))
    _, arrived = transfer(stock_suite, smtp, [content], settings={"message_size_limit": 0})
    assert arrived[0].content == content.replace(b"\n", b"\r\n")


@BOTH
def test_does_not_send_what_the_server_will_not_take(stock_suite, smtp):
    with RecordingPeer(keywords=("SIZE 50",)) as peer, \
            stock_suite(smtp=smtp, relayhost=peer.nexthop) as mail:
        queue_id = mail.inject(["user@example.test"], HEADER + b"x" * 100 + b"\n", sender="")
        mail.log.wait_for(rf"{queue_id}: to=<user@example.test>, .*dsn=5.3.4, status=bounced "
                          r"\(message size \d+ exceeds size limit 50 of server "
                          r"127.0.0.1\[127.0.0.1\]\)$")
        assert not [c for c in peer.connections[0].commands if c.startswith("MAIL")]


def _multipart(*parts, kind=b"mixed", encoding=b"8bit"):
    body = b"".join(b"--b1\n" + part for part in parts)
    return (b"MIME-Version: 1.0\nContent-Type: multipart/" + kind + b"; boundary=\"b1\"\n"
            b"Content-Transfer-Encoding: " + encoding + b"\n\npreamble \xe9\n" + body
            + b"--b1--\nepilogue \xe9\n")


EIGHT_BIT = b"Content-Transfer-Encoding: 8bit\n"
ODD_MESSAGES = [
    b"Subject: unlabelled\n\ngr\xc3\xbc\xc3\x9fe\n",
    EIGHT_BIT + b"X-After: y\n\nblank at the end \n\ttab\t\n=\n.dot\n" + b"\xe9" * 100 + b"\n"
    + b"abc " * 60 + b"\nno end",
    EIGHT_BIT + b"\n" + b"".join(b"x" * length + b"\xe9\n" for length in range(60, 160)),
    EIGHT_BIT + b"\n" + b"\xe9" * 3000 + b" \n" + b"y " * 3000,
    b"Content-Transfer-Encoding: binary\n\nab\0c\xe9\n",
    b"Content-Transfer-Encoding: 7bit\n\nlying \xe9\n",
    b"Content-Transfer-Encoding: x-unknown\n\n\xe9\n",
    b"Content-Transfer-Encoding: 8BIT (comment)\n\n\xe9\n",
    b"Content-Transfer-Encoding:\n\t8bit\n\n\xe9\n",
    EIGHT_BIT + b"Subject: twice\n" + EIGHT_BIT + b"\n\xe9\n",
    EIGHT_BIT + b"\n",
    EIGHT_BIT,
    _multipart(b"X: y\n" + EIGHT_BIT, EIGHT_BIT + b"X: y\n"),
    _multipart(EIGHT_BIT + b"\ncaf\xe9\n", b"\nunlabelled \xe9\n", b"Content-Type: text/html\n" +
               EIGHT_BIT + b"\n<p>\xe9 --b1 \xe9\n--b2\n"),
    _multipart(EIGHT_BIT + b"\ncaf\xe9\n", encoding=b"7bit"),
    _multipart(b"Content-Type: message/rfc822\n" + EIGHT_BIT + b"\nSubject: in\n" + EIGHT_BIT
               + b"\ncaf\xe9\n", EIGHT_BIT + b"\n\xe9\n"),
    _multipart(b"\nSubject: in\n" + EIGHT_BIT + b"\ncaf\xe9\n", kind=b"digest"),
    _multipart(b"Content-Type: multipart/alternative; boundary=b2\n\n--b2\n" + EIGHT_BIT
               + b"\n\xe9\n--b2--\n", EIGHT_BIT + b"\n\xe9\n"),
    b"Content-Type: multipart/mixed; boundary=b1\n\n--b1\n" + EIGHT_BIT + b"\nnever closed \xe9\n",
    b"Content-Type: multipart/mixed (a; boundary=no); charset=\"x;y\"; BOUNDARY = \"b 1\"\n\n"
    b"--b 1\n" + EIGHT_BIT + b"\n\xe9\n--b 1--\n",
    b"Content-Type: multipart/mixed\n" + EIGHT_BIT + b"\nno boundary \xe9\n",
    b"Content-Type: message/global\n" + EIGHT_BIT + b"\nSubject: \xe9\n\n\xe9\n",
    b"Content-Type: text\n" + EIGHT_BIT + b"\n\xe9\n",
]
