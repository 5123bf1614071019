"""Clients that stop in the middle of a request do not concern the others.

How long a healthy one waits beside them, and beside them in stock's scache, bench/scache tells.
"""

import contextlib
import os

from support.scache_client import (TURN, ScacheClient, find_destination, find_endpoint,
                                   half_a_request, no_descriptor, sessions)

AT_EACH_POINT = 50
TTL = 1000


def no_go_ahead_after_a_hit(client, session):
    client.save_endpoint("stalled", session.descriptor, ttl=TTL)
    assert client.ask(find_endpoint("stalled")).startswith(b"status\0000\0")


def no_last_word(client, session):
    no_go_ahead_after_a_hit(client, session)
    client.send(TURN)
    os.close(client.receive_descriptor())


STALLS = (half_a_request, no_descriptor, no_go_ahead_after_a_hit, no_last_word)


def cycle(client, session, number):
    """What a delivery on a cached connection asks for; it gets the connection that it saved."""
    client.save_destination("d", "e", f"p{number}", ttl=TTL)
    client.save_endpoint("e", session.descriptor, ttl=TTL)
    descriptor = client.find(find_destination("d"))
    assert session.is_behind(descriptor)
    os.close(descriptor)


def test_two_hundred_stalled_clients(stock_suite):
    with stock_suite(scache="ours", connection_cache_ttl_limit=f"{TTL}s") as mail, \
            contextlib.ExitStack() as stack, sessions() as [healthy]:
        mail.log.allow("the client has gone", "of-input (?:on|from) scache socket")  # at the end

        def connect():
            return stack.enter_context(ScacheClient(mail.connect("private/scache")))

        early = connect()
        for number, stall in enumerate(STALLS * AT_EACH_POINT):
            [session] = stack.enter_context(sessions())
            stall(connect(), session)
            if number % 10 == 0:
                cycle(early, healthy, number)
        late = connect()
        for number in range(100):
            cycle(early, healthy, number)
            cycle(late, healthy, number)
