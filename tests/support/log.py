"""The mail log of an instance: waiting for lines, and the lines that nobody announced."""

import pathlib
import re
from typing import List, Match

from support.conditions import TimedOut, wait_until

# The label follows the process: `... postfix/smtp[123]: warning: text`.
TROUBLE = re.compile(r"\[\d+\]: (?:warning|error|fatal|panic): ")
# What stock says when the kernel's coarse clock, which stamps files, and time(2) disagree by a tick
# at the turn of a second.
CLOCK_TICKS = (r"file system clock is 1 seconds (?:ahead of|behind) local clock",
               r"resetting file time stamps - this hurts performance")

# What stock's programs alone say, too, when there is a reload while mail flows: the queue manager,
# about to leave, to a trivial-rewrite that has left already; an agent that was asked by the old
# queue manager for a message which the new one has taken back, or is looking at (stock's ends then).
OF_RELOADS = (r"/qmgr\[\d+\]: warning: problem talking to service rewrite: ",
              r"/smtp\[\d+\]: warning: open active \w+: No such file or directory",
              r"/smtp\[\d+\]: (warning|fatal): shared lock active/\w+: Resource temporarily",
              r"/master\[\d+\]: warning: process \S+/smtp pid \d+ exit status 1$")


class Log:
    """A log file that grows, whoever writes it."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._allowed: List[str] = list(CLOCK_TICKS)
        self._expected: List[str] = []

    def text(self) -> str:
        return self.path.read_text(encoding="utf-8", errors="backslashreplace")

    def lines(self) -> List[str]:
        return self.text().splitlines()

    def find(self, regex: str) -> List[Match[str]]:
        """The matches, at most one a line, in the order of the log."""
        pattern = re.compile(regex)
        return [match for line in self.lines() if (match := pattern.search(line))]

    def wait_for(self, regex: str, timeout: float = 15, count: int = 1) -> List[Match[str]]:
        """Waits until at least `count` lines match, and returns the matches."""
        try:
            return wait_until(lambda: (found := self.find(regex)) and len(found) >= count and found,
                              timeout, f"{count} log lines like {regex!r}")
        except TimedOut as error:
            raise TimedOut(f"{error} (there are {len(self.find(regex))}); the log ends:\n"
                           + "\n".join(self.lines()[-40:])) from None

    def allow(self, *regexes: str) -> None:
        """Warnings (or worse) that this test may cause."""
        self._allowed += regexes

    def expect(self, *regexes: str) -> None:
        """Warnings (or worse) that this test must cause: the end of the test looks for them."""
        self._expected += regexes

    def troubles(self) -> List[str]:
        """All lines labelled warning, error, fatal or panic."""
        return [line for line in self.lines() if TROUBLE.search(line)]

    def warnings(self) -> List[str]:
        """Those that the test did not announce."""
        announced = [re.compile(regex) for regex in self._allowed + self._expected]
        return [line for line in self.troubles() if not any(p.search(line) for p in announced)]

    def missing(self) -> List[str]:
        """The announcements of `expect` that never came."""
        return [regex for regex in self._expected
                if not any(re.search(regex, line) for line in self.troubles())]
