"""smtp(8) and stock Postfix's use each other's cached connections."""

import os
import pathlib
import re
import shutil
import socket
import threading

import pytest

from support import attributes, programs
from support.conditions import wait_until
from support.smtp_peer import RecordingPeer

MESSAGE = b"From: a@handoff.test\nSubject: hi\n\nhello\n"
PATIENT = {"connection_cache_ttl_limit": "60s", "smtp_connection_cache_time_limit": "60s",
           "smtp_connection_cache_destinations": "static:all"}
ONE_DELIVERY_EACH = {"smtp/unix": "- - n - - smtp -o max_use=1"}


@pytest.mark.parametrize("order", [("stock", "ours", "stock", "ours"), ("ours", "stock", "ours")],
                         ids="-".join)
@pytest.mark.parametrize("scache", ["stock", "ours"])
def test_sessions_travel_between_ours_and_stock(stock_suite, peer, scache, order):
    """One connection for all deliveries, each by another process of the other make."""
    with stock_suite(scache=scache, relayhost=peer.nexthop, services=ONE_DELIVERY_EACH,
                     **PATIENT) as mail:
        for number, make in enumerate(order, 1):
            install(mail, make)
            use = f"conn_use={number}, " if number > 1 else ""
            mail.deliver(f"user{number}@example.test", MESSAGE, rf"relay=\S+, {use}delay=.*sent")
        assert len(peer.connections) == 1
    # The last one to save it was ours, and our cache says goodbye at the end.
    farewell = ["QUIT"] if scache == "ours" else []
    assert [c.split()[0] for c in peer.connections[0].commands] == \
        ["EHLO"] + ["MAIL", "RCPT", "DATA", "RSET"] * (len(order) - 1) + \
        ["MAIL", "RCPT", "DATA"] + farewell


@pytest.mark.parametrize("order", [("stock", "ours"), ("ours", "stock")], ids="-".join)
def test_sessions_are_found_by_address(stock_suite, peer, order):
    """Another destination, the same server."""
    routes = "inline:{ { one.test = smtp:[127.0.0.1]:%d } { two.test = smtp:[localhost]:%d } }"
    with stock_suite(services=ONE_DELIVERY_EACH, disable_dns_lookups="yes",
                     transport_maps=routes % (peer.port, peer.port), **PATIENT) as mail:
        for make, domain in zip(order, ("one.test", "two.test")):
            install(mail, make)
            delivered = mail.deliver(f"user@{domain}", MESSAGE)
        assert re.search(r"relay=localhost\[127.0.0.1\]:\d+, conn_use=2, ", delivered.string)


def test_labels_and_properties_are_those_of_stock(stock_suite, peer):
    """Byte for byte, but for the time at which a session expires."""
    requests = {}
    for make in ("stock", "ours"):
        with stock_suite(smtp=make, relayhost=peer.nexthop, services={"scache/unix": None},
                         start=False, **PATIENT) as mail, ForgetfulCache(mail) as cache:
            mail.start()
            mail.inject(["user@example.test"], MESSAGE)
            mail.log.wait_for("status=sent")
            cache.wait()
            requests[make] = cache.requests
    for name in ("stock", "ours"):
        *others, saved = requests[name]
        saved[3] = ("property", without_expire_time(saved[3][1]))
        requests[name] = [*others, saved]
    assert requests["ours"] == requests["stock"]
    assert [request[0][1] for request in requests["ours"]] == \
        ["find_dest", "find_endp", "save_dest", "save_endp"]


@pytest.mark.parametrize("smtp", ["stock", "ours"])
@pytest.mark.parametrize("trouble", ["421", "500", "close"])
def test_a_session_that_fails_the_probe_costs_nothing(stock_suite, smtp, trouble):
    """A new connection takes its place, and only the cache tells that there was another."""
    reply = {"421": "421 idle for too long", "500": "500 what?", "close": None}[trouble]
    limit = 1 if trouble == "close" else None
    replies = {"RSET": reply} if reply else {}
    with RecordingPeer(replies=replies, messages_per_connection=limit) as peer, \
            stock_suite(smtp=smtp, relayhost=peer.nexthop,
                        services={"scache/unix": "- - n - 1 scache -v"}, **PATIENT) as mail:
        for number in (1, 2):
            mail.deliver(f"user{number}@example.test", MESSAGE)
        mail.log.wait_for("scache_multi_find_endp: found: ")
        assert not mail.log.find("conn_use")
        assert len(peer.connections) == 2
        assert ("RSET" in peer.connections[0].commands) == bool(reply)


@pytest.mark.parametrize("smtp", ["stock", "ours"])
def test_a_session_is_used_so_often_and_no_more(stock_suite, smtp, peer):
    """The last use ends with QUIT along with the dot."""
    with stock_suite(smtp=smtp, relayhost=peer.nexthop, smtp_connection_reuse_count_limit=2,
                     **PATIENT) as mail:
        for number in range(1, 5):
            mail.deliver(f"user{number}@example.test", MESSAGE)
        assert [len(c.messages) for c in peer.connections] == [3, 1]
        wait_until(lambda: peer.connections[0].quit, 10, "QUIT")
        assert not peer.connections[1].quit


@pytest.mark.parametrize("smtp", ["stock", "ours"])
def test_an_unwanted_connection_ends_with_quit(stock_suite, smtp, peer):
    with stock_suite(smtp=smtp, relayhost=peer.nexthop) as mail:
        mail.deliver("user@example.test", MESSAGE)
        wait_until(lambda: peer.connections[0].quit, 10, "QUIT")


def install(mail, make):
    """Puts another smtp(8) into the place of the one that is there."""
    target = mail.daemon("smtp")
    new = pathlib.Path(f"{target}.new")
    shutil.copy2(programs.locate(make, "smtp"), new)
    os.rename(new, target)


def without_expire_time(text):
    lines = text.split("\n")
    assert [line.split("=")[0] for line in lines] == \
        ["tls_level", "reuse_count", "endpoint_features", "expire_time", "", ""]
    return "\n".join(line for line in lines if not line.startswith("expire_time="))


class ForgetfulCache:
    """An scache(8) that writes down what it is asked, finds nothing and keeps nothing."""

    def __init__(self, mail):
        self.requests = []
        self._path = mail.queue_directory / "private/scache"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._path.chmod(0o666)
        self._listener.listen()
        self._listener.settimeout(30)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.close()
        self._thread.join()

    def wait(self):
        self._thread.join(15)
        assert not self._thread.is_alive(), self.requests

    def _serve(self):
        with self._listener.accept()[0] as client:
            client.settimeout(30)
            client.sendall(attributes.encode(("protocol", "connection_cache_protocol")))
            while self._answer(client):
                pass

    def _answer(self, client):
        request = attributes.receive(client)
        self.requests.append(request)
        verb = request[0][1]
        properties = {"find_dest": 2, "find_endp": 1}.get(verb, 0)
        if verb == "save_endp":
            client.sendall(attributes.encode(("dummy", "")))
            os.close(attributes.receive_descriptor(client))
        status = 2 if properties else 0
        client.sendall(attributes.encode(("status", status), *[("property", "")] * properties))
        return verb != "save_endp"
