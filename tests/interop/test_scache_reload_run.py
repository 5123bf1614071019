"""Reloads in the middle of a run: each cached connection goes on in the next process.

HANDOFF_TEST_FULL=1 asks for the size of the acceptance test, 20,000 messages and ten reloads.
"""

import os

import pytest

from support.conditions import wait_until
from support.leaving_peer import LeavingPeer
from support.log import OF_RELOADS
from support.programs import ours_but, stock_but
from support.samples import routes, scatter
from support.scache_client import HANDED, TOOK

FULL = bool(os.environ.get("HANDOFF_TEST_FULL"))
MESSAGES = 20000 if FULL else 1500
RELOADS = 10 if FULL else 3
DESTINATIONS = 50
CONCURRENCY = 20
TTL = 10
# Seconds that the remote end's clock readings may be late; the kernel's timers are not early.
LATE = 0.5
ADDRESSES = [f"127.0.10.{number}" for number in range(1, DESTINATIONS + 1)]
# What a stock client does that has to ask again: a second to find a connection, or to save it.
PAUSED = r"delays=[^/]*/[^/]*/(?:[1-9][^,]*|[^/]*/[1-9][^,]*), "

# With stock's smtp, which knows the first socket only, and with ours, which prefers the second.
# Not with stock's postlogd: it and master can wait for each other for ever when there is much to log.
MIXES = [stock_but("scache", "postlogd"), stock_but("scache", "smtp", "postlogd"),
         ours_but("smtp", "qmgr"), ours_but()]


def reload_after(mail, peer, messages):
    """What the remote end had open just before and after."""
    wait_until(lambda: peer.messages >= messages, 120, f"{messages} messages")
    before = peer.open_connections()
    mail.reload()
    mail.trigger("qmgr", b"W")  # the old qmgr may have taken master's wake-up, and left
    return before, peer.open_connections()


def numbers(mail, regex, count):
    return [int(match.group(1)) for match in mail.log.wait_for(regex, count=count, timeout=30)]


def run_with_reloads(mail, peer):
    """What the remote end had open around each reload, when all mail has been delivered."""
    mail.log.allow(*OF_RELOADS)
    scatter(mail, MESSAGES, DESTINATIONS)
    opened = []
    for count in range(1, RELOADS + 1):
        opened.append(reload_after(mail, peer, MESSAGES * count // (RELOADS + 1)))
        numbers(mail, TOOK, count)
    mail.log.wait_for("status=sent", count=MESSAGES, timeout=120)
    return opened


@pytest.mark.parametrize("mix", MIXES, ids=str)
def test_nobody_notices_reloads(stock_suite, mix):
    with LeavingPeer(ADDRESSES) as peer:
        with stock_suite(mix, services={"smtp/unix": f"- - n - {CONCURRENCY} smtp"},
                         transport_maps=routes(ADDRESSES, peer.port), disable_dns_lookups=True,
                         connection_cache_ttl_limit=f"{TTL}s",
                         smtp_connection_cache_time_limit=f"{TTL}s",
                         smtp_connection_cache_destinations="static:all") as mail:
            opened = run_with_reloads(mail, peer)
            departures = list(peer.departures)
            handed, took = numbers(mail, HANDED, RELOADS), numbers(mail, TOOK, RELOADS)
            print(f"{mix}: open {opened}, handed {handed}, took {took}; {peer.accepted} "
                  f"connections, {len(departures)} ended, reused {len(mail.log.find('conn_use='))}, "
                  f"paused {len(mail.log.find(PAUSED))}")

            assert handed == took
            for (before, after), there in zip(opened, handed):
                assert before - CONCURRENCY <= there <= after
            assert len(mail.log.find("status=sent")) == MESSAGES
            assert len(peer.recipients) == peer.messages == MESSAGES
            early = [one for one in departures if one.idle < TTL - LATE]
            assert not early
        # The end of the mail system is the end of them all: the peer does notice such things.
        wait_until(lambda: peer.open_connections() == 0, 10, "the end of all connections")
