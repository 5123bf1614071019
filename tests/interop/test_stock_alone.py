"""Stock Postfix by itself: proves the harness, and shows what our programs are held to."""

from support.conditions import wait_until
from support.programs import stock
from support.smtp_peer import RecordingPeer, judge
from support.smtp_sink import SmtpSink

MESSAGES = 100


def test_delivers_injected_messages_over_cached_connections(stock_suite, peer):
    with stock_suite(relayhost=peer.nexthop,
                     smtp_connection_cache_destinations=peer.nexthop) as mail:
        sent = {}
        for number in range(MESSAGES):
            recipient = f"user{number}@example.test"
            text = f"Subject: {number}\n\n.dot\n..dots\nno end".encode()
            sent[recipient] = text.replace(b"\n", b"\r\n") + b"\r\n"
            mail.inject([recipient], text, trigger=False)
        mail.trigger("qmgr", b"W")
        mail.log.wait_for(r"status=sent", count=MESSAGES)
        mail.wait_for_empty_queue()
        assert mail.log.find(r"conn_use=([2-9]|\d\d)")
    assert {message.recipients[0]: message.content for message in peer.messages} == sent
    assert len(peer.messages) == MESSAGES
    assert len(peer.connections) < MESSAGES
    wait_until(lambda: peer.open_connections() == 0, 10, "the end of all connections")


def test_submits_as_an_ordinary_user_and_delivers_to_stock_sink(stock_suite):
    with SmtpSink(stock().program("smtp-sink"), environment=stock().environment()) as sink:
        with stock_suite(relayhost=sink.nexthop) as mail:
            for number in range(5):
                mail.submit([f"user{number}@example.test"], b"Subject: hi\n\nhello\n", user="games")
            mail.log.wait_for("status=sent", count=5)
            mail.wait_for_empty_queue()


def test_defers_and_bounces(stock_suite):
    with RecordingPeer(replies={"RCPT": judge}) as peer:
        with stock_suite(relayhost=peer.nexthop) as mail:
            mail.inject(["good@example.test", "later@example.test", "never@example.test"],
                        b"Subject: three\n\nhello\n", sender="sender@example.test")
            peer.wait_for_messages(2)
            mail.log.wait_for("postfix/qmgr.*: removed")
            (deferred,) = wait_until(lambda: mail.queue("deferred"), 10, "one of three is deferred")
            assert mail.read_queue_file("deferred", deferred).recipients == ["later@example.test"]
        delivered, bounce = peer.messages
        assert delivered.recipients == ["good@example.test"]
        assert (bounce.sender, bounce.recipients) == ("", ["sender@example.test"])
        assert b"550 5.1.1 never" in bounce.content
