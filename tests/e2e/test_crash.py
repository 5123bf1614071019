"""Nothing is lost when processes are killed, at any moment, again and again."""

import contextlib
import fcntl
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.conditions import empty_twice, wait_until
from support.instance import WAITING_QUEUES, Instance
from support.processes import send, wait_for_end
from support.samples import RECEIVED, Samples, on_the_wire
from support.smtp_peer import RecordingPeer

DESTINATIONS = ("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5")
PER_DESTINATION = 250
SUBMITTED = 50  # of those, by sendmail while processes die; the others lie in the queue before
KILLING_TIME = 20.0
KILL_EVERY = 0.2
COMMANDS = {"sendmail", "postdrop"}  # not daemons: who kills these has taken the message back

SERVER_DELAY = 0.3  # so that deliveries go on for as long as the killing does

QUICK_RECOVERY = {
    "service_throttle_time": "1s",
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "1s",
    "queue_run_delay": "1s",
    "transport_retry_time": "1s",
    "ipc_timeout": "10s",
}


class Killer:
    """Kills a random daemon every now and then, and starts master again when it was that one."""

    def __init__(self, mail: Instance, seed: int) -> None:
        self.mail = mail
        self.random = random.Random(seed)
        self.killed: Counter = Counter()

    def run(self, enough: threading.Event) -> None:
        deadline = time.monotonic() + KILLING_TIME
        while time.monotonic() < deadline and not enough.wait(KILL_EVERY):
            self.kill_one()

    def kill_one(self) -> None:
        daemons = [one for one in self.mail.processes() if one.name not in COMMANDS]
        if not daemons:
            return
        # By name first: there are twenty smtp processes and one qmgr.
        name = self.random.choice(sorted({one.name for one in daemons}))
        victim = self.random.choice([one for one in daemons if one.name == name])
        send(victim, signal.SIGKILL)
        self.killed[name] += 1
        wait_for_end(victim.pid, 10)
        if name == "master":
            self.restart()

    def restart(self) -> None:
        """Also when the new master is refused: the lock of the old one goes with it."""
        def started() -> bool:
            try:
                self.mail.start()
            except (AssertionError, subprocess.TimeoutExpired):
                return self.mail.master_pid() is not None
            return True

        wait_until(started, 30, "a new master")


def _slowly(_argument):
    """As usual, after a while: a busy server."""
    threading.Event().wait(SERVER_DELAY)


def _samples():
    return {address: Samples(PER_DESTINATION, domain=f"[{address}]") for address in DESTINATIONS}


def _submit(mail, samples, submitted):
    for number in range(PER_DESTINATION - SUBMITTED, PER_DESTINATION):
        for address, some in samples.items():
            recipient = f"user{number}@[{address}]"
            mail.submit([recipient], some.contents[recipient])
            submitted.add(recipient)


def _content(message):
    received = RECEIVED.match(message.content)
    return message.content[received.end():] if received else message.content


def _check_arrivals(peer, samples):
    arrived = Counter()
    for connection in peer.connections:
        for message in connection.messages:
            for recipient in message.recipients:
                some = samples[connection.address]
                assert recipient in some.contents, f"{recipient} came to {connection.address}"
                assert _content(message) == on_the_wire(some.contents[recipient]), recipient
                arrived[recipient] += 1
    wanted = {recipient for some in samples.values() for recipient in some.contents}
    lost = sorted(wanted - set(arrived))
    assert not lost, f"{len(lost)} lost: {lost[:10]}"
    return arrived


def _complete(mail):
    """The messages that wait. A file that its writer could not finish is none: its mode says so,
    the writer's client still has the message, and postsuper(1) removes the file some day."""
    found = []
    for queue in WAITING_QUEUES:
        for where, _, files in os.walk(mail.queue_directory / queue):
            found += [name for name in files if _is_complete(os.path.join(where, name))]
    return found


def _is_complete(path):
    try:
        return os.stat(path).st_mode & 0o700 == 0o700
    except FileNotFoundError:
        return False


def _held_locks(directory):
    """The files below `directory` that somebody has locked."""
    with open("/proc/locks", encoding="ascii") as table:
        inodes = {int(line.split()[5].rpartition(":")[2]) for line in table if "->" not in line}
    found = []
    for where, _, files in os.walk(directory):
        for path in (os.path.join(where, file) for file in files):
            with contextlib.suppress(FileNotFoundError):
                found += [path] if os.stat(path).st_ino in inodes else []
    return found


@pytest.mark.parametrize("seed", [1])
def test_nothing_is_lost_when_daemons_are_killed(suite, user, seed):
    samples = _samples()
    with RecordingPeer(*DESTINATIONS, replies={"MAIL": _slowly}) as peer:
        with suite(user=user, smtp_tcp_port=peer.port, smtp_connection_cache_on_demand=True,
                   default_destination_concurrency_limit=5, **QUICK_RECOVERY) as mail:
            mail.log.allow("")  # a crash may cause any warning
            for some in samples.values():
                for recipient, content in list(some.contents.items())[:PER_DESTINATION - SUBMITTED]:
                    mail.inject([recipient], content, trigger=False)
            mail.trigger("qmgr", b"W")
            submitted, enough = set(), threading.Event()
            killer = Killer(mail, seed)
            with ThreadPoolExecutor(1) as pool:
                submission = pool.submit(_submit, mail, samples, submitted)
                killer.run(enough)
                submission.result()
            assert len(submitted) == SUBMITTED * len(DESTINATIONS)
            assert {"master", "qmgr", "smtp"} <= set(killer.killed), killer.killed
            wait_until(lambda: empty_twice(lambda: _complete(mail)), 150, "all mail delivered")
            _check_arrivals(peer, samples)
            queue = mail.queue_directory
            wait_until(lambda: not [path for path in _held_locks(queue) if "/pid/" not in path], 10,
                       "no lock on a queue file")
            mail.stop()
            assert not _held_locks(mail.root)
            with open(queue / "pid/master.pid", "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
