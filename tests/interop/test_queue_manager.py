"""Our queue manager does with a queue file, and with an agent's answer, what stock's does.

Each test runs both, one after the other, and compares: requests byte for byte, log lines, and what
becomes of the queue file.
"""

import concurrent.futures
import fcntl
import functools
import os
import re
import signal
import socket
import threading
import time
from typing import Iterator, List, Tuple

import pytest

from support import agent, attributes as protocol, queue_file
from support.agent import Agent
from support.conditions import wait_until
from support.instance import Instance
from support.programs import stock_but
from support.queue_file import record
from support.root import STOCK_MASTER, needs_root

MANAGERS = ["stock", "ours"]
SETTINGS = {"default_transport": "standin", "relay_transport": "standin"}

CONTENT = b"Subject: test\n\nhello\n"


def message(*envelope: bytes, extracted: bytes = b"", content: bytes = CONTENT, count: int = 1,
            flags: int = 0, smtputf8: int = 0, arrival: float = 0, end: bytes = record("E")) -> bytes:
    """A queue file with these records between the creation time and the content."""
    now = arrival or time.time()
    head = record("T", f"{int(now)} 250000".encode()) + record("A", b"create_time=%d" % now)
    head += b"".join(envelope) + record("M")
    text = queue_file.content_records(content)
    numbers = (len(text), 97 + len(head), count, flags, len(text), smtputf8)
    size = record("C", " ".join(f"{number:15d}" for number in numbers).encode())
    return size + head + text + record("X") + extracted + end


def attributes(*texts: str) -> bytes:
    return b"".join(record("A", text.encode()) for text in texts)


def sender(address: str = "sender@example.org") -> bytes:
    return record("S", address.encode())


def recipients(*addresses: str) -> bytes:
    return b"".join(record("O", a.encode()) + record("R", a.encode()) for a in addresses)


def put(mail, data: bytes) -> str:
    """Into the incoming queue; qmgr is not told."""
    owner = mail.queue_directory.joinpath("incoming").stat()
    return queue_file.write(mail.queue_directory / "incoming", data, (owner.st_uid, owner.st_gid))


def inject(mail, data: bytes) -> str:
    queue_id = put(mail, data)
    mail.trigger("qmgr", b"W")
    return queue_id


ENVELOPES = {
    "plain": message(sender(), recipients("user@example.com")),
    "null sender": message(sender(""), recipients("user@example.com")),
    "without extras": message(sender(), record("R", b"user@example.com")),
    "sender behind recipients": message(recipients("user@example.com"), sender()),
    "all attributes": message(
        attributes("log_ident=UPID123", "rewrite_context=remote", "envelope_id=QQ314159",
                   "ret_flags=1", "sasl_method=PLAIN", "sasl_username=joe", "sasl_sender=sj"),
        record("F", b"Full Name"), sender(),
        attributes("encoding=8bit", "log_client_name=orig.client", "log_client_address=192.0.2.7",
                   "log_client_port=4321", "log_helo_name=helo.orig", "log_protocol_name=ESMTP",
                   "client_name=real", "client_address=127.0.0.1", "client_port=1",
                   "helo_name=real", "protocol_name=SMTP", "client_address_type=2",
                   "notify_flags=10", "dsn_orig_rcpt=rfc822;bob+ext@example.com"),
        recipients("bob+ext@example.com"), flags=20),
    "real client": message(
        sender(), attributes("client_name=real", "client_address=127.0.0.1", "client_port=1",
                             "helo_name=real", "protocol_name=SMTP"),
        recipients("user@example.com")),
    "smtputf8": message(sender("s\u00e4nder@example.org"), recipients("r\u00e9@example.com"),
                        smtputf8=7),
    "utf-8 without smtputf8": message(sender(), recipients("r\u00e9@example.com")),
    "quoted": message(sender("a b@example.org"), recipients("c d@example.com", "\"@example.com"),
                      count=2),
    "recipients in order": message(
        sender(), recipients("zed@b.example", "Amy@a.example", "bob@A.example", "amy@a.example",
                             "Zoe@b.example", "x@c.example", "bob@a.example", "a.b@a.example"),
        count=8),
    "many recipients": message(
        sender(), recipients(*(f"u{n:03d}@example.com" for n in range(120))), count=120),
    "extracted recipients": message(
        sender(), recipients("one@example.com"), count=2,
        extracted=attributes("encoding=8bit") + recipients("two@example.com")),
    "some done": message(
        sender(), recipients("one@example.com"), record("O", b"two@example.com"),
        record("D", b"two@example.com"), record("/", b"three@example.com"),
        recipients("four@example.com"), count=4),
    "filter": message(sender(), recipients("user@example.com"),
                      extracted=record("L", b"standin:[127.0.0.1]:10025")),
    "filter without next hop": message(sender(), recipients("user@example.com", "b@c.example"),
                                       extracted=record("L", b"standin:"), count=2),
    "redirect": message(sender(), recipients("user@example.com", "other@example.com"), count=2,
                        extracted=record(">", b"elsewhere@example.net")),
    "inspect": message(sender(), record("I", b"standin:x"), recipients("user@example.com")),
    "verp": message(sender("owner@lists.example"), record("V", b"+="),
                    recipients("a@example.com", "b@example.com"), count=2),
    "verp null sender": message(sender(""), record("V", b"+="), recipients("a@example.com")),
    "duplicate attributes": message(
        attributes("sasl_method=one"), sender(),
        attributes("encoding=7bit", "encoding=8bit", " spaced = value "),
        recipients("user@example.com")),
    "count too low": message(sender(), recipients("a@example.com", "b@example.com"), count=1),
    "count too high": message(sender(), recipients("a@example.com"), count=7),
    "local part only": message(sender(), recipients("somebody")),
}
EXPECTED = {"many recipients": 3, "recipients in order": 3, "filter without next hop": 2,
            "verp": 2}


def requests_of(stock_suite, manager: str) -> dict:
    found = {}
    with stock_suite(qmgr=manager, local_transport="standin", smtputf8_enable=True,
                     default_destination_concurrency_limit=1, **SETTINGS) as mail:
        mail.log.allow("ignoring multiple", "ignoring VERP", "rcpt count mismatch")
        for name, data in ENVELOPES.items():
            with Agent(mail.queue_directory) as standin:
                queue_id = inject(mail, data)
                standin.wait_for_requests(EXPECTED.get(name, 1))
                mail.log.wait_for(f"{queue_id}: removed")
                lines = [match.group(1) for match in mail.log.find(rf"qmgr.*: {queue_id}: (.*)")]
                found[name] = (lines, sorted(r.anonymous() for r in standin.requests))
    return found


def test_sends_the_same_requests(stock_suite):
    theirs, ours = (requests_of(stock_suite, manager) for manager in MANAGERS)
    for name in ENVELOPES:
        assert ours[name] == theirs[name], name


def broken(name: str) -> bytes:
    good = message(sender(), recipients("user@example.com"))
    size = good[2:97]
    numbers = [int(n) for n in size.split()]

    def resized(index: int, value: int) -> bytes:
        changed = numbers[:index] + [value] + numbers[index + 1:]
        return record("C", " ".join(f"{n:15d}" for n in changed).encode()) + good[97:]

    text = queue_file.content_records(CONTENT)
    return {
        "no time": good.replace(good[97:good.index(b"A\x16create")], b"", 1).replace(
            size, b" ".join(b"%15d" % n for n in
                            [numbers[0], numbers[1] - (good.index(b"A\x16create") - 97),
                             *numbers[2:]])),
        "no sender": message(recipients("user@example.com")),
        "no size": good[97:],
        "wrong offset": resized(1, numbers[1] + 2),
        "wrong content size": resized(0, numbers[0] + 2),
        "no end": good[:-2],
        "no extracted segment": good.replace(text + record("X"), text),
        "unknown record": message(sender(), record("Z", b"what"), recipients("user@example.com")),
        "unknown flag": resized(3, 64),
        "bad attribute": message(sender(), record("A", b"no value"), recipients("u@example.com")),
        "cut off": good[:150],
        "empty": b"",
    }[name]


BROKEN = ["no time", "no sender", "no size", "wrong offset", "wrong content size", "no end",
          "no extracted segment", "unknown record", "unknown flag", "bad attribute", "cut off",
          "empty"]


def complaints_about(stock_suite, manager: str) -> list:
    found = []
    with stock_suite(qmgr=manager, **SETTINGS) as mail:
        mail.log.allow("")
        for name in BROKEN:
            queue_id = inject(mail, broken(name))
            mail.log.wait_for(f'saving corrupt file "{queue_id}"')
            wait_until(lambda: queue_id in mail.queue("corrupt"), 10, f"{name} is put aside")
            lines = [line.split("]: ", 1)[1].replace(queue_id, "QID") for line in mail.log.lines()]
            found.append((name, [line for line in lines if "warning: " in line
                                 and "mismatch" not in line and "QID" in line
                                 or "Unexpected record" in line]))
    return found


def test_puts_corrupt_files_aside_and_says_why(stock_suite):
    theirs, ours = (complaints_about(stock_suite, manager) for manager in MANAGERS)
    assert ours == theirs


REPLIES = {
    "done": agent.DONE,
    "later": agent.LATER,
    "done with a reason": agent.reply(0, "2.0.0", "odd"),
    "trouble": agent.reply(-1, "4.4.1", "no route"),
    "trouble without a reason": agent.reply(-1, "4.4.1"),
    "bad code": agent.reply(-1, "nonsense", "what"),
    "hangs up": None,
    "misnamed": agent.DONE.replace(b"reason", b"season"),
    "surplus": agent.DONE[:-1] + b"extra\x00x\0\0",
    "missing": agent.DONE[: -len(b"status\x000\0\0")] + b"\0",
}


def outcomes_of(stock_suite, manager: str) -> dict:
    found = {}
    with stock_suite(qmgr=manager, **SETTINGS) as mail:
        mail.log.allow("malformed response", "attribute")
        for name, answer in REPLIES.items():
            with Agent(mail.queue_directory, answer=lambda request: answer) as standin:
                began = time.time()
                queue_id = inject(mail, message(sender(), recipients("user@example.com")))
                standin.wait_for_requests(1)
                wait_until(lambda: queue_id not in mail.queue("incoming", "active"), 10, name)
                found[name] = queue_id in mail.queue("deferred")
                if found[name]:
                    status = mail.queue_path("deferred", queue_id).stat()
                    assert began + 298 < status.st_mtime < time.time() + 301
    return found


def test_judges_replies_alike(stock_suite):
    theirs, ours = (outcomes_of(stock_suite, manager) for manager in MANAGERS)
    assert ours == theirs
    assert ours["done"] is False and ours["hangs up"] is True


@pytest.mark.parametrize("manager", MANAGERS)
def test_suspends_a_destination_after_three_failures(stock_suite, manager):
    """Five at a time, so three failures are a cohort; the rest is deferred untried."""
    with stock_suite(qmgr=manager, defer_transports="", **SETTINGS) as mail:
        with Agent(mail.queue_directory,
                   answer=lambda request: agent.reply(-1, "4.4.1", "no route")) as standin:
            for n in range(12):
                put(mail, message(sender(), recipients(f"u{n}@example.com")))
            mail.trigger("qmgr", b"W")
            wait_until(lambda: len(mail.queue("deferred")) == 12, 10, "all are deferred")
            suspended = (r"relay=none, .*dsn=4\.4\.1, status=deferred "
                         r"\(delivery temporarily suspended: no route\)")
            wait_until(lambda: len(standin.requests) + len(mail.log.find(suspended)) == 12, 10,
                       "each was tried or suspended")
            assert 3 <= len(standin.requests) <= 6


@pytest.mark.parametrize("manager", MANAGERS)
def test_defers_when_there_is_no_transport(stock_suite, manager):
    with stock_suite(qmgr=manager, **SETTINGS) as mail:
        mail.log.expect("connect to transport private/standin: No such file or directory")
        queue_id = inject(mail, message(sender(), recipients("user@example.com")))
        mail.log.wait_for(rf"{queue_id}: to=<user@example.com>, relay=none, .*dsn=4\.3\.0, "
                          r"status=deferred \(mail transport unavailable\)")
        wait_until(lambda: queue_id in mail.queue("deferred"), 10, "it is deferred")


@pytest.mark.parametrize("manager", MANAGERS)
def test_defers_when_the_agent_speaks_another_protocol(stock_suite, manager):
    with stock_suite(qmgr=manager, **SETTINGS) as mail:
        mail.log.expect("unexpected protocol other from private/standin socket "
                        r"\(expected: delivery_request_protocol\)", "malformed response")
        with Agent(mail.queue_directory, hello=b"protocol\0other\0\0"):
            queue_id = inject(mail, message(sender(), recipients("user@example.com")))
            mail.log.wait_for(rf"{queue_id}: .*status=deferred \(mail transport unavailable\)")


@pytest.mark.parametrize("manager", MANAGERS)
def test_waits_for_the_agent_of_its_predecessor(stock_suite, manager):
    """A queue file that somebody has locked is left alone for a minute."""
    with stock_suite(qmgr=manager, **SETTINGS) as mail:
        mail.log.allow("process .*qmgr pid .* killed by signal 9", "bad command startup")
        held = []

        def hold(request):
            queue_id = request["queue_id"]
            descriptor = os.open(mail.queue_directory / "active" / queue_id, os.O_RDWR)
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            mail.kill("qmgr")
            held.append(descriptor)

        with Agent(mail.queue_directory, answer=hold):
            began = time.time()
            queue_id = inject(mail, message(sender(), recipients("user@example.com")))
            wait_until(lambda: held, 10, "the agent has it")
            mail.reload()
            mail.log.wait_for(f"{queue_id}: skipped, still being delivered", timeout=30)
            wait_until(lambda: queue_id in mail.queue("incoming"), 10, "back in incoming")
            status = mail.queue_path("incoming", queue_id).stat()
            assert began + 58 < status.st_mtime < time.time() + 61
        for descriptor in held:
            os.close(descriptor)


@pytest.mark.parametrize("manager", MANAGERS)
def test_an_agent_leaves_alone_what_a_manager_is_looking_at(stock_suite, manager):
    """An old manager's request, when the new one has opened the message. (Stock's agents die.)"""
    with stock_suite(qmgr=manager, error="ours", **SETTINGS) as mail:
        mail.log.expect(r"error\[\d+\]: warning: shared lock active/\w+: Resource temporarily unavail")

        def ask(request):
            with mail.connect("private/error") as client:
                protocol.receive(client)
                client.sendall(b"".join(protocol.encode(*part)
                                        for part in (request.common, *request.recipients)))
                return protocol.receive(client)[-1]

        def ask_twice(request):
            with open(mail.queue_directory / "active" / request["queue_id"], "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                answers.append(ask(request))
                processes.append(mail.processes("error"))
            answers.append(ask(request))
            return agent.DONE

        answers, processes = [], []
        with Agent(mail.queue_directory, answer=ask_twice):
            queue_id = inject(mail, message(sender(""), recipients("user@example.com")))
            mail.log.wait_for(f"{queue_id}: removed")
        assert answers == [("status", str(2**32 - 1)), ("status", "0")]
        assert processes == [mail.processes("error")] and processes[0]


def ask_and_leave(mail, request):
    """As a manager that is told to reload right after its request, before the agent has read it."""
    with mail.connect("private/smtp") as client:
        protocol.receive(client)
        mail.kill("smtp", signal.SIGSTOP)
        client.sendall(b"".join(protocol.encode(*part)
                                for part in (request.common, *request.recipients)))
    mail.kill("smtp", signal.SIGCONT)


@pytest.mark.parametrize("agents", ["ours", "stock"])
def test_an_agent_delivers_nothing_for_a_manager_that_has_gone(stock_suite, peer, agents):
    """Its successor may have asked another agent already. (Stock's agents deliver it, too.)"""
    with stock_suite(smtp=agents, relayhost=peer.nexthop, **SETTINGS) as mail:
        outcome = {"ours": "left alone, the queue manager that asked for it has gone",
                   "stock": "to=<user@example.com>.*status=sent"}[agents]

        def leave(request):
            ask_and_leave(mail, request)
            mail.log.wait_for(rf"smtp\[\d+\]: {request['queue_id']}: {outcome}")
            return agent.DONE

        with Agent(mail.queue_directory, answer=leave):
            queue_id = inject(mail, message(sender(""), recipients("user@example.com")))
            mail.log.wait_for(f"{queue_id}: removed")
        assert len(peer.messages) == {"ours": 0, "stock": 1}[agents]


@pytest.mark.parametrize("manager", MANAGERS)
def test_flushing_tries_deferred_mail_at_once(stock_suite, manager):
    with stock_suite(qmgr=manager, **SETTINGS) as mail:
        answers = [agent.LATER, agent.DONE]
        with Agent(mail.queue_directory, answer=lambda request: answers.pop(0)) as standin:
            queue_id = inject(mail, message(sender(), recipients("user@example.com")))
            wait_until(lambda: queue_id in mail.queue("deferred"), 10, "it is deferred")
            mail.trigger("qmgr", b"D")  # not due yet
            mail.flush()
            mail.log.wait_for(f"{queue_id}: removed")
            assert len(standin.requests) == 2


@pytest.mark.parametrize("manager", MANAGERS)
def test_returns_mail_that_is_too_old(stock_suite, manager):
    with stock_suite(qmgr=manager, **SETTINGS) as mail:
        old = time.time() - 6 * 86400
        with Agent(mail.queue_directory, answer=lambda request:
                   agent.LATER if request["sender"] else agent.DONE):
            queue_id = inject(mail, message(sender(), recipients("user@example.com"), arrival=old))
            mail.log.wait_for(f"{queue_id}: from=<sender@example.org>, status=expired, "
                              "returned to sender")
            mail.log.wait_for(f"{queue_id}: removed")


@pytest.mark.parametrize("manager", MANAGERS)
def test_bounces_stay_no_longer_than_other_mail(stock_suite, manager):
    """And a limit on recipients is not below that on messages."""
    adjusted = ["qmgr_message_recipient_limit is smaller than qmgr_message_active_limit - adjusting "
                "qmgr_message_recipient_limit",
                "bounce_queue_lifetime is larger than maximal_queue_lifetime - adjusting bounce_queue_lifetime"]
    with stock_suite(qmgr=manager, maximal_queue_lifetime="1d", qmgr_message_active_limit=30000,
                     **SETTINGS) as mail:
        mail.log.expect("adjusting bounce_queue_lifetime")
        mail.log.expect("adjusting qmgr_message_recipient_limit")
        old = time.time() - 2 * 86400
        with Agent(mail.queue_directory, answer=lambda request:
                   agent.DONE if request["sender"] else agent.LATER):
            queue_id = inject(mail, message(sender(""), recipients("user@example.com"), arrival=old))
            mail.log.wait_for(f"{queue_id}: from=<>, status=expired, returned to sender")
            mail.log.wait_for(f"{queue_id}: removed")
        assert [line.split("warning: ")[1] for line in mail.log.lines()
                if "/qmgr[" in line and "warning: " in line] == adjusted


def parameters_of_transports() -> Iterator[Tuple[str, str]]:
    """Each, with values good and bad."""
    counts = ["-1", "0", "1x", "$nosuch"]
    shares = ["abc", "2", "-1", "", "1/0", "1x", "1/5x", "0.5 2", "-1/-1", "1 / concurrency"]
    values = {"delivery_slot_cost": counts, "delivery_slot_loan": counts,
              "delivery_slot_discount": ["-1", "101", "", "1x"], "minimum_delivery_slots": counts,
              "recipient_limit": counts, "extra_recipient_limit": counts, "recipient_refill_limit": counts,
              "destination_recipient_limit": counts, "initial_destination_concurrency": counts,
              # With -1 stock never delivers anything.
              "destination_concurrency_limit": counts[1:],
              "destination_concurrency_failed_cohort_limit": counts,
              "recipient_refill_delay": ["-1s", "0", "5x", ""], "destination_rate_delay": ["-1s", "0", "5x"],
              "transport_rate_delay": ["-1s", "0", ""],
              "destination_concurrency_positive_feedback": shares,
              "destination_concurrency_negative_feedback": shares}
    for name, texts in values.items():
        yield from ((f"standin_{name}", text) for text in texts)
    for sign in ("positive", "negative"):
        yield f"default_destination_concurrency_{sign}_feedback", "abc"


def complaints(manager: str, setting: Tuple[str, str]) -> List[str]:
    """Those of a queue manager that has a message for a transport, without our explanations."""
    name, value = setting
    with Instance(stock_but("qmgr") if manager == "ours" else stock_but(), **{**SETTINGS, name: value}) as mail:
        mail.log.allow("/qmgr.* (warning|fatal): |qmgr.* exit status 1|bad command startup")
        with Agent(mail.queue_directory):
            queue_id = inject(mail, message(sender(), recipients("user@example.com")))
            mail.log.wait_for(rf"{queue_id}: removed|/qmgr\[\d+\]: fatal: ")
        lines = [line.partition("]: ")[2] for line in mail.log.troubles() if "/qmgr[" in line]
    return [line for line in lines if not line.startswith(f"warning: {mail.config_directory}/main.cf, line")]


@needs_root(STOCK_MASTER)
def test_parameters_of_transports_are_checked_as_by_stock():
    """Those, too, that have no effect with ours."""
    settings = list(parameters_of_transports())
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        stock = list(pool.map(functools.partial(complaints, "stock"), settings))
        ours = list(pool.map(functools.partial(complaints, "ours"), settings))
    assert dict(zip(settings, ours)) == dict(zip(settings, stock))


@pytest.mark.parametrize("manager", MANAGERS)
def test_asks_for_cached_connections_when_mail_is_back_to_back(stock_suite, manager):
    """One request at a time: the first without, the others with cache flags."""
    with stock_suite(qmgr=manager, default_destination_concurrency_limit=1, **SETTINGS) as mail:
        with Agent(mail.queue_directory) as standin:
            for n in range(6):
                put(mail, message(sender(), recipients(f"u{n}@example.com")))
            mail.trigger("qmgr", b"W")
            flags = [request["flags"] for request in standin.wait_for_requests(6)]
            mail.wait_for_empty_queue()
    assert flags[0] == "3"
    assert "6147" in flags[1:] and set(flags[1:]) <= {"3", "6147"}


@pytest.mark.parametrize("manager", MANAGERS)
def test_delivers_more_recipients_than_it_holds(stock_suite, manager):
    """Recipients are read as there is room for them, and nobody is left out."""
    everybody = [f"user{n:05d}@example.com" for n in range(1500)]
    with stock_suite(qmgr=manager, qmgr_message_recipient_limit=200, qmgr_message_active_limit=200,
                     default_recipient_limit=200, **SETTINGS) as mail:
        with Agent(mail.queue_directory) as standin:
            queue_id = inject(mail, message(sender(), recipients(*everybody), count=1500))
            mail.log.wait_for(f"{queue_id}: removed", timeout=60)
            served = [a for request in standin.requests for a in request.addresses]
            assert sorted(served) == everybody
            assert re.search(rf"{queue_id}: from=.*nrcpt=1500", mail.log.text())


@pytest.mark.parametrize("refill", [{"standin_recipient_refill_limit": 10},
                                    {"standin_recipient_refill_delay": "1s"}])
def test_reads_on_while_others_are_in_hand(stock_suite, refill):
    """As the transport wants: when there is so much room, or after so long."""
    first = [f"user{n}@a.test" for n in range(10)]
    later = [f"user{n}@b.test" for n in range(10)]
    released = {address: threading.Event() for address in first}

    def answer(request):
        for address in request.addresses:
            if address in released:
                released[address].wait(60)
        return agent.DONE

    with stock_suite(qmgr="ours", qmgr_message_recipient_limit=10, qmgr_message_active_limit=10,
                     initial_destination_concurrency=10, standin_destination_recipient_limit=1,
                     default_recipient_refill_limit=1000, default_recipient_refill_delay="1h",
                     **refill, **SETTINGS) as mail:
        with Agent(mail.queue_directory, answer=answer, at_once=True) as standin:
            def come(suffix):
                return [request for request in standin.requests
                        if request.addresses[0].endswith(suffix)]

            try:
                inject(mail, message(sender(), recipients(*first, *later), count=20))
                wait_until(lambda: len(come("@a.test")) == 10, 15, "the first ones")
                pause = threading.Event()
                for attempt, address in enumerate(first[:6]):
                    pause.wait(2 ** attempt / 10)
                    released[address].set()
                    if come("@b.test"):
                        break
                wait_until(lambda: come("@b.test"), 15, "one that was not in memory at first")
                assert not all(event.is_set() for event in released.values())
            finally:
                for event in released.values():
                    event.set()
            mail.wait_for_empty_queue()


@pytest.mark.parametrize("manager", MANAGERS)
def test_returns_mail_that_the_operator_gives_up(stock_suite, manager):
    """`postsuper -e` sets a mode bit; the next look at the file ends its life in the queue."""
    with stock_suite(qmgr=manager, **SETTINGS) as mail:
        with Agent(mail.queue_directory, answer=lambda request: agent.LATER) as standin:
            queue_id = inject(mail, message(sender(""), recipients("user@example.com")))
            wait_until(lambda: queue_id in mail.queue("deferred"), 10, "it is deferred")
            mail.queue_path("deferred", queue_id).chmod(0o710)
            mail.flush()
            mail.log.wait_for(rf"{queue_id}: to=<user@example.com>, .*dsn=4\.7\.0, status=deferred "
                              r"\(message is administratively expired\)")
            mail.log.wait_for(f"{queue_id}: from=<>, status=force-expired, returned to sender")
            mail.log.wait_for(f"{queue_id}: removed")
            assert len(standin.requests) == 1


class Resolver:
    """Stands in for trivial-rewrite; never answers a question about an address of `silent`."""

    def __init__(self, queue_directory, silent: str) -> None:
        self.asked = []
        self._silent = silent
        self._path = queue_directory / "private/rewrite"
        self._listener = socket.socket(socket.AF_UNIX)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "Resolver":
        self._listener.bind(str(self._path))
        self._path.chmod(0o666)
        self._listener.listen(5)
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        held = []
        try:
            while True:
                client, _ = self._listener.accept()
                held.append(client)
                client.sendall(protocol.encode(("protocol", "trivial_rewrite_protocol")))
                threading.Thread(target=self._answer, args=(client,), daemon=True).start()
        except OSError:
            for client in held:
                client.close()

    def _answer(self, client) -> None:
        try:
            while True:
                address = dict(protocol.receive(client))["address"]
                self.asked.append(address)
                if not address.endswith(self._silent):
                    client.sendall(protocol.encode(
                        ("flags", 0), ("transport", "standin"), ("nexthop", "example.com"),
                        ("recipient", address), ("flags", 4096)))
        except (EOFError, OSError):
            pass


def test_goes_on_delivering_while_the_resolver_is_silent(stock_suite):
    """Stock waits for the resolver, and with it everybody; ours evaluates what agents report."""
    proceed = threading.Event()

    def answer(request):
        proceed.wait(20)
        return agent.DONE

    with stock_suite(qmgr="ours", services={"rewrite/unix": None}, **SETTINGS) as mail:
        with Resolver(mail.queue_directory, "@silent.example") as resolver, \
                Agent(mail.queue_directory, answer=answer) as standin:
            quick = inject(mail, message(sender(), recipients("user@example.com")))
            standin.wait_for_requests(1)
            inject(mail, message(sender(), recipients("user@silent.example")))
            wait_until(lambda: "user@silent.example" in resolver.asked, 10, "the question")
            proceed.set()
            mail.log.wait_for(f"{quick}: removed")


@pytest.mark.parametrize("times", [20])
def test_loses_nothing_when_it_is_killed_again_and_again(stock_suite, times):
    """Every message is delivered at least once, whatever the moment of death."""
    everybody = [f"user{n}@example.com" for n in range(200)]
    with stock_suite(qmgr="ours", service_throttle_time="1s", **SETTINGS) as mail:
        mail.log.allow("killed by signal 9", "bad command startup", "malformed response",
                       "connect .*qmgr", "open active", "write resolver reply")
        with Agent(mail.queue_directory) as standin:
            for recipient in everybody:
                inject(mail, message(sender(), recipients(recipient)))
            for _ in range(times):
                wait_until(lambda: mail.processes("qmgr"), 10, "a queue manager")
                mail.kill("qmgr")
                mail.trigger("qmgr", b"W")
            mail.trigger("qmgr", b"W")
            mail.wait_for_empty_queue(60)
            served = {a for request in standin.requests for a in request.addresses}
            assert served == set(everybody)


def test_looks_again_at_new_mail_when_it_is_due(stock_suite):
    """Stock waits for the next trigger, which may be master's, five minutes later."""
    with stock_suite(qmgr="ours", **SETTINGS) as mail:
        with Agent(mail.queue_directory) as standin:
            queue_id = put(mail, message(sender(), recipients("user@example.com")))
            path = mail.queue_path("incoming", queue_id)
            due = time.time() + 4
            os.utime(path, (due, due))
            mail.trigger("qmgr", b"W")
            mail.log.wait_for(f"{queue_id}: removed")
            assert time.time() >= due - 2
            assert len(standin.requests) == 1
