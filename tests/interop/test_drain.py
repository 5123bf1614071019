"""The event skeleton at a reload, under both masters: its clients keep their process, which is now
outside of master's books, and new ones get another."""

import os
import pathlib
import shutil
import signal
import socket

import pytest

from support import processes
from support.conditions import wait_until
from support.master_cf import NOTHING
from support.programs import our_directory, stock_but

SOCKET = "private/talk"


@pytest.fixture(params=["ours", "stock"])
def start(request, stock_suite):
    """Starts master with the test's own daemon as service "talk"."""

    def make(options=""):
        mix = stock_but("master") if request.param == "ours" else stock_but()
        services = {**NOTHING, "talk/unix": f"- - n - - event-daemon {options}"}
        return Talking(stock_suite(mix, services=services, start=False))

    return make


class Talking:
    def __init__(self, mail):
        self._mail = mail

    def __enter__(self):
        mail = self._mail.__enter__()
        shutil.copy2(our_directory().parent / "tests/event-daemon", mail.daemon("event-daemon"))
        mail.start()
        return mail

    def __exit__(self, *error):
        return self._mail.__exit__(*error)


def ask(client, word):
    client.sendall(word)
    return hear(client)


def hear(client):
    return int(client.makefile("rb").readline())


def reload(mail):
    os.kill(mail.master_pid(), signal.SIGHUP)


def gone(pid):
    return not pathlib.Path(f"/proc/{pid}").exists()


def stat(pid):
    """Parent and process group."""
    fields = processes.stat(pid)
    return int(fields[1]), int(fields[2])


def listener(mail):
    """What /proc says its descriptor is."""
    for line in pathlib.Path("/proc/net/unix").read_text().splitlines():
        if line.endswith(SOCKET) and line.split()[3] == "00010000":
            inode = f"socket:[{line.split()[6]}]"
            if inode in mail.master().descriptors():
                return inode
    raise AssertionError("nobody listens")


def test_clients_and_timers_survive_and_new_clients_get_another_process(start):
    with start() as mail:
        with mail.connect(SOCKET) as old, mail.connect(SOCKET) as new:
            new.close()
            parent = ask(old, b"pid")
            assert stat(parent)[0] == mail.master_pid()
            old.sendall(b"later")
            reload(mail)
            wait_until(lambda: gone(parent), 5, "the end of the parent")
            child = hear(old)
            assert child != parent and ask(old, b"pid") == child
            assert stat(child)[0] != mail.master_pid()
            assert stat(child)[1] == mail.master_pid()

            with mail.connect(SOCKET) as fresh:
                successor = ask(fresh, b"pid")
                assert successor not in (child, parent)
                assert stat(successor)[0] == mail.master_pid()
                drained, serving = [process for process in mail.processes("event-daemon")
                                    if process.pid == child], mail.processes("event-daemon")
                assert listener(mail) not in drained[0].descriptors()
                assert len(serving) == 2
                old.close()
                wait_until(lambda: gone(child), 5, "the end of the child after its last client")
                assert ask(fresh, b"pid") == successor


def test_several_reloads_leave_a_process_for_each_client(start):
    with start() as mail:
        clients = []
        for _ in range(3):
            clients.append(mail.connect(SOCKET))
            ask(clients[-1], b"pid")
            before = {process.pid for process in mail.processes("event-daemon")}
            reload(mail)
            wait_until(lambda: {process.pid for process in mail.processes("event-daemon")} - before)
        assert len({ask(client, b"pid") for client in clients}) == 3
        for client in clients:
            client.close()
        wait_until(lambda: not mail.processes("event-daemon"), 5, "the end of all of them")


def test_without_clients_it_leaves_at_once(start):
    with start() as mail:
        with mail.connect(SOCKET) as client:
            pid = ask(client, b"pid")
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""  # it knows that we have gone
        assert [process.pid for process in mail.processes("event-daemon")] == [pid]
        reload(mail)
        wait_until(lambda: gone(pid), 5, "its end")
        assert not mail.processes("event-daemon")


def test_stopping_ends_those_that_drain_as_well(start):
    with start() as mail:
        with mail.connect(SOCKET) as old:
            parent = ask(old, b"pid")
            reload(mail)
            wait_until(lambda: gone(parent), 5, "the end of the parent")
            with mail.connect(SOCKET) as fresh:
                ask(fresh, b"pid")
                assert len(mail.processes("event-daemon")) == 2
                mail.stop()
                assert old.recv(1) == fresh.recv(1) == b""


def test_retires_and_goes_on_with_its_clients(start):
    with start("-r 1") as mail:
        with mail.connect(SOCKET) as old:
            parent = ask(old, b"pid")
            wait_until(lambda: gone(parent), 5, "the end of the parent")
            assert ask(old, b"pid") != parent
            with mail.connect(SOCKET) as fresh:
                assert stat(ask(fresh, b"pid"))[0] == mail.master_pid()
