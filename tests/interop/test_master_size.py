"""300 services: our master is smaller than stock's. How fast each starts is bench/master's to say."""

import pathlib
import re

from support.master_cf import NOTHING
from support.programs import stock_but

SERVICES = {**NOTHING, **{f"service{number}/unix": "- - n - - smtp" for number in range(300)}}


def resident_memory(stock_suite, mix):
    """Of master, in KiB."""
    with stock_suite(mix, services=SERVICES, maillog_file="") as mail:
        rollup = pathlib.Path(f"/proc/{mail.master_pid()}/smaps_rollup").read_text()
        assert len(list((mail.queue_directory / "private").iterdir())) == 300
    return int(re.search(r"^Rss:\s+(\d+) kB", rollup, re.M).group(1))


def test_stays_small(stock_suite):
    assert resident_memory(stock_suite, stock_but("master")) < resident_memory(stock_suite, stock_but())
