"""Every stock daemon under our master, and our daemons under stock's: mail comes in through smtpd and
goes out through smtp, every service answers, and reloads in between are noticed by nobody.
"""

import concurrent.futures
import contextlib
import os
import re
import socket
import subprocess

import pytest

from support import master_cf
from support.conditions import TimedOut, free_port, wait_until
from support.log import OF_RELOADS
from support.programs import Mix, ours_but, stock, stock_but
from support.smtp_sink import SmtpSink

# Also the run that shows what stock does alone.
FULL = bool(os.environ.get("HANDOFF_TEST_FULL"))
MESSAGES = 200
RUN = 2000
RELOADS = 20
CONCURRENCY = 20
# What stock has alone: whoever uses ours needs it for mail from the network.
STOCK_ONLY = ("smtpd", "anvil", "proxymap", "tlsmgr", "verify", "flush", "showq", "discard", "local",
              "virtual", "lmtp", "tlsproxy")
MIXES = {"stock": stock_but(), "our master": stock_but("master"),
         "our daemons": ours_but("master", *STOCK_ONLY)}
# These do not leave after a client.
LASTING = {"master", "smtpd", "cleanup", "trivial-rewrite", "qmgr", "smtp", "pickup", "anvil", "tlsmgr",
           "scache", "postlogd", "verify", "proxymap", "tlsproxy", "local", "virtual", "lmtp"}
# What stock alone says at such a moment, too: the server has left, with a request unread.
ON_THE_WAY_OUT = (r"warning: problem talking to service (rewrite|private/scache): "
                  r"(Connection reset by peer|Broken pipe)")
# What Postfix's own daemons say to a client that connects and hangs up.
OF_SILENT_CLIENTS = (
    r"/bounce\[\d+\]: warning: malformed request",
    r"/flush\[\d+\]: warning: end-of-input while reading request from flush socket",
    r"/tlsproxy\[\d+\]: warning: (TLS server role is disabled|tlsp_get_request_event)")


class Submission:
    """smtp-source, with a recipient of its own for each message."""

    def __init__(self, port: int, messages: int) -> None:
        command = [str(stock().program("smtp-source")), "-N", "-s", str(CONCURRENCY), "-l", "1000",
                   "-m", str(messages), "-f", "sender@handoff.test", "-t", "user@example.test",
                   f"inet:127.0.0.1:{port}"]
        self._process = subprocess.Popen(command, env=stock().environment(),
                                         stderr=subprocess.PIPE)

    def wait(self) -> None:
        _, errors = self._process.communicate(timeout=120)
        assert self._process.returncode == 0, errors.decode()


@contextlib.contextmanager
def system(stock_suite, mix: Mix):
    """A running mail system with smtpd, the port of that, and where the mail goes."""
    port = free_port()
    services = {f"127.0.0.1:{port}/inet": "n - n - - smtpd", "tlsproxy/unix": "- - n - 0 tlsproxy",
                "smtp/unix": f"- - n - {CONCURRENCY} smtp"}
    sink = SmtpSink(stock().program("smtp-sink"), environment=stock().environment())
    with sink, stock_suite(mix, services=services, relayhost=sink.nexthop,
                           smtpd_recipient_restrictions="permit_mynetworks, reject",
                           default_destination_concurrency_limit=CONCURRENCY,
                           virtual_mailbox_base="/nonexistent", smtp_tls_security_level="none") as mail:
        yield mail, port


def delivered(mail):
    """The recipients, in the order of delivery."""
    return [match.group(1) for match in mail.log.find(r"to=<(\d+user@example\.test)>.*status=sent")]


def wait_for_all(mail, count):
    """A manager that leaves at a reload may have taken the wake-up that was meant for the next one,
    and a message may have been deferred at that moment: so there is another wake-up now and then."""
    def done():
        return len(mail.log.find("status=sent")) >= count and not mail.queue()

    for _ in range(10):
        with contextlib.suppress(TimedOut):
            wait_until(done, 6, f"{count} deliveries and an empty queue")
            break
        mail.flush()
    assert not mail.queue()
    recipients = delivered(mail)
    assert len(recipients) == len(set(recipients)) == count


def answer_of(mail, service):
    """What a service says to a client that says nothing, and the program that serves it."""
    name, kind = service.split("/")
    directory = "private" if master_cf.STOCK.get(service, "-").split()[0] == "-" else "public"
    if kind != "unix" or name == "pickup" or name == "qmgr":
        return None
    with mail.connect(f"{directory}/{name}") as client:
        program = master_cf.STOCK.get(service, "- - n - 0 " + name).split()[5]
        wait_until(lambda: any(process.name == program for process in mail.processes()), 10,
                   f"a process of {program} for {name}")
        client.settimeout(1)
        try:
            return re.sub(rb"queue_id\0\w+", b"queue_id", client.recv(1024))
        except socket.timeout:
            return b"(silence)"


def all_answers(mail):
    services = [*master_cf.STOCK, "tlsproxy/unix"]
    with concurrent.futures.ThreadPoolExecutor(len(services)) as pool:
        return dict(zip(services, pool.map(lambda service: answer_of(mail, service), services)))


def deliver_and_ask(stock_suite, mix):
    with system(stock_suite, mix) as (mail, port):
        Submission(port, MESSAGES).wait()
        wait_for_all(mail, MESSAGES)
        mail.log.allow(*OF_SILENT_CLIENTS)
        answers = all_answers(mail)
        assert {process.name for process in mail.processes()} >= LASTING
    return answers


def test_mail_comes_in_and_goes_out_and_every_service_answers(stock_suite):
    with concurrent.futures.ThreadPoolExecutor(len(MIXES)) as pool:
        answers = dict(zip(MIXES, pool.map(lambda mix: deliver_and_ask(stock_suite, mix),
                                           MIXES.values())))
    assert answers["our master"] == answers["stock"]
    assert answers["our daemons"] == answers["stock"]


@pytest.mark.parametrize("name", MIXES if FULL else [name for name in MIXES if name != "stock"])
def test_reloads_during_a_run(stock_suite, name):
    with system(stock_suite, MIXES[name]) as (mail, port):
        mail.log.allow(ON_THE_WAY_OUT, *OF_RELOADS)
        run = Submission(port, RUN)
        for count in range(1, RELOADS + 1):
            wait_until(lambda: len(mail.log.find("status=sent")) >= RUN * count // (RELOADS + 1), 60,
                       f"the moment for reload {count}")
            mail.reload()
        run.wait()
        wait_for_all(mail, RUN)
        assert len(mail.log.find(r"master\[\d+\]: reload -- version")) == RELOADS
