"""Logs whose reader is slow, stalled or not there: what is lost then, and what must not be."""

import json
import os
import pathlib
import signal
import socket

import pytest

from support.conditions import wait_until
from support.instance import Instance
from support.layout import SETGID_GROUP
from support.master_cf import NOTHING
from support.programs import Mix
from support.root import needs_root
from support.stub import Stub

BURST = 3000
FAILING = 40
POSTLOG = {"postlog/unix-dgram": "n - n - 1 postlogd"}
NOBODY = ["setpriv", "--reuid=nobody", f"--regid={SETGID_GROUP}", "--clear-groups",
          "--inh-caps=-all", "--bounding-set=-all"]


def suite_of(services, **settings) -> Instance:
    return Instance(Mix("ours"), services={**NOTHING, **POSTLOG, **services}, start=False,
                    **settings)


def messages(path: pathlib.Path):
    return [json.loads(line)["message"] for line in path.read_text().splitlines()]


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
