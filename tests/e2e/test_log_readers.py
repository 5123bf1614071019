"""Logs whose reader is slow, stalled or not there: what is lost then, and what must not be."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
from typing import BinaryIO

import pytest

from support.conditions import wait_until
from support.instance import Instance
from support.layout import SETGID_GROUP
from support.master_cf import NOTHING
from support.programs import Mix
from support.root import needs_namespace, needs_root
from support.stub import Stub
from support.syslog import Syslog

BURST = 3000
FAILING = 40
POSTLOG = {"postlog/unix-dgram": "n - n - 1 postlogd"}
ECHO = {"echo/unix": "- - n - 1 stub serve"}
NOBODY = ["setpriv", "--reuid=nobody", f"--regid={SETGID_GROUP}", "--clear-groups",
          "--inh-caps=-all", "--bounding-set=-all"]


def suite_of(services, **settings) -> Instance:
    return Instance(Mix("ours"), services={**NOTHING, **POSTLOG, **services}, start=False,
                    **settings)


def messages(path: pathlib.Path):
    return [json.loads(line)["message"] for line in path.read_text().splitlines()]


def make_pipe(mail, name: str) -> pathlib.Path:
    path = mail.log.path.with_name(name)
    os.mkfifo(path)
    owner = mail.log.path.stat()
    os.chown(path, owner.st_uid, owner.st_gid)
    return path


def read_through(reader: BinaryIO, word: bytes) -> bytes:
    """What comes up to the end of the line with this word."""
    text = bytearray()

    def has_come() -> bool:
        text.extend(reader.read() or b"")
        return word in text and text.endswith(b"\n")

    wait_until(has_come, 10, f"{word!r} in the pipe")
    return bytes(text)


def is_served(mail, stub: Stub) -> None:
    with mail.connect("private/echo"):
        stub.wait_for("started", timeout=15)


@needs_root("another user writes")
@pytest.mark.parametrize("prefix", [[], NOBODY], ids=["root", "user"])
def test_a_burst_of_postlog_is_complete_and_in_order(prefix):
    with suite_of({}) as mail:
        objects = mail.log.path.with_name("mail.json")
        mail.configure(maillog_json_file=objects)
        mail.start()
        mail.log.path.chmod(0o600)
        text = "".join(f"line {number}\n" for number in range(BURST))
        mail.run([*prefix, mail.command("postlog"), "-c", mail.config_directory], text.encode())
        expected = [f"line {number}" for number in range(BURST)]
        mail.log.wait_for(f"line {BURST - 1}$")
        assert [match.group() for match in mail.log.find(r"line \d+$")] == expected
        wait_until(lambda: [text for text in messages(objects) if "line" in text] == expected, 10,
                   "the objects")


def test_master_s_own_lines_are_complete_and_in_order():
    """It reports more at once than the socket holds; each process's end before what follows."""
    failing = {f"s{number}/unix": "- - n 2 1 stub fail" for number in range(FAILING)}
    with suite_of(failing, service_throttle_time="60s") as mail:
        objects = mail.log.path.with_name("mail.json")
        mail.configure(maillog_json_file=objects)
        Stub(mail)
        mail.log.allow("stub pid", "bad command startup -- throttling")
        mail.start()
        mail.log.wait_for("throttling", count=FAILING)
        mail.stop()
        texts = [line.split("]: ", 1)[1] for line in mail.log.lines()]
        from_master = [text for text in texts if "stub" in text]
        assert len(from_master) == 2 * FAILING
        assert all("exit status" in text for text in from_master[::2])
        assert all("throttling" in text for text in from_master[1::2])
        assert texts[-1] == "terminating on signal 15"
        # What came before master was there is in the text alone.
        assert messages(objects) == texts[-len(messages(objects)):]
        assert len(messages(objects)) >= 2 * FAILING + 2


def test_master_s_last_words_survive_a_postlogd_that_hangs():
    with suite_of({}) as mail:
        mail.start()
        mail.log.wait_for("daemon started")
        hung = mail.kill("postlogd", signal.SIGSTOP)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
                other.setblocking(False)
                with pytest.raises(BlockingIOError):
                    while True:
                        other.sendto(b"Nov 22 21:07:05 mail a[1]: x",
                                     str(mail.queue_directory / "public/postlog"))
            pid = mail.master_pid()
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), 10, "master's end")
            assert mail.log.find("terminating on signal 15")
        finally:
            for process in hung:
                os.kill(process.pid, signal.SIGCONT)


def test_a_reader_of_objects_may_come_later():
    with suite_of(ECHO) as mail:
        pipe = make_pipe(mail, "pipe")
        mail.configure(maillog_json_file=pipe)
        stub = Stub(mail)
        mail.start()
        is_served(mail, stub)
        mail.log.wait_for("daemon started")
        with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
            mail.run([mail.command("postlog"), "-c", mail.config_directory, "hello"])
            objects = [json.loads(line) for line in read_through(reader, b"hello").splitlines()]
            assert objects[0]["lost"] >= 1
            assert objects[-1]["message"] == "hello"
        mail.log.allow("lines were lost")
        mail.stop()
        assert mail.log.find("terminating on signal 15")


def test_a_text_that_nobody_reads_stops_nothing():
    with suite_of(ECHO) as mail:
        pipe = make_pipe(mail, "pipe")
        mail.configure(maillog_file=pipe)
        stub = Stub(mail)
        mail.start()
        is_served(mail, stub)
        postlog = [mail.command("postlog"), "-c", mail.config_directory]
        mail.run([*postlog, "unread"])
        wait_until(lambda: mail.processes("postlogd"), 10, "postlogd")
        with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
            mail.run([*postlog, "hello"])
            assert re.search(rb"\]: hello\n$", read_through(reader, b"hello"))
        mail.stop()


def test_a_reader_that_has_stalled_keeps_master_from_nothing():
    """Neither serving nor ending; whatever was to be read in time is there in whole lines."""
    with suite_of({**ECHO, "bad/unix": "- - n - - stub fail"}, maillog_file="/dev/stdout",
                  maillog_file_prefixes="/dev/stdout") as mail:
        stub = Stub(mail)
        reading, writing = os.pipe()
        master = subprocess.Popen([mail.daemon("master"), "-s", "-c", mail.config_directory],
                                  cwd="/", stdin=subprocess.DEVNULL, stdout=writing,
                                  stderr=subprocess.DEVNULL, env=mail.environment())
        os.close(writing)
        with open(reading, "rb") as reader:
            try:
                wait_until((mail.queue_directory / "public/postlog").exists, 10, "the log's socket")
                record = b"Nov 22 21:07:05 mail a[1]: " + b"x" * 2000
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
                    other.settimeout(2)
                    other.connect(str(mail.queue_directory / "public/postlog"))
                    with pytest.raises(socket.timeout):
                        while True:
                            other.send(record)
                with mail.connect("private/bad"):
                    stub.wait_for("started", timeout=15)
                is_served(mail, stub)
                master.send_signal(signal.SIGTERM)
                master.wait(10)
            finally:
                master.kill()
                master.wait()
            os.set_blocking(reading, False)
            lines = (reader.read() or b"").splitlines()
            assert len(lines) > 10
            assert all(line.endswith(b"x" * 2000) or b" mail postfix/" in line
                       for line in lines[:-1])


@needs_root("mounts a /dev")
@needs_namespace("mount")
def test_what_is_passed_on_to_syslog_has_its_facility():
    with suite_of({}) as mail, Syslog(mail.root) as syslog:
        mail.configure(maillog_file="", syslog_facility="local3")
        mail.run([*syslog.prefix, mail.daemon("master"), "-w", "-c", mail.config_directory])
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.sendto(b"Nov 22 21:07:05 mail old/smtp[123]: hello",
                         str(mail.queue_directory / "public/postlog"))
        syslog.wait_for(" old/smtp[123]: hello")
        line = next(line for line in syslog.lines() if "hello" in line)
        assert line.startswith("<158>")
