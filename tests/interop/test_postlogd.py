"""Our postlogd below stock's master, and below ours, with senders that wait as stock's do."""

import concurrent.futures
import signal
import socket

import pytest

from support.conditions import wait_until
from support.programs import ours_but, stock_but

MASTERS = [stock_but("postlogd"), ours_but()]
SENDERS = 4
RELOADS = 5


def send(mail, sender, is_enough):
    """As libpostfix does: a datagram for each line, and patience when the queue is full."""
    count = 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.settimeout(30)
        end.connect(str(mail.queue_directory / "public/postlog"))
        while not is_enough(count):
            end.send(f"Nov 22 21:07:05 mail test/sender[{sender}]: line {count}".encode())
            count += 1
    return count


def check_lines(mail, counts):
    """Every line once, in the order of its sender."""
    wait_until(lambda: len(mail.log.find("test/sender")) >= sum(counts), 20, "all lines")
    for sender, count in enumerate(counts):
        lines = mail.log.find(rf"test/sender\[{sender}\]: line (\d+)$")
        assert [int(line.group(1)) for line in lines] == list(range(count))
    assert not mail.log.find("lines were lost")


@pytest.mark.parametrize("mix", MASTERS, ids=str)
def test_it_does_not_wait_for_master(stock_suite, mix):
    """Stock's does: it reports each line, and a master that waits for the log does not listen."""
    with stock_suite(mix) as mail, concurrent.futures.ThreadPoolExecutor(SENDERS) as pool:
        mail.log.wait_for("daemon started")
        mail.kill("master", signal.SIGSTOP)
        try:
            sent = [pool.submit(send, mail, sender, lambda count: count == 1000)
                    for sender in range(SENDERS)]
            check_lines(mail, [one.result() for one in sent])
        finally:
            mail.kill("master", signal.SIGCONT)


@pytest.mark.parametrize("mix", MASTERS, ids=str)
def test_nothing_is_lost_at_reloads(stock_suite, mix):
    with stock_suite(mix) as mail, concurrent.futures.ThreadPoolExecutor(SENDERS) as pool:
        mail.log.wait_for("daemon started")
        reloads = []
        sent = [pool.submit(send, mail, sender, lambda count: len(reloads) == RELOADS)
                for sender in range(SENDERS)]
        while len(reloads) < RELOADS:
            before = mail.processes("postlogd")
            mail.reload()
            # Stock's master must have somebody who listens: for its own lines it waits, too.
            wait_until(lambda: not any(old.alive for old in before) and mail.processes("postlogd"),
                       10, "the next one")
            reloads.append(before)
        check_lines(mail, [one.result() for one in sent])
