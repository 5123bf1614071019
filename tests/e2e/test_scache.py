"""scache keeps its promises whatever its clients do, and holds on to nothing."""

import contextlib
import os
import resource
import threading
import time

import pytest

from support.conditions import PATIENCE, wait_until
from support.scache_client import (SAVED, TURN, ScacheClient, find_endpoint, half_a_request,
                                   no_descriptor, save_endpoint, sessions)

CROWD = 20
# Seconds; a client that waits for its turn behind a stalled one waits for ipc_timeout.
PROMPT = 2.0 * PATIENCE


def connect(mail):
    return ScacheClient(mail.connect("private/scache"))


def silent(client):
    """Connects, and that is all."""


def a_byte_without_descriptor(client):
    no_descriptor(client)
    client.send_descriptors()


def two_descriptors(client):
    no_descriptor(client)
    with sessions(2) as [one, other]:
        client.send_descriptors(one.descriptor, other.descriptor)


def garbage(client):
    """10 MB; the server may have had enough before the end."""
    noise = os.urandom(1 << 20)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(10):
            client.send(noise)


def nothing_but_nul(client):
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        client.send(bytes(1 << 20))


def disappears(client):
    client.send(save_endpoint("rude"))
    client.connection.close()


def disappears_after_a_hit(client):
    with sessions() as [session]:
        client.save_endpoint("rude", session.descriptor)
        client.ask(find_endpoint("rude"))
    client.connection.close()


RUDE = [silent, half_a_request, no_descriptor, a_byte_without_descriptor, two_descriptors, garbage,
        nothing_but_nul, disappears, disappears_after_a_hit]


def cycle(client, session, number):
    """Saves and finds, and makes sure that it is the same connection."""
    client.save_endpoint("good", session.descriptor, f"p{number}")
    expected = f"status\0000\0property\0p{number}\0\0".encode()
    assert client.ask(find_endpoint("good")) == expected
    client.send(TURN)
    descriptor = client.receive_descriptor()
    client.send(TURN)
    assert session.is_behind(descriptor)
    os.close(descriptor)


@pytest.mark.parametrize("rudeness", RUDE, ids=lambda function: function.__name__)
def test_rude_clients_change_nothing_for_others(suite, rudeness):
    with suite() as mail, contextlib.ExitStack() as stack:
        mail.log.allow(r"/scache\[\d+\]: warning: ")
        good = stack.enter_context(connect(mail))
        [session] = stack.enter_context(sessions())
        crowd = [stack.enter_context(connect(mail)) for _ in range(CROWD)]
        threads = [threading.Thread(target=rudeness, args=(client,)) for client in crowd]
        for thread in threads:
            thread.start()
        number, slowest = 0, 0.0
        while number < 200 or any(thread.is_alive() for thread in threads):
            began = time.monotonic()
            cycle(good, session, number)
            slowest = max(slowest, time.monotonic() - began)
            number += 1
        for thread in threads:
            thread.join()
        for number in range(100):
            cycle(good, session, number)
        assert slowest < PROMPT
        assert len(mail.processes("scache")) == 1


def test_keeps_no_descriptor(suite):
    with suite() as mail, connect(mail) as client, sessions() as [session]:
        cycle(client, session, 0)
        assert client.find(find_endpoint("nobody")) is None  # what was asked before is done with
        [scache] = mail.processes("scache")
        before = sorted(scache.descriptors())
        for number in range(10_000):
            cycle(client, session, number)
        wait_until(lambda: sorted(scache.descriptors()) == before, 10, "no descriptor more")


def test_closes_a_stalled_client_in_the_end(suite):
    with suite(ipc_timeout="1s") as mail, connect(mail) as stalled, connect(mail) as idle:
        mail.log.expect("scache_save_endp_service: unable to receive file descriptor: "
                        "Connection timed out")
        no_descriptor(stalled)
        assert stalled.connection.recv(1) == b""
        assert idle.ask(find_endpoint("x")).startswith(b"status\0002")


def test_goes_when_nobody_needs_it_and_leaves_its_statistics(suite):
    with suite(max_idle="1s", connection_cache_ttl_limit="3s") as mail:
        with sessions() as [session]:
            with connect(mail) as client:
                client.save_endpoint("e", session.descriptor, ttl=3)
                client.save_destination("d", "e", ttl=3)
                assert client.find(find_endpoint("nobody")) is None
            session.give_up()
            [scache] = mail.processes("scache")
            assert session.ends()
            wait_until(lambda: not scache.alive, 10, "the end of scache")
        mail.log.wait_for(r"statistics: start interval \w{3} [ \d]\d \d\d:\d\d:\d\d$")
        mail.log.wait_for(r"statistics: address lookup hits=0 miss=1 success=0%$")
        mail.log.wait_for(r"statistics: max simultaneous domains=1 addresses=1 connection=1$")
        with connect(mail) as client:
            assert client.find(find_endpoint("e")) is None


def test_leaves_statistics_in_intervals(suite):
    with suite(connection_cache_status_update_time="3s") as mail, connect(mail) as client:
        for expected in ("hits=0 miss=1", "hits=0 miss=2"):
            for _ in range(int(expected[-1])):
                assert client.find(find_endpoint("x")) is None
            mail.log.wait_for(f"statistics: address lookup {expected} success=0%")


def fill(client, made):
    """Saves them all, each under a label of its own, and keeps none."""
    for number, session in enumerate(made):
        client.save_endpoint(f"e{number}", session.descriptor, ttl=100)
        session.give_up()


def cached(client, made):
    """The numbers of those that are still there."""
    found = []
    for number in range(len(made)):
        descriptor = client.find(find_endpoint(f"e{number}"))
        if descriptor is not None:
            found.append(number)
            os.close(descriptor)
    return found


def test_the_oldest_makes_room(suite):
    with suite(connection_cache_size_limit=30, connection_cache_ttl_limit="100s") as mail, \
            connect(mail) as client, sessions(50) as made:
        fill(client, made)
        assert all(session.ends() for session in made[:20])
        assert cached(client, made) == list(range(20, 50))


def test_clients_are_served_however_many_sessions_come(suite):
    """Descriptors never run out: the limit on open files is 128."""
    with suite(connection_cache_ttl_limit="100s") as mail:
        resource.prlimit(mail.master_pid(), resource.RLIMIT_NOFILE, (128, 128))
        with connect(mail) as client, sessions(300) as made:
            fill(client, made)
            with connect(mail) as other:
                assert len(cached(other, made)) == 112


def test_somebody_who_wants_more_gets_nearly_all_descriptors(suite):
    with suite(connection_cache_ttl_limit="100s", connection_cache_size_limit=1000) as mail:
        resource.prlimit(mail.master_pid(), resource.RLIMIT_NOFILE, (256, 256))
        with connect(mail) as client, sessions(240) as made:
            fill(client, made)
            assert len(cached(client, made)) == 240


def test_saves_as_many_as_it_is_told(suite):
    with suite(connection_cache_ttl_limit="100s") as mail, connect(mail) as client, \
            sessions(300) as made:
        for number, session in enumerate(made):
            assert client.ask(save_endpoint(f"e{number}", ttl=100)) == TURN
            client.send_descriptors(session.descriptor)
            assert client.reply() == SAVED
        for number, session in reversed(list(enumerate(made))):
            found = client.find(find_endpoint(f"e{number}"))
            assert session.is_behind(found)
            os.close(found)
