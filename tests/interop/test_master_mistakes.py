"""A mistake in master.cf: both masters refuse to start with the same words.

Before them, ours names file, line and what is allowed.
"""

import concurrent.futures
import re

from support.early_log import EarlyLog
from support.master_cf import NOTHING
from support.programs import stock_but

AT_ONCE = 10  # most of the time each program sleeps, as fatal errors make it do

MISTAKES = [
    "x", "x unix", "x unix -", "x unix - -", "x unix - - -", "x unix - - - -", "x unix - - - - -",
    "x tcp - - - - - c", "x - - - - - - c", "x unix x - - - - c", "x unix - x - - - c",
    "x unix - - x - - c", "x unix - - - x - c", "x unix - - - -5 - c", "x unix - - - - x c",
    "x unix - - - - -5 c", "x unix - - - - - -", "x unix - - - - - c {a}b",
    "x unix - - - - - c -o { a = b", "25998 inet y - - - - c", "25998 inet - - - - - c",
    "nosuch.invalid:25998 inet n - - - - c", "[127.0.0.1:25998 inet n - - - - c",
    "[1.2.3.4]x:25 inet n - - - - c", "127.0.0.1:25x inet n - - - - c", "25x inet n - - - - c",
    "127.0.0.1: inet n - - - - c", ": inet n - - - - c", "-foo.bar:25 inet n - - - - c",
    "[]:25 inet n - - - - c", "1.2.3:25 inet n - - - - c", "[ipv6:zz]:25998 inet n - - - - c",
    "::1:25998 inet n - - - - c", "[::1] inet n - - - - c", "nosuch/a:25 inet n - - - - c",
    "127.0.0.1:nosuchport inet n - - - - c", "nosuchport inet n - - - - c",
    "192.0.2.7:25998 inet n - - - - c", "a/b unix - - - - - c", "a/b pass - - - - - c",
    "a/b fifo - - - - - c", "a/b unix-dgram - - - - - c", "a" * 120 + " unix - - - - - c",
    "good unix - - - - - c\n\n# comment\nx unix - - - - -\n   -",
]
# What only the network knows, or the queue directory, is not a matter of what is allowed.
UNEXPLAINED = re.compile(r"^(192\.0\.2\.7|a/b|aaa)")


def complaints(stock_suite, mix, text):
    """What master logs when it does not start, without the time; the directory is ROOT."""
    with stock_suite(mix, services=NOTHING, start=False) as mail:
        (mail.config_directory / "master.cf").write_text(text + "\n")
        with EarlyLog(mail, mail.queue_directory / "public/postlog") as early:
            done = mail.run([mail.daemon("master"), "-d", "-e", "0"], check=False,
                            **early.environment)
            lines = [line.replace(str(mail.root), "ROOT") for line in early.lines()]
    assert done.returncode == 1, lines
    return [line.partition("]: ")[2] for line in lines]


def test_same_words(stock_suite):
    def compare(text):
        stock = complaints(stock_suite, stock_but(), text)
        ours = complaints(stock_suite, stock_but("master"), text)
        return text, [line for line in stock if "fatal" in line], ours

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for text, stock, ours in pool.map(compare, MISTAKES):
            assert ours[-1:] == stock, text
            if not UNEXPLAINED.match(text):
                line = text.count("\n", 0, text.rfind("x unix")) + 1
                assert ours[-2].startswith(f"warning: ROOT/config/master.cf, line {line}: "), ours
