"""The cache goes from one scache process to the next, and remote ends see nothing of it."""

import contextlib
import os
import shutil
import socket

import pytest

from support.conditions import wait_until
from support.programs import locate
from support.scache_client import (HANDED, MASTERS, TOOK, ScacheClient, find_destination,
                                   find_endpoint)


@contextlib.contextmanager
def tcp_sessions(number):
    """Pairs of remote end and our end, connected over loopback."""
    with contextlib.ExitStack() as cleanup, socket.create_server(("127.0.0.1", 0)) as listener:
        pairs = []
        for _ in range(number):
            ours = cleanup.enter_context(socket.create_connection(listener.getsockname()))
            remote = cleanup.enter_context(listener.accept()[0])
            remote.settimeout(10)
            pairs.append((remote, ours))
        yield pairs


def save_all(mail, pairs, ttl=30):
    with ScacheClient(mail.connect("private/scache")) as client:
        for number, (_, ours) in enumerate(pairs):
            client.save_destination(f"dest{number % 7}", f"end{number}", f"prop{number}", ttl)
            client.save_endpoint(f"end{number}", ours.fileno(), f"state{number}", ttl)
            ours.close()


def is_open(remote):
    remote.setblocking(False)
    try:
        return remote.recv(1) != b""
    except BlockingIOError:
        return True


def become_stock(mail):
    program = mail.daemon("scache")
    stock = program.with_name("scache.stock")
    shutil.copy(locate("stock", "scache"), stock)
    stock.replace(program)


def closed(client):
    client.connection.setblocking(False)
    try:
        return client.connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def same_connection(remote, descriptor):
    os.write(descriptor, b"?")
    os.close(descriptor)
    remote.settimeout(10)
    return remote.recv(1) == b"?"


@pytest.mark.parametrize("mix", MASTERS, ids=str)
@pytest.mark.parametrize("number", [1, 600])
def test_survives_a_reload(stock_suite, mix, number):
    with tcp_sessions(number) as pairs, \
            stock_suite(mix, connection_cache_ttl_limit="60s") as mail:
        save_all(mail, pairs)
        first = mail.processes("scache")[0].pid
        mail.reload()
        assert int(mail.log.wait_for(HANDED)[0].group(1)) == number
        assert int(mail.log.wait_for(TOOK)[0].group(1)) == number
        assert mail.processes("scache")[0].pid != first
        assert all(is_open(remote) for remote, _ in pairs)
        with ScacheClient(mail.connect("private/scache")) as client:
            for n, (remote, _) in enumerate(pairs):
                assert same_connection(remote, client.find(find_endpoint(f"end{n}")))


def test_destinations_keep_their_endpoints_and_their_order(stock_suite):
    with tcp_sessions(10) as pairs, \
            stock_suite(scache="ours", connection_cache_ttl_limit="60s") as mail:
        save_all(mail, pairs)
        for count in range(1, 4):
            mail.reload()
            mail.log.wait_for(TOOK, count=count)
        with ScacheClient(mail.connect("private/scache")) as client:
            for n in (0, 7, 1, 8, 2, 9):
                found = client.find(find_destination(f"dest{n % 7}"))
                assert same_connection(pairs[n][0], found)


def test_keeps_the_remaining_time(stock_suite):
    """By the clocks of other sessions: two of its four seconds are over, and three more are."""
    with tcp_sessions(3) as pairs, \
            stock_suite(scache="ours", connection_cache_ttl_limit="60s") as mail:
        (remote, _), (before, _), (after, _) = pairs
        save_all(mail, pairs[:1], ttl=4)
        save_all(mail, pairs[1:2], ttl=2)
        assert before.recv(1) == b""
        assert is_open(remote)
        mail.reload()
        mail.log.wait_for(TOOK)
        save_all(mail, pairs[2:], ttl=3)
        assert after.recv(1) == b""
        assert not is_open(remote)


@pytest.mark.parametrize("mix", MASTERS, ids=str)
def test_a_client_does_not_notice_a_reload(stock_suite, mix):
    """Whether the old process answers, or the next one, which may not be there yet."""
    with tcp_sessions(1) as pairs, stock_suite(mix, connection_cache_ttl_limit="60s") as mail:
        with ScacheClient(mail.connect("private/scache")) as client:
            for _ in range(3):
                before = mail.processes("scache")
                mail.reload()
                assert client.find(find_endpoint("no such")) is None
                wait_until(lambda: not any(old.alive for old in before), 10, "the old one's end")
            save_all(mail, pairs)
            mail.reload()
            mail.log.wait_for(TOOK)
            assert same_connection(pairs[0][0], client.find(find_endpoint("end0")))


def test_clients_are_told_to_come_again_by_a_stock_successor(stock_suite):
    with stock_suite(scache="ours") as mail:
        mail.log.allow('unrecognized request: "inherit", ignored', "missing attribute request")
        with ScacheClient(mail.connect("private/scache")) as client:
            become_stock(mail)
            mail.reload()
            wait_until(lambda: closed(client), 10, "the end of the connection")
        with ScacheClient(mail.connect("private/scache")) as client:
            assert client.find(find_endpoint("end0")) is None


def test_a_client_in_the_middle_of_a_request_gets_its_answer(stock_suite):
    with tcp_sessions(1) as pairs, \
            stock_suite(scache="ours", connection_cache_ttl_limit="60s") as mail:
        save_all(mail, pairs)
        with ScacheClient(mail.connect("private/scache")) as client:
            question = find_endpoint("end0")
            client.send(question[:5])
            os.kill(mail.master_pid(), 1)
            mail.log.wait_for(r"master\[\d+\]: reload")
            found = client.find(question[5:])
            assert same_connection(pairs[0][0], found)


def test_a_stock_successor_drops_them(stock_suite):
    with tcp_sessions(3) as pairs, \
            stock_suite(scache="ours", connection_cache_ttl_limit="60s") as mail:
        mail.log.allow('unrecognized request: "inherit", ignored', "missing attribute request")
        save_all(mail, pairs)
        become_stock(mail)
        mail.reload()
        for remote, _ in pairs:
            assert remote.recv(1) == b""


@pytest.mark.parametrize("mix", MASTERS, ids=str)
def test_stop_closes_them(stock_suite, mix):
    with tcp_sessions(3) as pairs, stock_suite(mix, connection_cache_ttl_limit="60s") as mail:
        save_all(mail, pairs)
        mail.stop()
        assert not mail.log.find(HANDED)
        for remote, _ in pairs:
            assert remote.recv(1) == b""


def test_after_a_crash_it_starts_empty(stock_suite):
    with tcp_sessions(3) as pairs, \
            stock_suite(scache="ours", connection_cache_ttl_limit="60s",
                        service_throttle_time="1s") as mail:
        mail.log.expect("scache.* killed by signal 9")
        mail.log.allow("bad command startup")  # if master has not heard of its first client yet
        save_all(mail, pairs)
        mail.kill("scache")
        for remote, _ in pairs:
            assert remote.recv(1) == b""
        with ScacheClient(mail.connect("private/scache")) as client:
            assert client.find(find_endpoint("end0")) is None
