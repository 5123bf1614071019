"""Our bounce keeps the logs that stock's keeps: the same bytes, the same answers."""

import itertools
import socket

import pytest

from support import attributes, queue_file

NONE = ""


def recipient(address="a@b", original=NONE, offset="200", dsn=NONE, notify="0"):
    return [("original_recipient", original), ("recipient", address), ("offset", offset),
            ("dsn_orig_rcpt", dsn), ("notify_flags", notify)]


def dsn(status="4.4.1", diag_type=NONE, diag_text=NONE, mta_type=NONE, mta=NONE, action="delayed",
        reason="because"):
    return [("status", status), ("diag_type", diag_type), ("diag_text", diag_text),
            ("mta_type", mta_type), ("mta_mname", mta), ("action", action), ("reason", reason)]


def append(queue_id, *groups, flags="0"):
    return [("nrequest", "0"), ("flags", flags), ("queue_id", queue_id), *itertools.chain(*groups)]


def report(command, queue="active", queue_id="ABC9"):
    return [("nrequest", str(command)), ("flags", "0"), ("queue_name", queue),
            ("queue_id", queue_id), ("encoding", ""), ("smtputf8", "0"), ("sender", "s@x"),
            ("envelope_id", ""), ("ret_flags", "0")]


REQUESTS = [
    ("defer", append("ABC1", recipient(), dsn())),
    ("defer", append("ABC1", recipient(original="A@B"), dsn())),
    ("defer", append("ABC1", recipient(original="x@y", dsn="rfc822;x@y", notify="12", offset="0"),
                     dsn(diag_type="smtp", diag_text="550 no", mta_type="dns", mta="mx.ex"))),
    ("defer", append("ABC1", recipient("", offset="4294967295"),
                     dsn(diag_type="smtp", mta_type="dns"))),
    ("defer", append("ABC1", recipient("us er@b", 'q"x@c', "18446744073709551615"),
                     dsn(diag_text="only", mta="only"))),
    ("defer", append("ABC1", recipient("\u00fc@b", "new\nline@c"),
                     dsn(reason="two\nlines\r\tand \x01ctl \u00fc"))),
    ("defer", append("ABC1", recipient("a@b\nrecipient=evil", dsn="a\nb"),
                     dsn(status="", action="", reason=""))),
    ("bounce", append("ABC2", recipient(), dsn(status="5.1.1", action="failed",
                                               reason="x" * 3000))),
    ("trace", append("ABC3", recipient(), dsn(status="2.0.0", action="delivered"))),
    ("bounce", append("A.C", recipient(), dsn())),
    ("bounce", append("../x", recipient(), dsn())),
    ("bounce", append("", recipient(), dsn())),
    ("bounce", append("A" * 300, recipient(), dsn())),
    ("bounce", append("ABC4", recipient(), dsn(status="bogus", action="bogus"))),
    ("bounce", append("ABC5", recipient(), dsn(), flags="1")),
    ("bounce", append("ABC6", recipient(), dsn())[:-1]),
    ("bounce", append("ABC6", recipient(), dsn()) + [("extra", "x")]),
    ("bounce", append("ABC6", recipient(), dsn())[:1] + [("extra", "x")]
     + append("ABC6", recipient(), dsn())[1:]),
    ("bounce", [("extra", "x")] + append("ABC6", recipient(), dsn())),
    ("defer", append("4jX4QD3xp6z1c78D", recipient(), dsn())),
    ("bounce", [("nrequest", "99")]),
    ("bounce", [("nrequest", "x")]),
    ("bounce", []),
    ("defer", report(4) + recipient() + dsn()),
    ("bounce", report(1, queue="bad/q")),
    ("bounce", report(1, queue_id="bad.id")),
    ("bounce", report(1)[:3]),
    ("bounce", report(3)),
    ("trace", report(5)),
]
LAST = ("trace", append("LA.ST", recipient(), dsn()))  # a bad queue id: the last line of the log


def ask(mail, service, request):
    with mail.connect(f"private/{service}") as client:
        assert attributes.receive(client) == [("protocol", "delivery_status_protocol")]
        client.sendall(attributes.encode(*request))
        client.shutdown(socket.SHUT_WR)
        return attributes.receive(client)


def _behaviour(stock_suite, origin, utf8):
    with stock_suite(bounce=origin, smtputf8_enable=utf8) as mail:
        mail.log.allow("")
        answers = [ask(mail, service, request) for service, request in REQUESTS + [LAST]]
        mail.log.wait_for("LA.ST")
        logs = {}
        for queue in ("bounce", "defer", "trace"):
            for path in (mail.queue_directory / queue).rglob("*"):
                if path.is_file():
                    status = path.stat()
                    logs[str(path.relative_to(mail.queue_directory))] = (
                        status.st_mode, status.st_uid, path.read_bytes())
        warnings = [line.split("]: ", 1)[1] for line in mail.log.troubles() if "/bounce[" in line]
        return answers, logs, warnings


@pytest.mark.parametrize("utf8", [False, True])
def test_keeps_the_same_logs(stock_suite, utf8):
    theirs, ours = (_behaviour(stock_suite, origin, utf8) for origin in ("stock", "ours"))
    for request, our_answer, their_answer in zip(REQUESTS, ours[0], theirs[0]):
        assert our_answer == their_answer, request
    assert ours[1] == theirs[1]
    assert ours[2] == theirs[2]


def test_appends_records_whole_however_many_do(stock_suite):
    """Many clients at once: no record is torn, none is lost."""
    with stock_suite(bounce="ours") as mail:
        clients = [mail.connect("private/defer") for _ in range(50)]
        for number, client in enumerate(clients):
            attributes.receive(client)
            client.sendall(attributes.encode(*append("ABC1", recipient(f"u{number}@b"), dsn())))
        for client in clients:
            assert attributes.receive(client) == [("status", "0")]
            client.close()
        text = mail.queue_path("defer", "ABC1").read_text()
        records = [part for part in text.split("\n\n") if part.strip()]
        assert sorted(part.split("recipient=")[1].split("\n")[0] for part in records) == \
            sorted(f"u{number}@b" for number in range(50))


def test_declines_reports_and_says_so(stock_suite):
    with stock_suite(bounce="ours") as mail:
        mail.log.expect("ABC2: sender non-delivery notification: not supported yet")
        ask(mail, "bounce", append("ABC2", recipient(), dsn()))
        assert ask(mail, "bounce", report(1, queue_id="ABC2")) == [("status", "4294967295")]
        assert mail.queue_path("bounce", "ABC2").exists()
        mail.log.wait_for("ABC2: sender non-delivery notification: not supported yet")


@pytest.mark.parametrize("origin", ["stock", "ours"])
def test_error_agents(stock_suite, origin):
    """error bounces, retry defers, with the code and the text of the next-hop."""
    with stock_suite(error=origin, relayhost="[127.0.0.1]:1", transport_maps=(
            "inline:{ {a.example=error:5.7.1 go away}, {b.example=error:go away}, "
            "{c.example=retry:4.2.1 later}, {d.example=retry:later}, "
            "{e.example=error:4.1.1 odd}, {f.example=retry:5.1.1 odd} }")) as mail:
        mail.log.allow("ignoring dsn code", "unexpected delivery status")
        queue_id = mail.inject([f"u@{letter}.example" for letter in "abcdef"],
                               b"Subject: x\n\nx\n", sender="")
        expected = {"a": ("5.7.1", "bounced", "go away"), "b": ("5.0.0", "bounced", "go away"),
                    "c": ("4.2.1", "deferred", "later"), "d": ("4.0.0", "deferred", "later"),
                    "e": ("5.0.0", "bounced", "odd"), "f": ("4.0.0", "deferred", "odd")}
        for letter, (code, word, reason) in expected.items():
            mail.log.wait_for(rf"{queue_id}: to=<u@{letter}\.example>, relay=none, delay=.*, "
                              rf"delays=.*, dsn={code}, status={word} \({reason}\)$")
        mail.log.wait_for(f"{queue_id}: .*status=bounced", count=3)
        left = queue_file.decode(mail.queue_path("deferred", queue_id).read_bytes())
        assert sorted(left.recipients) == ["u@c.example", "u@d.example", "u@f.example"]
