"""Parameters whose value is a word, or a list of words: our daemons take and refuse what stock's do."""

import re
from typing import List

import pytest

from support.instance import Instance
from support.root import STOCK_MASTER, needs_root

pytestmark = needs_root(STOCK_MASTER)
TEXT = b"Subject: hi\n\nhello\n"
SENDER, RECIPIENT = '"a b"@handoff.test', '"c d"@example.test'
OURS = {name: "ours" for name in ("pickup", "cleanup", "qmgr", "smtp")}

MISTAKES = ["receive_override_options=no_milters, odd", "receive_override_options=NO_MILTERS",
            "smtputf8_autodetect_classes=Sendmail, all", "smtputf8_autodetect_classes=none",
            "header_from_format=odd", "info_log_address_format=odd", "smtp_address_verify_target=mail",
            "smtp_host_lookup=odd", "smtp_address_verify_target=odd\ninfo_log_address_format=Odd",
            "receive_override_options=odd\nsmtputf8_autodetect_classes=odd\ninfo_log_address_format=odd"]


def with_settings(stock_suite, text: str, relayhost: str, **programs: str) -> Instance:
    return stock_suite(**programs, relayhost=relayhost,
                       **dict(line.split("=") for line in text.splitlines()))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_stops_who_uses_the_word(stock_suite, peer, mistake):
    fatal = []
    for programs in ({}, OURS):
        with with_settings(stock_suite, mistake, peer.nexthop, **programs) as mail:
            mail.log.allow(".*")
            mail.submit(["a@example.test"], TEXT)
            mail.log.wait_for(r"\]: fatal: ")
            # Stock looks at some words when it first needs them, ours all at once at start.
            fatal.append(mail.log.find(r"(?:pickup|cleanup|smtp)\[\d+\]: (fatal: .*)")[0].group(1))
    assert fatal[0] == fatal[1]


def logged_addresses(mail: Instance) -> List[str]:
    mail.submit([RECIPIENT], TEXT, sender=SENDER, options=["-F", "Full Name"])
    mail.log.wait_for("status=sent")
    return [f"{match.group(1)} {match.group(2)}"
            for match in mail.log.find(r"postfix/(\w+)\[\d+\]: \w+: .*?((?:from|to)=<.*?>)")]


@pytest.mark.parametrize("words", ["info_log_address_format=internal\nheader_from_format=standard",
                                   "info_log_address_format=Internal\nheader_from_format=Obsolete",
                                   "info_log_address_format=EXTERNAL\nsmtputf8_autodetect_classes=verify"])
def test_words_have_the_effect_that_they_have_with_stock(stock_suite, peer, words):
    outcomes = []
    for count, programs in enumerate(({}, OURS), 1):
        with with_settings(stock_suite, words, peer.nexthop, **programs) as mail:
            lines = logged_addresses(mail)
            (author,) = re.findall(rb"\r\n(From: .*)\r\n", peer.wait_for_messages(count)[-1].content)
            outcomes.append((lines, author))
    assert outcomes[0] == outcomes[1]
    assert len(outcomes[0][0]) == 3
