"""The log: for people and for programs, and what it must never do, which is to hold up mail."""

import contextlib
import json
import signal
import socket
import subprocess

import pytest

from support.conditions import wait_until
from support.root import needs_root

HELLO = b"Subject: hello\n\nhello\n"


def test_the_same_lines_for_programs(suite, peer, user):
    with suite(user=user, relayhost=peer.nexthop) as mail:
        path = mail.log.path.with_name("mail.json")
        mail.configure(maillog_json_file=path)
        mail.reload()
        before = len(mail.log.find(r"reload -- version"))
        assert before <= 1
        mail.submit(["user@example.test"], HELLO)
        mail.log.wait_for("status=sent")
        mail.log.wait_for(r": removed$")
        records = [json.loads(line) for line in path.read_text().splitlines()]
        texts = {line.split("]: ", 1)[1] for line in mail.log.lines()}
        assert {record["message"] for record in records} <= texts
        events = {record["event"]: record for record in records if "event" in record}
        assert set(events) == {"submission", "message", "active", "delivery", "removed"}
        assert len({record["queue_id"] for record in events.values()}) == 1
        delivery = events["delivery"]
        assert delivery["program"] == "smtp" and delivery["severity"] == "info"
        assert delivery["fields"]["to"] == "user@example.test"
        assert delivery["fields"]["relay"] == f"{peer.address}[{peer.address}]:{peer.port}"
        assert len(delivery["fields"]["delays"]) == 4
        assert {process.pid for process in mail.processes("smtp")} >= {delivery["pid"]}


def test_a_json_log_that_is_not_allowed_leaves_the_text_alone(suite, peer):
    with suite(relayhost=peer.nexthop, maillog_json_file="/nonexistent/log") as mail:
        mail.log.expect("maillog_json_file value '/nonexistent/log' does not match any prefix")
        mail.log.allow("main.cf, line .*maillog_json_file = /nonexistent/log: must begin with")
        mail.submit(["user@example.test"], HELLO)
        mail.log.wait_for("status=sent")


def test_a_postlogd_that_hangs_holds_nothing_up(suite, peer):
    count = 20
    with suite(relayhost=peer.nexthop) as mail:
        mail.submit(["first@example.test"], HELLO)
        mail.log.wait_for("status=sent")
        mail.kill("postlogd", signal.SIGSTOP)
        for number in range(count):
            mail.submit([f"user{number}@example.test"], HELLO)
        wait_until(lambda: len(peer.messages) == count + 1, 20, "delivery without a log")
        mail.wait_for_empty_queue()
        assert len(mail.log.find("status=sent")) < count + 1
        mail.kill("postlogd", signal.SIGCONT)
        # Nobody has anything else to say.
        for text in ("status=sent", ": removed$"):
            mail.log.wait_for(text, count=count + 1)
            assert len(mail.log.find(text)) == count + 1


def test_the_last_words_are_logged(suite, peer):
    with suite(relayhost=peer.nexthop) as mail:
        mail.submit(["user@example.test"], HELLO)
        mail.log.wait_for("status=sent")
        mail.stop()
        assert mail.log.find("terminating on signal 15")


# /dev becomes a folder with the few files that daemons want, and the socket $1 as /dev/log.
PRIVATE_LOG = """
mount -t tmpfs none "$2" && touch "$2/log" && mount --bind "$1" "$2/log" || exit 1
for name in null random urandom; do
  touch "$2/$name" && mount --bind "/dev/$name" "$2/$name" || exit 1
done
mount --move "$2" /dev || exit 1
shift 2
exec "$@"
"""


@contextlib.contextmanager
def with_syslog(mail):
    """Starts it under a syslogd, whose socket is yielded."""
    devices = mail.root / "devices"
    devices.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.setblocking(False)
        syslog.bind(str(mail.root / "syslog"))
        (mail.root / "syslog").chmod(0o666)
        master = [mail.daemon("master"), "-w", "-c", mail.config_directory]
        subprocess.run(["unshare", "--mount", "sh", "-c", PRIVATE_LOG, "sh",
                        mail.root / "syslog", devices, *master], check=True, timeout=30,
                       env=mail.environment())
        yield syslog


def mount_namespaces_work():
    return subprocess.run(["unshare", "--mount", "true"], check=False,
                          capture_output=True).returncode == 0


@needs_root("namespaces and jails want root")
@pytest.mark.skipif(not mount_namespaces_work(), reason="mount namespaces are not permitted here")
def test_from_a_jail_it_reaches_syslog(suite, peer):
    with suite(start=False, relayhost=peer.nexthop, maillog_file="",
               services={"smtp/unix": "smtp unix - - y - - smtp"}) as mail:
        with with_syslog(mail) as syslog:
            mail.submit(["user@example.test"], HELLO)
            seen = []

            def is_told():
                with contextlib.suppress(BlockingIOError):
                    seen.append(syslog.recv(4096).decode())
                return any("/smtp[" in line and "status=sent" in line for line in seen)

            wait_until(is_told, 15, "smtp's line")
