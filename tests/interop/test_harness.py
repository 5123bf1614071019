"""The harness notices what it is there to notice: trouble fails the test it happens in."""

import os
import pwd
import socket
import subprocess
import sys

import dns.resolver
import pytest

from support.attributes import encode, receive, receive_descriptor, send_descriptors
from support.conditions import is_listening, wait_until
from support.debian import REPOSITORY
from support.dns_server import DnsServer, mail_zone
from support.layout import ROOTLESS_USER
from support.processes import within
from support.programs import OUR_COMMANDS, OUR_DAEMONS, MissingProgram
from support.smtp_peer import ScriptedPeer


def test_a_warning_that_nobody_announced_fails(stock_suite):
    with pytest.raises(AssertionError, match="unexpected in the log: .*bad command startup"):
        with stock_suite(services={"bad/unix": "- - n 1 1 smtp -o nonsense"}) as mail:
            mail.log.wait_for("bad command startup")


def test_an_announced_warning_passes_and_a_missing_one_fails(stock_suite):
    with stock_suite(services={"bad/unix": "- - n 1 1 smtp -o nonsense"}) as mail:
        mail.log.expect("bad command startup", r"exit status 1$")
        mail.log.allow("fatal: ")
        mail.log.wait_for("bad command startup")
    with pytest.raises(AssertionError, match="never logged: no such thing"):
        with stock_suite() as mail:
            mail.log.expect("no such thing")


def test_a_process_left_over_fails_and_is_ended(stock_suite, monkeypatch):
    monkeypatch.setattr("support.instance.STOP_TIME", 0.2)
    stray = None
    with pytest.raises(AssertionError, match="these processes are left"):
        with stock_suite() as mail:
            stray = subprocess.Popen(["cat"], cwd=mail.queue_directory, stdin=subprocess.PIPE)
    assert stray.wait(10) == -9
    assert within(mail.root) == []
    assert not mail.root.exists()


def test_a_failing_test_leaves_nothing(stock_suite):
    with pytest.raises(ZeroDivisionError):
        with stock_suite() as mail:
            mail.log.wait_for("daemon started")
            assert mail.processes("master")
            raise ZeroDivisionError
    assert within(mail.root) == []
    assert not mail.root.exists()


ODD_TESTS = """
import threading
import pytest
from support.instance import Instance
from support.programs import ours_but

@pytest.fixture
def mail():
    with Instance(ours_but(), start=False) as instance:
        instance.log.path.write_text("a line of the log\\n")
        yield instance

def test_that_fails_with_an_instance_in_a_fixture(mail):
    assert not mail

def test_that_hangs():
    threading.Event().wait()

def test_with_a_thread_that_fails():
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()

def test_that_passes():
    pass
"""


def test_odd_tests_fail_and_say_why(tmp_path):
    tests = REPOSITORY / "tests"
    (tmp_path / "test_odd.py").write_text(ODD_TESTS)
    done = subprocess.run([sys.executable, "-m", "pytest", "-c", tests / "pytest.ini", "-p",
                           "conftest", f"--rootdir={tmp_path}", tmp_path / "test_odd.py"],
                          env={**os.environ, "PYTHONPATH": str(tests),
                               "HANDOFF_TEST_PATIENCE": "0.01", "HANDOFF_TEST_FULL": ""},
                          capture_output=True, text=True, timeout=60, check=False)
    assert "3 failed, 1 passed" in done.stdout
    assert "a line of the log" in done.stdout
    assert "Failed: not over after 3 s" in done.stdout
    assert "PytestUnhandledThreadExceptionWarning: Exception in thread" in done.stdout


def test_restarts_and_reloads(stock_suite, peer):
    with stock_suite(relayhost="[127.0.0.1]:1") as mail:
        mail.configure(relayhost=peer.nexthop)
        first = mail.master_pid()
        mail.reload()
        mail.inject(["one@example.test"], b"Subject: 1\n\n")
        peer.wait_for_messages(1)
        assert mail.master_pid() == first
        mail.stop()
        assert mail.processes() == []
        mail.start()
        mail.inject(["two@example.test"], b"Subject: 2\n\n")
        peer.wait_for_messages(2)
        mail.wait_for_empty_queue()


def test_survives_the_death_of_master(stock_suite, peer):
    with stock_suite(relayhost=peer.nexthop) as mail:
        assert mail.kill("master")
        wait_until(lambda: not mail.processes(), 10, "all daemons leave")
        mail.start()
        mail.inject(["one@example.test"], b"Subject: 1\n\n")
        peer.wait_for_messages(1)
        mail.wait_for_empty_queue()


def test_a_program_that_is_not_built_is_named(stock_suite, monkeypatch, tmp_path):
    monkeypatch.setenv("HANDOFF_BIN", str(tmp_path))
    with pytest.raises(MissingProgram, match=f"{tmp_path}/scache does not exist"):
        with stock_suite(scache="ours"):
            pass


def test_a_rootless_instance_runs_as_its_user_in_its_own_directories(suite, monkeypatch, tmp_path):
    for name in OUR_DAEMONS | OUR_COMMANDS:
        (tmp_path / name).write_text("#!/bin/sh\nid -u; touch $1/incoming/new $1/pid/new\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("HANDOFF_BIN", str(tmp_path))
    user = ROOTLESS_USER if os.geteuid() == 0 else None
    with suite(user=user, start=False) as mail:
        done = mail.run([mail.daemon("master"), mail.queue_directory])
        expected = pwd.getpwnam(user).pw_uid if user else os.geteuid()
        assert (done.stdout.split(), done.stderr) == ([str(expected).encode()], b"")
        assert mail.queue("incoming") == ["new"]


def test_speaks_the_attribute_protocol_to_stock_scache(stock_suite):
    with stock_suite() as mail, mail.connect("private/scache") as cache:
        ours, remote = socket.socketpair()
        with ours, remote:
            assert receive(cache) == [("protocol", "connection_cache_protocol")]
            cache.sendall(encode(("request", "save_endp"), ("ttl", 2), ("label", "here"),
                                 ("property", "known")))
            assert receive(cache) == [("dummy", "")]
            send_descriptors(cache, ours.fileno())
            assert receive(cache) == [("status", "0")]
            cache.sendall(encode(("request", "find_endp"), ("label", "here")))
            assert receive(cache) == [("status", "0"), ("property", "known")]
            cache.sendall(encode(("dummy", "")))
            with socket.socket(fileno=receive_descriptor(cache)) as back:
                cache.sendall(encode(("dummy", "")))
                back.sendall(b"hello")
            assert remote.recv(5) == b"hello"


def test_a_scripted_peer_follows_its_script_and_tells_departures():
    script = r"""
        S: 220 mx.example ESMTP   # greets
        C: (EHLO|HELO) .*
        S: 250 mx.example
        C: <message>
    """
    with ScriptedPeer(script) as peer:
        with socket.create_connection(("127.0.0.1", peer.port), 5) as client:
            client.sendall(b"HELO me\r\na\r\n..b\r\n.\r\nQUIT\r\n")
            replies = client.makefile("rb")
            assert [replies.readline()[:3] for _ in range(3)] == [b"220", b"250", b"221"]
    assert peer.contents == [b"a\r\n.b\r\n"]

    with pytest.raises(AssertionError, match="script line 2 .*NOOP"):
        with ScriptedPeer(script) as peer:
            with socket.create_connection(("127.0.0.1", peer.port), 5) as client:
                client.sendall(b"NOOP\r\n")
                assert client.makefile("rb").read().startswith(b"220")


def test_a_name_server_answers_for_its_zone_only():
    zone = mail_zone({"example.test": ["127.0.0.2", "127.0.0.3"], "none.test": []})
    with DnsServer(zone) as server:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [server.address], server.port
        for tcp in (False, True):
            hosts = [mx.exchange for mx in resolver.resolve("example.test", "MX", tcp=tcp)]
            assert [resolver.resolve(host, "A")[0].address for host in hosts] \
                == ["127.0.0.2", "127.0.0.3"]
        with pytest.raises(dns.resolver.NXDOMAIN):
            resolver.resolve("new.test", "A")
        server.replace({"new.test": {"A": ["127.0.0.9"]}})
        assert resolver.resolve("new.test", "A")[0].address == "127.0.0.9"
    assert not is_listening(server.port)
