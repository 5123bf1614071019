"""smtp(8) reports failures in the same words, codes and levels as stock Postfix's.

Every test runs with stock's client and with ours, in the same stock system, against a server that
misbehaves in one way. What the log says of the recipients, whether the connection was reused and
what the server was told must be the same; stock's runs keep the expectations honest.
"""

import concurrent.futures
import functools
import re

import pytest

from support.conditions import wait_until
from support.instance import Instance
from support.programs import stock_but
from support.root import STOCK_MASTER, needs_root
from support.smtp_peer import EndOfFile, RecordingPeer

BOTH = pytest.mark.parametrize("smtp", ["stock", "ours"])
MESSAGE = b"From: a@handoff.test\nSubject: hi\n\nhello\n"


class Server(RecordingPeer):
    """Closes the connection instead of answering one command, or in the middle of a text."""

    def __init__(self, drop=None, **how):
        super().__init__(**how)
        self.drop = drop

    def serve(self, channel, connection):
        super().serve(Leaving(channel, connection, self.drop), connection)


class Leaving:
    """A channel that ends in place of the reply to `drop`: a command, or "." """

    def __init__(self, channel, connection, drop):
        self._channel = channel
        self._connection = connection
        self._drop = drop
        self.line = channel.line

    def send(self, text):
        if self._drop and self._connection.commands[-1:] and \
                self._connection.commands[-1].startswith(self._drop):
            raise EndOfFile
        self._channel.send(text)

    def content(self):
        text = self._channel.content()
        if self._drop == ".":
            raise EndOfFile
        return text


def said(reply, command):
    return rf"host 127.0.0.1\[127.0.0.1\] said: {reply} \(in reply to {command} command\)"


REFUSED = r"host 127.0.0.1\[127.0.0.1\] refused to talk to me: "
LOST = r"lost connection with 127.0.0.1\[127.0.0.1\] while "

# Replies, what the log says, and whether the connection is good for the next message.
CASES = {
    "greeting-554": ({"CONNECT": "554 5.3.2 no"}, "4.3.2", "deferred", REFUSED + "554 5.3.2 no",
                     False),
    "greeting-421": ({"CONNECT": "421 busy"}, "4.0.0", "deferred", REFUSED + "421 busy", False),
    "greeting-300": ({"CONNECT": "300 what"}, "5.5.0", "bounced",
                     REFUSED + "300 what", False),
    "ehlo-421": ({"EHLO": "421 4.7.0 busy"}, "4.7.0", "deferred", REFUSED + "421 4.7.0 busy", False),
    "helo-500": ({"EHLO": "502 no", "HELO": "550 no"}, "5.0.0", "bounced", REFUSED + "550 no",
                 False),
    "mail-450": ({"MAIL": "450 4.1.8 later"}, "4.1.8", "deferred",
                 said("450 4.1.8 later", "MAIL FROM"), True),
    "mail-550": ({"MAIL": "550 never"}, "5.0.0", "bounced", said("550 never", "MAIL FROM"), True),
    "mail-500": ({"MAIL": "500 5.5.1 what"}, "5.5.1", "bounced",
                 said("500 5.5.1 what", "MAIL FROM"), False),
    "mail-354": ({"MAIL": "354 go"}, "5.5.0", "bounced",
                 said("354 go", "MAIL FROM"), False),
    "rcpt-450": ({"RCPT": "450 4.2.1 later"}, "4.2.1", "deferred",
                 said("450 4.2.1 later", "RCPT TO"), True),
    "rcpt-552": ({"RCPT": "552 5.3.4 too big"}, "5.3.4", "bounced",
                 said("552 5.3.4 too big", "RCPT TO"), True),
    "rcpt-550-4": ({"RCPT": "550 4.7.1 odd"}, "5.0.0", "bounced",
                   said("550 4.7.1 odd", "RCPT TO"), True),
    "data-451": ({"DATA": "451 4.3.0 full"}, "4.3.0", "deferred", said("451 4.3.0 full", "DATA"),
                 True),
    "data-250": ({"DATA": "250 ok"}, "5.5.0", "bounced",
                 "Protocol error: " + said("250 ok", "DATA"), False),
    "dot-451": ({".": "451 4.3.0 full"}, "4.3.0", "deferred",
                said("451 4.3.0 full", "end of DATA"), True),
    "dot-554": ({".": "554 5.6.0 spam"}, "5.6.0", "bounced",
                said("554 5.6.0 spam", "end of DATA"), True),
    "dot-354": ({".": "354 go"}, "5.5.0", "bounced",
                said("354 go", "end of DATA"), False),
    "rcpt-multiline": ({"RCPT": "550-5.1.1 no\r\n550-5.1.1 really\r\n550 5.1.1 no"}, "5.1.1",
                       "bounced", said("550-5.1.1 no 550-5.1.1 really 550 5.1.1 no", "RCPT TO"),
                       True),
}


def system(stock_suite, smtp, peer, **settings):
    """A probing second message shows whether the first one's connection was kept."""
    return stock_suite(smtp=smtp, relayhost=peer.nexthop, notify_classes="",
                       smtp_connection_cache_destinations="static:all",
                       connection_cache_ttl_limit="60s", smtp_connection_cache_time_limit="60s",
                       **settings)


@BOTH
@pytest.mark.parametrize("case", CASES)
def test_reports_a_refusal(stock_suite, smtp, case):
    replies, dsn, status, reason, kept = CASES[case]
    with Server(replies=dict(replies)) as peer, system(stock_suite, smtp, peer) as mail:
        relay = r"127.0.0.1\[127.0.0.1\]:" + str(peer.port)
        mail.deliver("user@example.test", MESSAGE, rf"relay={relay}, delay=\S+, delays=\S+, "
                     rf"dsn={dsn}, status={status} \({reason}\)$", sender="")
        mail.log.allow("non-ESMTP response")
        peer.replies.clear()
        assert_kept(mail, peer, kept)


@BOTH
@pytest.mark.parametrize("drop, doing", [
    ("EHLO", "performing the EHLO handshake"),
    ("MAIL", "sending MAIL FROM"),
    ("RCPT", "sending RCPT TO"),
    ("DATA", "sending DATA command"),
    (".", "sending end of data -- message may be sent more than once"),
])
@pytest.mark.parametrize("keywords", [(), ("PIPELINING",)], ids=["plain", "pipelining"])
def test_reports_a_lost_connection(stock_suite, smtp, drop, doing, keywords):
    with Server(drop=drop, keywords=keywords) as peer, system(stock_suite, smtp, peer) as mail:
        queue_id = mail.inject(["user@example.test"], MESSAGE, sender="")
        found = mail.log.wait_for(rf"{queue_id}: to=<user@example.test>, .* dsn=4.4.2, "
                                  rf"status=deferred \({LOST}(.*)\)$")
        assert found[0].group(1) == doing


@BOTH
def test_reports_a_refused_connection(stock_suite, smtp):
    with Server() as peer:
        nexthop, port = peer.nexthop, peer.port
    with stock_suite(smtp=smtp, relayhost=nexthop) as mail:
        queue_id = mail.inject(["user@example.test"], MESSAGE)
        refused = rf"connect to 127.0.0.1\[127.0.0.1\]:{port}: Connection refused"
        mail.log.wait_for(rf"smtp\[\d+\]: {refused}$")
        mail.log.wait_for(rf"{queue_id}: to=<user@example.test>, relay=none, delay=\S+, "
                          rf"delays=\S+, dsn=4.4.1, status=deferred \({refused}\)$")


@BOTH
def test_stops_bothering_a_site_in_trouble(stock_suite, smtp):
    """The queue manager is told, and defers other mail for the destination without an attempt."""
    with Server(replies={"CONNECT": "421 busy"}) as peer, \
            system(stock_suite, smtp, peer, initial_destination_concurrency="1",
                   default_destination_concurrency_failed_cohort_limit="1") as mail:
        mail.deliver("one@example.test", MESSAGE, ".*status=deferred")
        mail.deliver("two@example.test", MESSAGE, r"relay=none, .*dsn=4.0.0, status=deferred "
                     r"\(delivery temporarily suspended: " + REFUSED + r"421 busy\)$")


@BOTH
def test_does_not_blame_the_site_for_a_recipient(stock_suite, smtp):
    with Server(replies={"RCPT": "450 later"}) as peer, \
            system(stock_suite, smtp, peer, initial_destination_concurrency="1",
                   default_destination_concurrency_failed_cohort_limit="1") as mail:
        for who in ("one", "two"):
            mail.deliver(f"{who}@example.test", MESSAGE, r"relay=127.*status=deferred \(host")


@BOTH
def test_falls_back_to_helo(stock_suite, smtp):
    with Server(replies={"EHLO": "502 5.5.1 what"}) as peer, \
            system(stock_suite, smtp, peer) as mail:
        mail.inject(["user@example.test"], MESSAGE)
        mail.log.wait_for("status=sent")
        assert [command.split()[0] for command in peer.connections[0].commands] == \
            ["EHLO", "HELO", "MAIL", "RCPT", "DATA"]


@BOTH
@pytest.mark.parametrize("keywords", [(), ("PIPELINING",)], ids=["plain", "pipelining"])
def test_ends_a_rejected_transaction(stock_suite, smtp, keywords):
    """With QUIT if nobody will use the connection."""
    with Server(replies={"RCPT": "550 no"}, keywords=keywords) as peer, \
            stock_suite(smtp=smtp, relayhost=peer.nexthop) as mail:
        mail.deliver("user@example.test", MESSAGE, ".*status=bounced", sender="")
        wait_until(lambda: peer.connections[0].quit, 10, "QUIT")
        verbs = [command.split()[0] for command in peer.connections[0].commands]
        data = ["DATA"] if keywords else []
        assert verbs == ["EHLO", "MAIL", "RCPT", *data, "RSET", "QUIT"]


def assert_kept(mail, peer, kept):
    before = len(peer.connections)
    probe = mail.inject(["probe@example.test"], MESSAGE, sender="")
    if not kept:
        mail.flush()  # a site in trouble is left alone for a while, unless told otherwise
    line = mail.log.wait_for(rf"{probe}: to=<probe@example.test>, .*status=sent")[0].string
    assert ("conn_use=2" in line) == kept, line
    assert (len(peer.connections) == before) == kept


# Next hops, and source addresses that do not suit them; nobody listens there.
SOURCES = [("[127.0.0.1]:9", "smtp_bind_address6", "1.2.3.4"), ("[127.0.0.1]:9", "smtp_bind_address", "1.2.3.4.5"),
           ("[127.0.0.1]:9", "smtp_bind_address", "::1"), ("[127.0.0.1]:9", "smtp_bind_address", "[127.0.0.1]"),
           ("[127.0.0.1]:9", "smtp_bind_address", "localhost"), ("[127.0.0.1]:9", "smtp_bind_address", "[odd"),
           ("[127.0.0.1]:9", "smtp_bind_address", "[odd]"), ("[::1]:9", "smtp_bind_address", "odd"),
           ("[::1]:9", "smtp_bind_address6", "odd"), ("[::1]:9", "smtp_bind_address6", "1.2.3.4")]


def sent_from(smtp, source):
    """What a client says that is to send from there."""
    nexthop, parameter, address = source
    with Instance(stock_but("smtp") if smtp == "ours" else stock_but(), relayhost=nexthop,
                  inet_protocols="all", **{parameter: address}) as mail:
        mail.log.allow("/smtp.* (warning|fatal): ", "smtp.* exit status 1|bad command startup|smtp socket: malformed")
        mail.inject(["a@b.test"], MESSAGE)
        wait_until(lambda: re.search(r"status=deferred|/smtp\[\d+\]: fatal: ", mail.log.text()), 15, "the end")
        lines = [line.partition("]: ")[2] for line in mail.log.lines() if "/smtp[" in line]
    return [re.sub(r"^\w+: |delays?=[^ ]*", "", line) if "status=" in line else line for line in lines]


@needs_root(STOCK_MASTER)
def test_source_addresses_are_looked_at_when_they_are_needed():
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        stock = list(pool.map(functools.partial(sent_from, "stock"), SOURCES))
        ours = list(pool.map(functools.partial(sent_from, "ours"), SOURCES))
    assert dict(zip(SOURCES, ours)) == dict(zip(SOURCES, stock))
