"""smtp-sink and smtp-source: with each other, and with clients that say what they like."""

import contextlib
import json
import os
import pathlib
import signal
import smtplib
import socket
import subprocess
from typing import Iterator, List

import pytest
from support import corpus, processes, programs
from support.conditions import wait_until
from support.debian import REPOSITORY
from support.smtp_sink import SmtpSink


def sink(*options: str, **how) -> SmtpSink:
    return SmtpSink(programs.ours("smtp-sink"), *options, **how)


def source(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([programs.ours("smtp-source"), *map(str, arguments)], timeout=60,
                          capture_output=True, text=True, check=False)


def sent(*arguments: object) -> str:
    done = source(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def store() -> pathlib.Path:
    path = pathlib.Path("/tmp") / f"handoff-store-{os.getpid()}"  # where "nobody" gets to
    path.mkdir()
    yield path
    for file in path.iterdir():
        file.unlink()
    path.rmdir()


def test_messages_arrive_over_many_connections_at_once():
    with sink("-m", "400", counters=True) as server:
        output = sent("-s", 300, "-m", 900, "-l", 2000, "-c", f"127.0.0.1:{server.port}")
        assert output.splitlines()[-1] == "900"
        server.stop()
        counters = server.counters()
    assert counters["sessions"] == counters["messages"] == counters["quits"] == 900
    assert counters["sessions_by_messages"] == {"1": 900}
    assert counters["most_open_sessions"] > 100
    assert counters["bytes_of_text"] > 900 * 2000


def test_connections_are_kept_when_asked_to():
    with sink(counters=True) as server:
        sent("-d", "-s", 5, "-m", 100, "-r", 3, "-N", f"127.0.0.1:{server.port}")
        server.stop()
        counters = server.counters()
    assert (counters["sessions"], counters["messages"], counters["recipients"]) == (5, 100, 300)
    assert sum(int(n) * count for n, count in counters["sessions_by_messages"].items()) == 100
    assert counters["round_trips"]["."] == 100


def test_messages_are_stored_as_they_were_sent(store):
    messages = sorted((REPOSITORY / "tests/data/mail").glob("*.eml"))
    with sink(store=store) as server:
        for path in messages:
            sent("-F", path, "-t", f"{path.stem}@example.test", f"127.0.0.1:{server.port}")
    expected = {path.stem: corpus.as_delivered(path.read_bytes()) for path in messages}
    for path in store.glob("*.json"):
        recipient = json.loads(path.read_text())["recipients"][0]
        name = recipient.removeprefix("<").removesuffix("@example.test>")
        assert path.with_suffix(".eml").read_bytes() == expected.pop(name), name
    assert not expected


@contextlib.contextmanager
def announcing(*words: str) -> Iterator[List[str]]:
    """A sink that tells where it listens; it must end well when told to."""
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [str(programs.ours("smtp-sink")), *user, "--listening=-", *words, "10"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            operands = [word for word in words if not word.startswith("-")]
            yield [process.stdout.readline().strip() for _ in operands]
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_lmtp_over_a_unix_socket(tmp_path):
    path = str(tmp_path / "socket")
    with announcing("-L", f"unix:{path}") as addresses:
        assert addresses == [f"unix:{path}"]
        sent("-L", "-r", 2, "-m", 3, "-d", addresses[0])


def test_the_system_chooses_ports_and_the_sink_tells():
    with announcing("127.0.0.1:0", "127.0.0.1:0") as addresses:
        assert len(set(addresses)) == 2
        for address in addresses:
            sent(address)


def test_each_address_is_counted():
    with sink(addresses=("127.0.0.1", "127.0.0.2"), counters=True) as server:
        sent("-m", 2, f"127.0.0.2:{server.port}")
        server.stop()
        assert server.counters()["addresses"] == {
            f"127.0.0.1:{server.port}": {"sessions": 0, "messages": 0},
            f"127.0.0.2:{server.port}": {"sessions": 2, "messages": 2}}


def test_counters_are_told_on_request():
    with sink(counters=True, counters_interval=None) as server:
        sent(f"127.0.0.1:{server.port}")
        assert server.counters()["messages"] == 0
        os.kill(server.pid, signal.SIGUSR1)
        wait_until(lambda: server.counters()["messages"] == 1, 10, "the counters")


@pytest.mark.parametrize("option, count", [("-M", 3), ("-n", 2)])
def test_it_exits_after_enough(option, count):
    with sink(option, str(count), counters=True) as server:
        source("-m", count, f"127.0.0.1:{server.port}")  # -M need not wait for its QUIT
        wait_until(lambda: ended(server.pid), 10, "the end of the sink")
        assert server.counters()["messages"] == count


def ended(pid: int) -> bool:
    """Whether a child, which nobody has waited for, is over."""
    return processes.stat(pid)[0] == "Z"


def test_refusals_end_the_source_unless_told_otherwise():
    with sink("-r", "RCPT", counters=True) as server:
        done = source("-m", 3, f"127.0.0.1:{server.port}")
        assert done.returncode == 1
        assert done.stderr == ("smtp-source: fatal: recipient rejected: "
                               "450 4.3.0 Error: command failed\n")
        sent("-A", "-m", 3, "-d", f"127.0.0.1:{server.port}")
        server.stop()
        assert server.counters()["messages"] == 0
        assert server.counters()["refused"] == 4


def test_faults_are_injected_by_odds():
    with sink("-r", "MAIL:50", counters=True) as server:
        sent("-A", "-d", "-m", 400, f"127.0.0.1:{server.port}")
        server.stop()
        assert 120 < server.counters()["messages"] < 280


def test_a_421_reaches_the_client_that_has_pipelined():
    with sink("--messages-per-connection=1") as server:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=10) as client:
            client.ehlo("me")
            client.sendmail("a@b", ["c@d"], b"S: x\r\n\r\nhi\r\n")
            client.send(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
            assert client.getreply()[0] == 421
            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.noop()


def test_a_segment_size_is_announced():
    with sink("--max-segment-size=1448") as server:
        with socket.create_connection(("127.0.0.1", server.port), 10) as client:
            client.recv(100)
            assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) <= 1448


def test_clients_beyond_the_limit_wait_for_their_turn():
    with sink("-m", "1") as server:
        with socket.create_connection(("127.0.0.1", server.port), 10) as first, \
                socket.create_connection(("127.0.0.1", server.port), 10) as second:
            assert first.recv(100).startswith(b"220")
            second.setblocking(False)
            with pytest.raises(BlockingIOError):
                second.recv(100)
            second.setblocking(True)
            second.settimeout(10)
            first.close()
            assert second.recv(100).startswith(b"220")


@pytest.mark.parametrize("words, complaint", [
    (["127.0.0.1:1"], "an address and a backlog are needed"),
    (["-q", "FOO", "127.0.0.1:1", "10"], "-q: unknown command: FOO"),
    (["-u", "nobody", "-J", "/missing/J", "127.0.0.1:0", "10"], "open /missing/J"),
    (["-u", "no-such-user", "127.0.0.1:0", "10"], "unknown user: no-such-user"),
])
def test_mistakes_are_named(words, complaint):
    done = subprocess.run([programs.ours("smtp-sink"), *words], capture_output=True, text=True,
                          timeout=10, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"smtp-sink: fatal: {complaint}")
