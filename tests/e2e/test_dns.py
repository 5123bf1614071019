"""smtp(8) finds its servers through a real name server."""

import contextlib

import pytest

from support.dns_server import DnsServer
from support.smtp_peer import RecordingPeer

MESSAGE = b"From: a@handoff.test\nSubject: hi\n\nhello\n"
NO_NOTICES = "sender non-delivery notification: not supported yet"
UNKNOWN = r"Host or domain name not found. Name service error for name={} type={}: "


@contextlib.contextmanager
def system(suite, zone, peer=None, **settings):
    """All mail goes to the servers of its domain, at the peer's port."""
    port = peer.port if peer else 1
    with DnsServer(zone) as dns, \
            suite(dns_resolver_addresses=dns.resolver, smtp_tcp_port=port,
                  inet_protocols="ipv4", **settings) as mail:
        yield mail, dns


def deliver(mail, domain="example.test", result="sent"):
    """The part of the log line that tells where it went and what became of it."""
    return mail.deliver(f"user@{domain}", MESSAGE, r"relay=([^,]*), .*dsn=([\d.]*), "
                        rf"status={result} \((.*)\)$", sender="", timeout=40).groups()


def test_tries_servers_by_preference(suite):
    zone = {"example.test": {"MX": ["30 c.test.", "10 a.test.", "20 b.test."]},
            "a.test": {"A": ["127.0.0.9"]}, "b.test": {"A": ["127.0.0.3"]},
            "c.test": {"A": ["127.0.0.2"]}}
    with RecordingPeer("127.0.0.2", "127.0.0.3") as peer, system(suite, zone, peer) as (mail, _):
        assert deliver(mail)[0] == f"b.test[127.0.0.3]:{peer.port}"
        mail.log.wait_for(rf"connect to a.test\[127.0.0.9\]:{peer.port}: Connection refused")


def test_uses_the_domain_itself_without_mx(suite):
    zone = {"example.test": {"A": ["127.0.0.2"]}}
    with RecordingPeer("127.0.0.2") as peer, system(suite, zone, peer) as (mail, _):
        assert deliver(mail)[0] == f"example.test[127.0.0.2]:{peer.port}"


def test_follows_aliases(suite):
    zone = {"example.test": {"MX": ["10 alias.test."]}, "alias.test": {"CNAME": ["next.test."]},
            "next.test": {"CNAME": ["real.test."]}, "real.test": {"A": ["127.0.0.2"]}}
    with RecordingPeer("127.0.0.2") as peer, system(suite, zone, peer) as (mail, _):
        assert deliver(mail)[0] == f"alias.test[127.0.0.2]:{peer.port}"
        mail.configure(smtp_cname_overrides_servername="yes")
        mail.reload()
        assert deliver(mail)[0] == f"real.test[127.0.0.2]:{peer.port}"


@pytest.mark.parametrize("name, dsn, result, reason", [
    ("nowhere.test", "5.4.4", "bounced", UNKNOWN.format("nowhere.test", "A") + "Host not found"),
    ("empty.test", "5.4.4", "bounced",
     UNKNOWN.format("empty.test", "A") + "Host found but no data record of requested type"),
    ("nomail.test", "5.1.0", "bounced", r"Domain nomail.test does not accept mail \(nullMX\)"),
    ("orphan.test", "5.4.4", "bounced", UNKNOWN.format("gone.test", "A") + "Host not found"),
])
def test_says_why_there_is_no_server(suite, name, dsn, result, reason):
    zone = {"empty.test": {"TXT": ['"nothing"']}, "nomail.test": {"MX": ["0 ."]},
            "orphan.test": {"MX": ["10 gone.test."]}}
    with system(suite, zone) as (mail, _):
        mail.log.allow("no MX host for orphan.test has a valid address record", NO_NOTICES)
        queue_id = mail.inject([f"user@{name}"], MESSAGE, sender="")
        mail.log.wait_for(rf"{queue_id}: to=<user@{name}>, relay=none, .*dsn={dsn}, "
                          rf"status={result} \({reason}\)$")


def test_waits_for_a_name_server_that_is_away(suite, peer):
    """Mail is deferred, and goes out when the server is back."""
    zone = {"example.test": {"A": ["127.0.0.1"]}}
    with system(suite, zone, peer) as (mail, dns):
        dns.stop()
        where, dsn, reason = deliver(mail, result="deferred")
        assert (where, dsn) == ("none", "4.4.3")
        assert reason == ("Host or domain name not found. Name service error for "
                          "name=example.test type=MX: Host not found, try again")
        dns.start()
        mail.flush()
        mail.log.wait_for(r"to=<user@example.test>, .*status=sent")


def test_does_not_deliver_to_itself(suite):
    """Port 25 only: there the best server of the domain must not be this machine."""
    zone = {"loop.test": {"MX": ["10 me.test."]}, "me.test": {"A": ["127.0.0.1"]}}
    with DnsServer(zone) as dns, suite(dns_resolver_addresses=dns.resolver) as mail:
        mail.log.allow(NO_NOTICES)
        queue_id = mail.inject(["user@loop.test"], MESSAGE, sender="")
        mail.log.wait_for(rf"{queue_id}: .*relay=none, .*dsn=5.4.6, status=bounced "
                          r"\(mail for loop.test loops back to myself\)$")


def test_shares_connections_between_domains(suite):
    """The cache knows servers by address, whatever domain they were found through."""
    domains = [f"d{number}.test" for number in range(5)]
    zone = {domain: {"MX": ["10 mx.test."]} for domain in domains}
    zone["mx.test"] = {"A": ["127.0.0.2"]}
    with RecordingPeer("127.0.0.2") as peer, \
            system(suite, zone, peer, smtp_connection_cache_destinations="static:all",
                   connection_cache_ttl_limit="60s",
                   smtp_connection_cache_time_limit="60s") as (mail, _):
        for domain in domains:
            deliver(mail, domain)
        assert len(peer.connections) == 1
        assert len(peer.messages) == len(domains)


def test_takes_the_next_server_when_one_refuses(suite):
    """And remembers it: the next message does not bother the first one."""
    zone = {"example.test": {"MX": ["10 a.test.", "20 b.test."]}, "a.test": {"A": ["127.0.0.3"]},
            "b.test": {"A": ["127.0.0.2"]}}
    with RecordingPeer("127.0.0.2", "127.0.0.3") as peer, \
            system(suite, zone, peer, smtp_connection_cache_destinations="example.test",
                   connection_cache_ttl_limit="60s",
                   smtp_connection_cache_time_limit="60s") as (mail, _):
        refuse_at(peer, "127.0.0.3")
        assert deliver(mail)[0].startswith("b.test[127.0.0.2]")
        mail.log.wait_for(r"host a.test\[127.0.0.3\] refused to talk to me: 421 busy")
        assert deliver(mail)[0].startswith("b.test[127.0.0.2]")
        assert [c.address for c in peer.connections] == ["127.0.0.3", "127.0.0.2"]
        mail.log.wait_for("conn_use=2")


def refuse_at(peer, address):
    usual = peer.serve

    def serve(channel, connection):
        if connection.address == address:
            channel.send("421 busy")
        else:
            usual(channel, connection)

    peer.serve = serve
