"""Whatever a client says, our scache answers what stock scache answers, and logs the same.

Each dialogue is held with both servers, in one piece and byte by byte. What differs on purpose
(see the manual page of scache) stands at the end, with both behaviours.
"""

import contextlib
import os
import re

import pytest

from support.instance import Instance
from support.programs import stock_but
from support.root import STOCK_MASTER, skip_unless_root
from support.scache_client import (TURN, ScacheClient, find_destination, find_endpoint,
                                   request, save_destination, save_endpoint, sessions)

NO_ENDPOINT = b"status\0002\0property\0\0\0"
NO_DESTINATION = b"status\0002\0property\0\0property\0\0\0"
FAILED = b"status\0002\0\0"
SAVED = b"status\0000\0\0"

# Requests and how many replies they get; descriptors are not asked for after any of them.
REQUESTS = {
    "find_endp": (find_endpoint("x"), 1),
    "find_dest": (find_destination("x"), 1),
    "find_dest without label": (request("find_dest"), 1),
    "find_endp without label": (request("find_endp"), 1),
    "save_dest": (save_destination("d", "e"), 1),
    "save_dest, empty strings": (save_destination("", "", ""), 1),
    "save_dest cut short": (request("save_dest", ("ttl", 1), ("label", "x")), 1),
    "save_endp cut short": (request("save_endp", ("ttl", 1), ("label", "x")), 1),
    "save_endp without anything": (request("save_endp"), 1),
    "save_dest, surplus attribute": (save_destination("d", "e")[:-1] + b"extra\0001\0\0", 1),
    "find_dest, surplus attribute": (find_destination("d")[:-1] + b"extra\0001\0\0", 1),
    "save_dest, misordered": (request("save_dest", ("label", "d"), ("ttl", 5), ("property", "p"),
                                      ("label", "e")), 1),
    "save_dest, attribute twice": (request("save_dest", ("ttl", 5), ("ttl", 5), ("label", "d"),
                                           ("property", "p"), ("label", "e")), 1),
    "unknown request": (request("bogus"), 1),
    "unknown request with attributes": (request("bogus", ("a", "b"), ("c", "d")), 1),
    "request name in capitals": (request("FIND_DEST", ("label", "x")), 1),
    "empty request name": (request("", ("label", "x")), 1),
    "empty list": (b"\0", 0),
    "attribute before the request": (b"foo\0bar\0" + find_destination("x"), 1),
    "long label": (find_destination("x" * 100_000), 1),
    **{f"ttl {ttl!r}": (save_destination("d", "e", ttl=ttl), 1)
       for ttl in ("0", "-1", "4294967296", "2147483648", "abc", "10x", "5 ", "", "0x10", "1.5",
                   " 5", "+5", "010", "4294967297", "99999999999", "x" * 200)},
}


class Server:
    """An instance, and the part of its log that belongs to the dialogue in hand."""

    def __init__(self, mail: Instance) -> None:
        self.mail = mail
        self._marks = 0
        mail.log.allow(r"/scache\[")

    def client(self) -> ScacheClient:
        return ScacheClient(self.mail.connect("private/scache"))

    def logged(self, client: ScacheClient) -> list:
        """What scache has logged since the last call, without what differs for good reasons."""
        before, self._marks = self._marks, self._marks + 1
        assert client.ask(request(f"mark-{self._marks}")) == b"status\0001\0\0"
        self.mail.log.wait_for(f'request: "mark-{self._marks}"')
        lines = [found.group(1) for found in self.mail.log.find(r"/scache\[\d+\]: (.*)")]
        texts = [re.sub(r"(file descriptor): .*", r"\1", line) for line in lines
                 if not line.startswith("cached connection ")]  # only ours notices dead ones
        first = _position(texts, before) + 1 if before else 0
        return texts[first:_position(texts, self._marks)]


def _position(lines, mark):
    return lines.index(f'warning: unrecognized request: "mark-{mark}", ignored')


@pytest.fixture(scope="module")
def servers():
    """The same mail system twice: all stock, and stock with our scache."""
    skip_unless_root(STOCK_MASTER)
    with contextlib.ExitStack() as stack:
        yield [Server(stack.enter_context(Instance(mix, connection_cache_ttl_limit="10s")))
               for mix in (stock_but(), stock_but("scache"))]


@pytest.fixture
def hold(servers):
    """Holds the same dialogue with both, and wants the same bytes and the same log."""

    def with_both(dialogue, same_log=True):
        outcomes = []
        for server in servers:
            with server.client() as client:
                replies = dialogue(client)
                # Still in step?
                assert client.ask(find_endpoint("nobody")) == NO_ENDPOINT
                log = server.logged(client)
            outcomes.append((replies, log if same_log else None))
        assert outcomes[0] == outcomes[1]
        return outcomes[1]

    return with_both


@pytest.mark.parametrize("pieces", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name", REQUESTS)
def test_requests(hold, name, pieces):
    data, replies = REQUESTS[name]
    if pieces and len(data) > 10_000:
        data = data.replace(b"x" * 100_000, b"x" * 5_000)

    def dialogue(client):
        client.send(data, pieces)
        return [client.reply() for _ in range(replies)]

    # Of a malformed request that comes in pieces stock takes the rest for the next request, and
    # complains once for each string.
    replies, log = hold(dialogue, same_log=not pieces)
    assert pieces or replies == [] or "status\0000" in replies[0].decode() or log or \
        replies[0] in (NO_ENDPOINT, NO_DESTINATION)


@pytest.mark.parametrize("pieces", [False, True], ids=["whole", "bytewise"])
def test_a_session_comes_back(hold, pieces):
    def dialogue(client):
        with sessions() as [session]:
            replies = [client.ask(save_endpoint("ep1", "eprop"), pieces)]
            client.send_descriptors(session.descriptor)
            replies.append(client.reply())
            session.give_up()
            replies.append(client.ask(save_destination("dom1", "ep1", "dprop"), pieces))
            replies.append(client.ask(find_destination("dom1"), pieces))
            client.send(TURN, pieces)
            descriptor = client.receive_descriptor()
            client.send(TURN, pieces)
            assert session.is_behind(descriptor)
            replies.append(client.ask(find_destination("dom1"), pieces))
            os.close(descriptor)
            assert session.ends()
        return replies

    replies, log = hold(dialogue)
    assert replies == [TURN, SAVED, SAVED,
                       b"status\0000\0property\0dprop\0property\0eprop\0\0", NO_DESTINATION]
    assert log == []


def _find_saved(client, session, after):
    """Saves and finds under a label of its own, then goes on with `after` turns in one write."""
    client.save_endpoint("e", session.descriptor)
    session.give_up()
    replies = [client.ask(find_endpoint("e"))]
    client.send(after)
    descriptor = client.receive_descriptor()
    assert session.is_behind(descriptor)
    os.close(descriptor)
    return replies


def test_both_turns_in_one_write(hold):
    def dialogue(client):
        with sessions() as [session]:
            return _find_saved(client, session, TURN + TURN)

    hold(dialogue)


def test_any_value_of_a_turn(hold):
    def dialogue(client):
        with sessions() as [session]:
            replies = _find_saved(client, session, b"dummy\0whatever\0\0")
            client.send(TURN)
            return replies

    hold(dialogue)


def test_second_turn_and_next_request_in_one_write(hold):
    def dialogue(client):
        with sessions() as [session]:
            replies = _find_saved(client, session, TURN)
            return replies + [client.ask(TURN + find_destination("x"))]

    hold(dialogue)


def test_a_byte_without_descriptor(hold):
    def dialogue(client):
        replies = [client.ask(save_endpoint("e6"))]
        client.send_descriptors()
        return replies + [client.reply()]

    replies, log = hold(dialogue)
    assert replies == [TURN, FAILED]
    assert log == ["warning: scache_save_endp_service: unable to receive file descriptor"]


def test_two_descriptors(hold):
    def dialogue(client):
        with sessions(2) as [one, other]:
            replies = [client.ask(save_endpoint("e7"))]
            client.send_descriptors(one.descriptor, other.descriptor)
            return replies + [client.reply()]

    replies, _ = hold(dialogue)
    assert replies == [TURN, FAILED]


def test_a_descriptor_with_another_byte(hold):
    def dialogue(client):
        with sessions() as [session]:
            replies = [client.ask(save_endpoint("e8", ttl=1))]
            client.send_descriptors(session.descriptor, data=b"x")
            return replies + [client.reply()]

    replies, log = hold(dialogue)
    assert (replies, log) == ([TURN, SAVED], [])


def test_a_descriptor_with_surplus_bytes(hold):
    def dialogue(client):
        with sessions() as [session]:
            replies = [client.ask(save_endpoint("e9", ttl=1))]
            client.send_descriptors(session.descriptor, data=b"\0\0\0")
            return replies + [client.reply()]

    replies, log = hold(dialogue)
    assert replies == [TURN, SAVED]
    assert log == 2 * ["warning: missing attribute request in input from scache socket"]


def test_first_come_first_served(hold):
    def dialogue(client):
        with sessions(3) as made:
            for number, session in enumerate(made):
                client.save_endpoint("fifo", session.descriptor, f"p{number}")
            replies = []
            for session in made:
                replies.append(client.ask(find_endpoint("fifo")))
                client.send(TURN)
                descriptor = client.receive_descriptor()
                client.send(TURN)
                assert session.is_behind(descriptor)
                os.close(descriptor)
            return replies

    hold(dialogue)


def test_bindings_in_order_of_their_first_save(hold):
    def dialogue(client):
        with sessions(2) as [one, two]:
            client.save_destination("d", "e1", "dp1")
            client.save_destination("d", "e2", "dp2")
            client.save_destination("d", "e1", "dp1")
            client.save_endpoint("e2", two.descriptor, "p2")
            client.save_endpoint("e1", one.descriptor, "p1")
            replies = []
            for _ in range(2):
                replies.append(client.ask(find_destination("d")))
                client.send(TURN)
                os.close(client.receive_descriptor())
                client.send(TURN)
            return replies + [client.ask(find_destination("d"))]

    hold(dialogue)


def test_wrong_attribute_instead_of_the_first_turn(servers):
    for server in servers:
        with sessions() as [session], server.client() as client:
            client.save_endpoint("e11", session.descriptor)
            session.give_up()
            client.ask(find_endpoint("e11"))
            client.send(b"foo\0bar\0\0")
            assert session.ends()
            assert client.ask(find_endpoint("e11")) == NO_ENDPOINT
            log = server.logged(client)
        assert log[:2] == [
            "warning: unexpected attribute foo from scache socket (expecting: dummy)",
            "warning: scache_find_endp_service: cannot send file descriptor"]


def test_hanging_up_after_a_hit_loses_the_session(servers):
    for server in servers:
        with sessions() as [session], server.client() as other:
            with server.client() as client:
                client.save_endpoint("e12", session.descriptor)
                session.give_up()
                client.ask(find_endpoint("e12"))
            assert session.ends()
            server.mail.log.wait_for("scache_find_endp_service: cannot send file descriptor: ")
            assert other.ask(find_endpoint("e12")) == NO_ENDPOINT
            server.logged(other)


def test_time_to_live(servers):
    """Both clamp; stock counts whole seconds, ours milliseconds."""
    for server in servers:
        with sessions() as [session], server.client() as client:
            client.save_endpoint("e13", session.descriptor, ttl=1)
            session.give_up()
            assert session.ends()
            assert client.ask(find_endpoint("e13")) == NO_ENDPOINT


# --- Differences on purpose.


def test_requests_that_do_not_wait(servers):
    """Stock forgets what it has read when it writes."""
    stock, ours = servers
    both = find_endpoint("x") + find_destination("x")
    with stock.client() as client:
        assert client.ask(both) == NO_ENDPOINT
        assert client.ask(find_endpoint("y")) == NO_ENDPOINT
    with ours.client() as client:
        assert [client.ask(both), client.reply()] == [NO_ENDPOINT, NO_DESTINATION]


def test_a_request_in_place_of_the_second_turn(servers):
    """Stock loses the request, and says that it could not send the descriptor that it has sent."""
    stock, ours = servers
    for server in servers:
        with sessions() as [session], server.client() as client:
            _find_saved(client, session, TURN)
            client.send(find_destination("x"))
            if server is ours:
                assert client.reply() == NO_DESTINATION
            assert client.ask(find_endpoint("y")) == NO_ENDPOINT
            log = server.logged(client)
            assert bool(log) == (server is stock)


def test_dead_sessions(servers):
    """Stock hands them out."""
    stock, ours = servers
    for server in servers:
        with sessions() as [session], server.client() as client:
            client.save_endpoint("e16", session.descriptor)
            session.give_up()
            session.remote.close()
            found = client.find(find_endpoint("e16"))
            assert (found is None) == (server is ours)
            if found is not None:
                os.close(found)
