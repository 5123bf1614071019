"""300 services: our master is ready within a second, and is smaller than stock's. See bench/master."""

import pathlib
import re
import time

from support.conditions import PATIENCE
from support.master_cf import NOTHING
from support.programs import stock_but

SERVICES = {**NOTHING, **{f"service{number}/unix": "- - n - - smtp" for number in range(300)}}


def start(stock_suite, mix):
    """The seconds it takes, and the resident memory of the process in KiB."""
    with stock_suite(mix, services=SERVICES, start=False, maillog_file="") as mail:
        begun = time.monotonic()
        mail.start()
        seconds = time.monotonic() - begun
        rollup = pathlib.Path(f"/proc/{mail.master_pid()}/smaps_rollup").read_text()
        assert len(list((mail.queue_directory / "private").iterdir())) == 300
    return seconds, int(re.search(r"^Rss:\s+(\d+) kB", rollup, re.M).group(1))


def test_starts_fast_and_stays_small(stock_suite):
    _, stock_size = start(stock_suite, stock_but())
    seconds, size = start(stock_suite, stock_but("master"))
    assert seconds < 1 * PATIENCE
    assert size < stock_size
