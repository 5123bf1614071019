"""Every program of ours takes the place of stock Postfix's, and the other way round.

A seam counts as proven when both sides have met stock 3.7: two programs of ours that agree with
each other prove nothing. Each row is one system; each carries 100 messages from sendmail to the
network, over cached connections, and one message whose recipients fare differently.
"""

import json

import pytest

from support import master_cf
from support.conditions import wait_until
from support.programs import OUR_COMMANDS, OUR_DAEMONS, Mix, ours_but, stock_but
from support.samples import Samples
from support.smtp_peer import RecordingPeer, judge

MESSAGES = 100
OURS = sorted(OUR_DAEMONS | OUR_COMMANDS)

SUBMITTING = {"sendmail", "postdrop", "pickup", "cleanup"}

MIXES = [
    stock_but(),
    *[stock_but(name) for name in OURS],
    stock_but("scache", "smtp"),
    stock_but("sendmail", "postdrop"),
    *[ours_but(name) for name in OURS],
    ours_but("scache", "smtp"),
    ours_but("sendmail", "postdrop"),
    ours_but(),
]
# Mail that is in the queue already meets the submitting half no more.
DELIVERING = [mix for mix in MIXES if not SUBMITTING & set(mix.exceptions)]


@pytest.mark.parametrize("mix", MIXES, ids=str)
def test_delivers_over_cached_connections(stock_suite, peer, mix):
    samples = Samples(MESSAGES)
    with stock_suite(mix, relayhost=peer.nexthop,
                     smtp_connection_cache_destinations=peer.nexthop) as mail:
        samples.submit(mail, user="games")
        mail.log.wait_for(r"status=sent", count=MESSAGES, timeout=30)
        mail.wait_for_empty_queue()
        assert mail.log.find(r"conn_use=([2-9]|\d\d)")
    samples.check(peer.messages)
    assert len(peer.connections) < MESSAGES


@pytest.mark.parametrize("mix", DELIVERING, ids=str)
def test_delivers_queue_files_over_cached_connections(stock_suite, peer, mix):
    samples = Samples(MESSAGES)
    with stock_suite(mix, relayhost=peer.nexthop,
                     smtp_connection_cache_destinations=peer.nexthop) as mail:
        samples.inject(mail)
        mail.log.wait_for(r"status=sent", count=MESSAGES, timeout=30)
        mail.wait_for_empty_queue()
        assert mail.log.find(r"conn_use=([2-9]|\d\d)")
    samples.check(peer.messages, submitted=False)
    assert len(peer.connections) < MESSAGES


@pytest.mark.parametrize("mix", DELIVERING, ids=str)
def test_reports_each_recipient(stock_suite, mix):
    with RecordingPeer(replies={"RCPT": judge}) as peer:
        with stock_suite(mix, relayhost=peer.nexthop) as mail:
            queue_id = mail.inject([f"{who}@example.test" for who in ("good", "later", "never")],
                                   b"Subject: three\n\nhello\n", sender="sender@example.test")
            for expected in (r"good@.* dsn=2\.0\.0, status=sent \(250 2\.0\.0 Ok\)",
                             r"later@.* dsn=4\.2\.1, status=deferred \(host .* said: "
                             r"450 4\.2\.1 later \(in reply to RCPT TO command\)\)",
                             r"never@.* dsn=5\.1\.1, status=bounced \(host .* said: "
                             r"550 5\.1\.1 never \(in reply to RCPT TO command\)\)"):
                mail.log.wait_for(f"{queue_id}: to=<{expected}")
            wait_until(lambda: queue_id in mail.queue("deferred"), 10, f"{queue_id} is deferred")
            message = mail.read_queue_file("deferred", queue_id)
            assert message.recipients == ["later@example.test"]
            assert sorted(message.done) == ["good@example.test", "never@example.test"]
            assert b"diag_text=450 4.2.1 later" in mail.queue_path("defer", queue_id).read_bytes()
            _check_bounce(mail, mix, peer, queue_id)
            if mix.base == "stock":
                _check_listing(mail, queue_id)


@pytest.mark.parametrize("mix", [stock_but(), stock_but("scache"), stock_but("smtp"), ours_but()],
                         ids=str)
def test_delivers_from_jails(stock_suite, peer, mix):
    """Debian's master.cf runs most services below the queue directory."""
    samples = Samples(MESSAGES)
    with stock_suite(mix, services=master_cf.jailed(), relayhost=peer.nexthop,
                     smtp_connection_cache_destinations=peer.nexthop) as mail:
        samples.submit(mail, user="games")
        mail.log.wait_for(r"status=sent", count=MESSAGES, timeout=30)
        mail.wait_for_empty_queue()
        assert mail.log.find(r"conn_use=([2-9]|\d\d)")
        roots = {process.name: root for process in mail.processes() if (root := process.root())}
        assert roots["smtp"] == roots["scache"] == str(mail.queue_directory)
        assert roots["qmgr"] == "/"
    samples.check(peer.messages)


def _check_bounce(mail, mix: Mix, peer, queue_id):
    """Stock tells the sender. Ours keeps the record, and the message, until it can."""
    if mix.origin("bounce") == "ours":
        mail.log.expect(rf"{queue_id}: sender non-delivery notification: not supported yet")
        mail.log.wait_for(rf"{queue_id}: status=deferred \(bounce failed\)")
        record = mail.queue_path("bounce", queue_id).read_text()
        for line in ("recipient=never@example.test", "status=5.1.1", "action=failed",
                     "diag_text=550 5.1.1 never"):
            assert f"\n{line}\n" in record
        return
    mail.log.wait_for(rf"{queue_id}: sender non-delivery notification")
    _, bounce = peer.wait_for_messages(2)
    assert (bounce.sender, bounce.recipients) == ("", ["sender@example.test"])
    assert b"550 5.1.1 never" in bounce.content


def _check_listing(mail, queue_id):
    """Stock showq finds the reason, whoever wrote it down."""
    listing = mail.run([mail.command("postqueue"), "-j"]).stdout.decode().splitlines()
    messages = {entry["queue_id"]: entry for entry in map(json.loads, listing)}
    recipients = messages[queue_id]["recipients"]
    assert [recipient["address"] for recipient in recipients] == ["later@example.test"]
    assert "450 4.2.1 later" in recipients[0]["delay_reason"]
