"""Our cleanup writes what stock cleanup writes, record by record, and logs the same.

Both get the same messages, good and bad. What differs on purpose stands at the end.
"""

from collections import Counter
from typing import Callable, Iterator, List, Tuple

import pytest

from support import cleanup_cases
from support.cleanup_cases import BEGIN, CONTENT, END, EXTRACTED, RECIPIENT, REST, SENDER, TIME
from support.cleanup_client import BOUNCE, FLAGS, Outcome, message, receive_list, submit
from support.conditions import wait_until
from support.instance import Instance
from support.programs import stock_but
from support.queue_file import record
from support.root import STOCK_MASTER, needs_root

pytestmark = needs_root(STOCK_MASTER)
# Nobody but us may take mail in or out, or wait for those who do.
ALONE = {"qmgr/unix": None, "pickup/unix": None, "bounce/unix": None}
SETTINGS = {
    "defaults": {},
    "options": {"delay_warning_time": "4h", "undisclosed_recipients_header": "To: undisclosed-recipients:;",
                "always_add_missing_headers": "yes", "message_size_limit": "3000",
                "enable_long_queue_ids": "yes", "always_bcc": "archive", "header_from_format": "Obsolete",
                "duplicate_filter_limit": "2", "hopcount_limit": "3", "enable_original_recipient": "no",
                "queue_file_attribute_count_limit": "3"},
    "dropped": {"smtputf8_enable": "yes", "undisclosed_recipients_header": "To: nobody:;",
                "message_drop_headers": "to, date, from, message-id, subject, sender"},
    "no SMTPUTF8": {"smtputf8_enable": "no", "undisclosed_recipients_header": "bad name: x"},
    "SMTPUTF8": {"smtputf8_enable": "yes"},
    "remote": {"remote_header_rewrite_domain": "remote.test",
               "undisclosed_recipients_header": "To: nobody:;"},
}


class Pair:
    """Stock cleanup and ours, with the same settings."""

    def __init__(self, stock: Instance, ours: Instance) -> None:
        self.stock = stock
        self.ours = ours
        self._times: Counter[Tuple[str, str]] = Counter()
        for mail in (stock, ours):
            mail.log.allow(".*")

    def compare(self, cases: Iterator[cleanup_cases.Case]) -> List[str]:
        """What each did otherwise."""
        done = [(name, submit(self.stock, data, flags), submit(self.ours, data, flags))
                for name, data, flags in cases]
        assert len(done) > 4
        self._wait_for_log()
        for _, stock, ours in done:
            self._times.update([("stock", stock.queue_id), ("ours", ours.queue_id)])
        problems = []
        for name, stock, ours in done:
            if stock != ours:
                problems.append(f"{name}:\n  stock {stock}\n  ours  {ours}")
            if self._times["stock", stock.queue_id] > 1 or self._times["ours", ours.queue_id] > 1:
                continue  # short queue ids come again, now and then: whose lines are these?
            lines = [self._lines(stock, self.stock), self._lines(ours, self.ours)]
            if lines[0] != lines[1]:
                problems.append(f"{name}:\n  stock {lines[0]}\n  ours  {lines[1]}")
        return problems

    @staticmethod
    def _lines(outcome: Outcome, mail: Instance) -> List[str]:
        """Ours notices at once that a message is too large, stock when its buffer is full."""
        lines = outcome.log(mail)
        return [line for line in lines if "message-id=" not in line] if outcome.status == 4 else lines

    def _wait_for_log(self) -> None:
        """Until the log has the line about a message that comes after all others."""
        for mail in (self.stock, self.ours):
            last = submit(mail, message(b"Message-Id: <last>\n\n"))
            wait_until(lambda: any("message-id" in line for line in last.log(mail)), 10, "the last line")


@pytest.fixture(scope="module", params=SETTINGS)
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    settings = {**SETTINGS[request.param], "in_flow_delay": "0"}
    with Instance(stock_but(), services=ALONE, **settings) as stock:
        with Instance(stock_but("cleanup"), services=ALONE, **settings) as ours:
            yield Pair(stock, ours)


@pytest.mark.parametrize("cases", [
    cleanup_cases.corpus, cleanup_cases.headers, cleanup_cases.texts, cleanup_cases.pieces,
    cleanup_cases.envelopes, cleanup_cases.records], ids=lambda cases: cases.__name__)
def test_writes_what_stock_writes(pair: Pair, cases: Callable[[], Iterator[cleanup_cases.Case]]):
    problems = pair.compare(cases())
    assert not problems, "\n".join(problems)


def test_a_message_that_is_cut_off_leaves_nothing_behind(pair: Pair):
    request = b"flags\0%d\0\0" % FLAGS + BEGIN + REST
    for mail in (pair.stock, pair.ours):
        incoming = mail.queue_directory / "incoming"
        for length in (0, 1, 20, len(request) - len(REST), len(request) - 3, len(request) - 1):
            with mail.connect("public/cleanup") as client:
                assert (incoming / receive_list(client)[b"queue_id"].decode()).exists()
                client.sendall(request[:length])
            wait_until(lambda: not list(incoming.iterdir()), 10, f"no file after {length} bytes")


def test_impossible_lengths_are_refused(pair: Pair):
    for mail in (pair.stock, pair.ours):
        outcome = submit(mail, TIME + b"S\xff\xff\xff\xff\xff\x7f")
        assert (outcome.status, outcome.records) == (1, None)


@pytest.mark.parametrize("limit", ["2", "1", "0", "-1"])
def test_as_many_recipients_are_remembered(limit: str):
    """None too many for 0 and less."""
    twice = message(b"Subject: x\n\nhi\n", recipients=[b"a@x.test", b"b@x.test", b"c@x.test"] * 2)
    outcomes = []
    for mix in (stock_but(), stock_but("cleanup")):
        with Instance(mix, services=ALONE, duplicate_filter_limit=limit) as mail:
            mail.log.allow("public/qmgr")
            outcomes.append(submit(mail, twice))
    assert outcomes[0] == outcomes[1]
    recipients = [record for record in outcomes[0].records or [] if record[0] == "R"]
    assert len(recipients) == {"2": 4, "1": 5}.get(limit, 3)


def test_what_cannot_be_delivered_goes_back_to_the_sender():
    """As pickup asks for; with stock's bounce, since ours cannot tell the sender yet."""
    hops = message(b"Received: x\n" * 60 + b"Subject: x\n\nhi\n", recipients=[b"a@example.com", b"b"])
    logs = []
    for mix in (stock_but(), stock_but("cleanup")):
        with Instance(mix, services={**ALONE, "bounce/unix": "- - n - 0 bounce"}) as mail:
            mail.log.allow("hopcount exceeded|public/qmgr")
            outcome = submit(mail, hops, FLAGS + BOUNCE)
            assert (outcome.status, outcome.records) == (0, None)
            notice, = mail.log.wait_for(rf"{outcome.queue_id}: sender non-delivery notification: (\S+)")
            assert notice.group(1) in mail.queue("incoming")
            logs.append([line.partition(", delay=")[0] for line in outcome.log(mail)
                         if "status=bounced (too many hops)" in line])
    assert logs[0] == logs[1] and len(logs[0]) == 2


# What differs, and why.

REFUSED = {"header_checks": "regexp:{{/^Subject: spam/ REJECT}}", "body_checks": "pcre:{{/x/ DISCARD}}",
           "nested_header_checks": "static:HOLD", "canonical_maps": "inline:{a=b}",
           "sender_canonical_maps": "inline:{a=b}", "recipient_canonical_maps": "inline:{a=b}",
           "virtual_alias_maps": "inline:{a=b}", "sender_bcc_maps": "inline:{a=b}",
           "recipient_bcc_maps": "inline:{a=b}", "masquerade_domains": "example.com",
           "non_smtpd_milters": "inet:localhost:1", "message_reject_characters": "\\0",
           "message_strip_characters": "\\0"}


@pytest.mark.parametrize("name", REFUSED)
def test_mail_does_not_pass_what_it_should_not(name: str):
    """It waits where it was submitted, until a cleanup comes that can do what is asked for."""
    with Instance(stock_but("cleanup"), **{name: REFUSED[name]}) as mail:
        mail.log.expect(f"{name} = .* is not supported; no mail is accepted until it is unset",
                        f"fatal: unsupported parameter: {name}$")
        mail.log.allow("exit status 1", "bad command startup", "problem|connection closed|connect to|"
                       "Success|end-of-input|unexpected EOF|write queue file|read timeout")
        mail.submit(["user@example.test"], b"Subject: spam\n\nx\n")
        mail.log.wait_for(f"fatal: unsupported parameter: {name}$")
        assert len(mail.queue("maildrop")) == 1 and not mail.queue("incoming", "active", "deferred")


def test_what_it_accepts_though_it_should_not_is_logged():
    with Instance(stock_but("cleanup"), services=ALONE, strict_8bitmime=True) as mail:
        mail.log.allow("public/qmgr")
        mail.log.expect("strict_8bitmime = yes is not supported, and has no effect")
        assert submit(mail, message(b"Subject: \xff\n\n")).status == 0
        mail.log.wait_for("strict_8bitmime")


def records_of(outcome: Outcome) -> List[bytes]:
    assert outcome.records is not None
    return [data for _, data in outcome.records]


def test_log_lines_name_the_message(pair: Pair):
    """Stock has the name of one of its functions instead."""
    data = BEGIN + CONTENT + record("Z", b"x") + EXTRACTED + END
    assert submit(pair.stock, data).status == submit(pair.ours, data).status == 1
    pair.stock.log.wait_for(r": message rejected: unexpected record type 90 in message content")
    pair.ours.log.wait_for(r"[0-9A-Za-z]+: message rejected: unexpected record type 90 in message content")


def test_a_second_time_record_has_no_effect(pair: Pair):
    """Stock writes create_time twice."""
    data = TIME + record("T", b"17 0") + SENDER + RECIPIENT + REST
    assert records_of(submit(pair.stock, data)).count(b"create_time=NOW") == 2
    assert records_of(submit(pair.ours, data)).count(b"create_time=NOW") == 1


def test_attributes_behind_the_text_are_kept_as_they_are(pair: Pair):
    """Stock writes some of them in a short form, followed by bytes of its memory."""
    data = BEGIN + CONTENT + EXTRACTED + record("A", b"ret_flags=9") + END
    assert b"ret_flags=9" in records_of(submit(pair.ours, data))
    assert b"ret_flags=9" not in records_of(submit(pair.stock, data))
