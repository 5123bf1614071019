"""Master in the foreground: as process 1 of a container, and under a service manager."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
from typing import List, Optional

import pytest

from support.conditions import wait_until
from support.programs import our_directory
from support.root import needs_namespace, needs_root

pytestmark = needs_root("namespaces and sessions want root")
NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child"]
needs_namespaces = needs_namespace("pid")


class Foreground:
    """A running master that did not detach; what it and postlogd print is collected."""

    def __init__(self, mail, prefix: List[str], *options: str, **environment: str) -> None:
        self._mail = mail
        command = [*prefix, str(mail.daemon("master")), *options, "-c", str(mail.config_directory)]
        self.process = subprocess.Popen(command, cwd="/", stdout=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**mail.environment(), **environment})
        self._text = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._text += line

    @property
    def text(self) -> str:
        return self._text.decode()

    def wait_for(self, regex: str) -> None:
        wait_until(lambda: re.search(regex, self.text), 15, f"{regex!r} in {self.text}")

    def master(self) -> int:
        """As the test sees its number, whatever it is in there."""
        return self._mail.master().pid

    def end(self) -> int:
        status = self.process.wait(15)
        self._reader.join(10)
        return status


@contextlib.contextmanager
def foreground(mail, prefix, *options, **environment):
    running = Foreground(mail, prefix, *options, **environment)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def status_of(pid: int, name: str) -> Optional[str]:
    match = re.search(rf"^{name}:\s*(.*)$", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)
    return match.group(1) if match else None


def children(parent: int, name: str) -> List[int]:
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and status_of(int(entry.name), "PPid") == str(parent) \
                    and status_of(int(entry.name), "Name") == name:
                found.append(int(entry.name))
    return found


def orphans(pid: int, end: pathlib.Path) -> List[int]:
    """Somebody's children, in the namespace of `pid`, whose parent has gone. They end when somebody
    has opened the fifo `end` to write."""
    os.mkfifo(end)
    subprocess.run(["nsenter", "-t", str(pid), "-p", "sh", "-c", 'cat "$0" & cat "$0" &', end],
                   check=True)
    wait_until(lambda: len(children(pid, "cat")) == 2, 10, "the orphans")
    return children(pid, "cat")


@needs_namespaces
def test_process_1_delivers_reaps_and_ends_everything(suite, peer):
    with suite(start=False, relayhost=peer.nexthop, maillog_file="/dev/stdout",
               maillog_file_prefixes="/dev/stdout") as mail:
        with foreground(mail, NAMESPACE, "-i") as container:
            container.wait_for("daemon started")
            assert status_of(container.master(), "NSpid").split()[-1] == "1"
            mail.submit(["user@example.test"], b"Subject: hi\n\nhello\n")
            container.wait_for("status=sent")
            left = orphans(container.master(), mail.root / "end")
            (mail.root / "end").open("w").close()
            wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in left), 10,
                       "the end of the orphans, also as zombies")
            os.kill(container.master(), signal.SIGHUP)
            container.wait_for("reload -- version")
            os.kill(container.master(), signal.SIGTERM)
            assert container.end() == 0
            assert "terminating on signal 15" in container.text
        assert not mail.processes()


@needs_namespaces
def test_process_1_waits_for_those_who_need_a_moment(suite):
    """A handler of SIGTERM that takes its time gets it."""
    with suite(start=False, maillog_file="/dev/stdout", maillog_file_prefixes="/dev/stdout") as mail:
        with foreground(mail, NAMESPACE, "-i") as container:
            container.wait_for("daemon started")
            note = mail.root / "note"
            script = f"trap 'sleep 0.5; echo done > {note}; exit' TERM; touch {note}; " \
                     "while :; do sleep 0.05; done"
            subprocess.Popen(["nsenter", "-t", str(container.master()), "-p", "sh", "-c",
                              f"({script}) &"], start_new_session=True).wait()
            wait_until(note.exists, 10, "the handler")
            os.kill(container.master(), signal.SIGTERM)
            assert container.end() == 0
        assert note.read_text() == "done\n"


@needs_namespaces
@pytest.mark.parametrize("option", ["-d", "-s"])
def test_process_1_ends_also_when_nobody_said_that_it_is(suite, option):
    """A signal that it does not handle does nothing to process 1."""
    with suite(start=False, maillog_file="/dev/stdout", maillog_file_prefixes="/dev/stdout") as mail:
        with foreground(mail, NAMESPACE, option) as container:
            container.wait_for("daemon started")
            wait_until(lambda: mail.processes("qmgr"))
            os.kill(container.master(), signal.SIGTERM)
            assert container.end() == 0
        assert not mail.processes()


def test_stopping_ends_those_that_drain_also_without_a_session(suite):
    """Master is in the group of the script that started it, and those are in nobody's books."""
    script = ["setsid", "sh", "-c", '"$@" & wait', "sh"]
    with suite(start=False, services={"talk/unix": "- - n - - event-daemon"}) as mail:
        shutil.copy2(our_directory().parent / "tests/event-daemon", mail.daemon("event-daemon"))
        with foreground(mail, script, "-d"):
            mail.log.wait_for("daemon started")
            with mail.connect("private/talk") as client:
                client.sendall(b"pid")
                parent = int(client.makefile("rb").readline())
                os.kill(mail.master_pid(), signal.SIGHUP)
                wait_until(lambda: not pathlib.Path(f"/proc/{parent}").exists(), 10,
                           "the end of the parent")
                assert mail.processes("event-daemon")
                mail.stop()
                assert client.recv(1) == b""


def test_standard_descriptors_may_be_closed(suite, peer):
    with suite(start=False, relayhost=peer.nexthop) as mail:
        command = f"exec {mail.daemon('master')} -w -c {mail.config_directory} <&- >&- 2>&-"
        mail.run(["sh", "-c", command], timeout=30)
        master = pathlib.Path(f"/proc/{mail.master_pid()}/fd")
        assert {os.readlink(master / str(fd)) for fd in range(3)} == {"/dev/null"}
        mail.submit(["user@example.test"], b"Subject: hi\n\nhello\n")
        peer.wait_for_messages(1)
        mail.log.wait_for("daemon started")


def test_keeps_standard_output_for_the_log(suite, peer):
    with suite(start=False, relayhost=peer.nexthop, maillog_file="/dev/stdout",
               maillog_file_prefixes="/dev/stdout") as mail:
        with foreground(mail, [], "-s") as running:
            running.wait_for("daemon started")
            mail.submit(["user@example.test"], b"Subject: hi\n\nhello\n")
            running.wait_for("status=sent")
            assert os.getsid(running.process.pid) == running.process.pid
            os.kill(running.process.pid, signal.SIGTERM)
            assert running.end() == -signal.SIGTERM


def test_where_everything_goes_to_one_pipe_no_line_comes_twice(suite):
    with suite(start=False, maillog_file="/dev/stdout", maillog_file_prefixes="/dev/stdout") as mail:
        reader, writer = os.pipe()
        command = [str(mail.command("postfix")), "-c", str(mail.config_directory), "start-fg"]
        with subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, stdout=writer,
                              stderr=writer, env=mail.environment()) as running:
            os.close(writer)
            text = b""
            while b"daemon started" not in text and (part := os.read(reader, 4096)):
                text += part
            mail.run([mail.command("postfix"), "-c", mail.config_directory, "stop"])
            with os.fdopen(reader, "rb") as rest:
                text += rest.read()
            running.wait(15)
        for line in (b"starting the Postfix mail system", b"daemon started", b"terminating on signal"):
            assert text.count(line) == 1, text


class ServiceManager:
    """The other end of sd_notify(3)."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(10)

    def __enter__(self) -> "ServiceManager":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def message(self):
        return dict(line.partition("=")[::2]
                    for line in self._socket.recv(4096).decode().splitlines())


def test_the_service_manager_is_told(suite):
    with suite(start=False) as mail, ServiceManager(mail.root / "notify") as manager:
        with foreground(mail, [], "-s", NOTIFY_SOCKET=str(manager.path)) as running:
            ready = {"READY": "1", "MAINPID": str(running.process.pid), "STATUS": "serving"}
            assert manager.message() == ready
            assert mail.master_pid() == running.process.pid

            os.kill(running.process.pid, signal.SIGHUP)
            reloading = manager.message()
            assert reloading["RELOADING"] == "1" and int(reloading["MONOTONIC_USEC"]) > 0
            assert manager.message() == ready

            path = mail.config_directory / "main.cf"
            path.write_text(path.read_text() + "nonsense\n")
            mail.log.allow("warning: ", "fatal: ")  # of a daemon that was quicker to read it
            os.kill(running.process.pid, signal.SIGHUP)
            assert manager.message()["RELOADING"] == "1"
            refused = manager.message()
            assert refused["READY"] == "1"
            assert refused["STATUS"].startswith("reload failed: ") and "nonsense" in refused["STATUS"]

            os.kill(running.process.pid, signal.SIGTERM)
            assert manager.message() == {"STOPPING": "1", "STATUS": "terminating on signal 15"}
            running.end()


def test_a_detached_master_says_which_process_it_is(suite):
    with suite(start=False) as mail, ServiceManager(mail.root / "notify") as manager:
        mail.run([mail.daemon("master"), "-w", "-c", mail.config_directory],
                 NOTIFY_SOCKET=str(manager.path))
        assert manager.message()["MAINPID"] == str(mail.master_pid())
        (pickup,) = wait_until(lambda: mail.processes("pickup"))
        environment = pathlib.Path(f"/proc/{pickup.pid}/environ").read_bytes()
        assert b"NOTIFY_SOCKET" not in environment
        mail.stop()
