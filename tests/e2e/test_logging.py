"""The log: for people and for programs, and what it must never do, which is to hold up mail."""

import json
import re
import signal
import socket
from collections import Counter

import pytest

from support.conditions import wait_until
from support.root import needs_namespace, needs_root
from support.syslog import Syslog

HELLO = b"Subject: hello\n\nhello\n"


def json_records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_same_lines_for_programs(suite, peer, user):
    with suite(user=user, relayhost=peer.nexthop) as mail:
        path = mail.log.path.with_name("mail.json")
        mail.submit(["user@example.test"], HELLO)
        mail.log.wait_for(r": removed$")
        before = mail.processes("postlogd")
        mail.configure(maillog_json_file=path)
        mail.reload()
        mail.log.wait_for("reload -- version")
        wait_until(lambda: not any(old.alive for old in before), 10, "the end of the old postlogd")
        mail.submit(["user@example.test"], HELLO)
        mail.log.wait_for(r": removed$", count=2)

        # The reload itself may have been told to the old process, which knew no second file.
        texts = [line.split("]: ", 1)[1] for line in mail.log.lines()]
        later = next(at for at, text in enumerate(texts) if text.startswith("reload -- version")) + 1
        assert len(texts) - later >= 5
        wait_until(lambda: path.exists() and [record["message"] for record in json_records(path)] in
                   (texts[later:], texts[later - 1:]), 10, "the same lines")
        records = json_records(path)
        events = {record["event"]: record for record in records if "event" in record}
        assert set(events) == {"submission", "message", "active", "delivery", "removed"}
        assert len({record["queue_id"] for record in events.values()}) == 1
        delivery = events["delivery"]
        assert delivery["program"] == "smtp" and delivery["severity"] == "info"
        assert delivery["fields"]["to"] == "user@example.test"
        assert delivery["fields"]["relay"] == f"{peer.address}[{peer.address}]:{peer.port}"
        assert len(delivery["fields"]["delays"]) == 4
        assert {process.pid for process in mail.processes("smtp")} >= {delivery["pid"]}


@needs_root("mounts a /dev")
@needs_namespace("mount")
def test_beside_syslog_programs_have_every_line_once(suite, peer):
    with suite(relayhost=peer.nexthop, start=False) as mail, Syslog(mail.root) as syslog:
        path = mail.log.path.with_name("mail.json")
        mail.configure(maillog_file="", maillog_json_file=path)
        mail.run([*syslog.prefix, mail.daemon("master"), "-w", "-c", mail.config_directory])
        mail.submit(["user@example.test"], HELLO)
        syslog.wait_for(": removed")
        mail.reload()
        syslog.wait_for("reload -- version")
        mail.submit(["user@example.test"], HELLO)
        wait_until(lambda: len(peer.messages) == 2, 20, "the second message")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:  # has an old main.cf
            other.sendto(b"Nov 22 21:07:05 mail old/smtp[123]: hello",
                         str(mail.queue_directory / "public/postlog"))
        syslog.wait_for(" old/smtp[123]: hello")
        mail.wait_for_empty_queue()
        mail.stop()
        syslog.wait_for("terminating on signal 15")
        records = json_records(path)
        syslog_lines = [re.sub(r"^<\d+>.{16}", "", line) for line in syslog.lines()]
        assert {record["event"] for record in records if "event" in record} == {
            "submission", "message", "active", "delivery", "removed"}
        texts = Counter(line.split("]: ", 1)[1] for line in syslog_lines)
        assert Counter(record["message"] for record in records) == texts
        assert {"pickup", "cleanup", "qmgr", "smtp", "master"} <= {record["program"]
                                                                   for record in records}
        assert mail.log.lines() == []


@pytest.mark.parametrize("text", ["file", pytest.param("syslog", marks=[
    needs_root("mounts a /dev"), needs_namespace("mount")])])
def test_lines_about_a_connection_have_its_session(suite, peer, text):
    """Also when it went through the cache, to another process. Only the file for programs tells it."""
    with suite(relayhost=peer.nexthop, smtp_connection_cache_destinations="static:all", start=False,
               connection_cache_ttl_limit="60s", smtp_connection_cache_time_limit="60s",
               services={"smtp/unix": "- - n - - smtp -o max_use=1"}) as mail, \
            Syslog(mail.root) as syslog:
        path = mail.log.path.with_name("mail.json")
        if text == "file":
            mail.configure(maillog_json_file=path)
            mail.start()
        else:
            mail.configure(maillog_json_file=path, maillog_file="")
            mail.run([*syslog.prefix, mail.daemon("master"), "-w", "-c", mail.config_directory])

        def sent():
            return [(record["session"], record["fields"].get("conn_use", 1), record["pid"])
                    for record in json_records(path) if record.get("event") == "delivery"]

        for count in (1, 2):
            mail.submit(["user@example.test"], HELLO)
            wait_until(lambda: path.exists() and len(sent()) == count, 20, "a delivery")
            mail.wait_for_empty_queue()
        assert [use for _, use, _ in sent()] == [1, 2]
        assert len({session for session, _, _ in sent()}) == 1
        assert len({pid for _, _, pid in sent()}) == 2
        other = (mail.log if text == "file" else syslog).lines()
        assert len([line for line in other if "status=sent" in line]) == 2
        assert not [line for line in other if "session" in line]


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


@needs_root("mounts a /dev, and jails a daemon")
@needs_namespace("mount")
def test_from_a_jail_it_reaches_syslog(suite, peer):
    """Where there is no /dev/log. The first line that smtp has to say comes from there."""
    with suite(relayhost=peer.nexthop, start=False,
               services={"smtp/unix": "- - y - - smtp"}) as mail, \
            Syslog(mail.root) as syslog:
        mail.configure(maillog_file="")
        mail.run([*syslog.prefix, mail.daemon("master"), "-w", "-c", mail.config_directory])
        mail.submit(["user@example.test"], HELLO)
        syslog.wait_for("status=sent")
