"""Stock smtp(8) under stock's queue manager finds in our cache what it finds in stock's.

HANDOFF_TEST_FULL=1 asks for the size of the acceptance test, 5,000 messages in each of five runs.
"""

import os
import statistics

from support import programs
from support.samples import routes, scatter
from support.smtp_sink import SmtpSink

FULL = bool(os.environ.get("HANDOFF_TEST_FULL"))
MESSAGES = 5000 if FULL else 500
RUNS = 5 if FULL else 3
# Percentage points. The fewer the messages, the more it matters which process was quicker: the
# small size shows only gross losses.
TOLERANCE = 2 if FULL else 15
DESTINATIONS = 50
CONCURRENCY = 20
ADDRESSES = [f"127.0.9.{number}" for number in range(1, DESTINATIONS + 1)]


def hit_rate(stock_suite, scache):
    """The percentage of messages that went over a cached connection, none of them with a warning."""
    with SmtpSink(programs.ours("smtp-sink"), addresses=ADDRESSES) as sink, \
            stock_suite(scache=scache, services={"smtp/unix": f"- - n - {CONCURRENCY} smtp"},
                        transport_maps=routes(ADDRESSES, sink.port), disable_dns_lookups=True,
                        smtp_connection_cache_destinations="static:all") as mail:
        scatter(mail, MESSAGES, DESTINATIONS)
        mail.log.wait_for("status=sent", count=MESSAGES, timeout=120)
        return len(mail.log.find(r"conn_use=.*status=sent")) * 100 / MESSAGES


def test_stock_smtp_finds_as_much_in_our_cache(stock_suite):
    rates = {"ours": [], "stock": []}
    for _ in range(RUNS):
        for scache, found in rates.items():
            found.append(hit_rate(stock_suite, scache))
    print(rates)
    assert statistics.median(rates["ours"]) >= statistics.median(rates["stock"]) - TOLERANCE, rates
