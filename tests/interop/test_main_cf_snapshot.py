"""After a refused reload our master hands its last good main.cf to daemons: stock's are not bothered."""

import os
import signal

from support.callers import call
from support.master_cf import NOTHING, REFUSED
from support.programs import stock_but
from support.stub import Stub

# Only a daemon of ours knows this parameter, so stock's read the file without a complaint.
MISTAKE = "connection_cache_size_limit = many\n"


def refuse_a_reload(mail):
    path = mail.config_directory / "main.cf"
    good = path.read_text()
    path.write_text(good + MISTAKE)
    os.utime(path, (0, 0))
    os.kill(mail.master_pid(), signal.SIGHUP)
    mail.log.expect(REFUSED, "bad numerical configuration: connection_cache_size_limit = many",
                    "main.cf, line .*: connection_cache_size_limit = many: must be a whole number")
    mail.log.wait_for(REFUSED)
    return path, good


def capture(mail, stub, service, count):
    call(mail, service, "unix")
    return stub.captured(stub.wait_for("heard", count)[-1])


def test_it_lies_behind_what_every_daemon_inherits(stock_suite):
    services = {"one/unix": "- - n - 1 stub", "two/unix": "- - n - 1 stub",
                "three/unix": "- - n - 1 stub", "scache/unix": "- - n - 1 scache"}
    with stock_suite(stock_but("master"), services={**NOTHING, **services}, start=False) as mail:
        stub = Stub(mail)
        mail.start()
        before = capture(mail, stub, "private/one", 1)
        path, good = refuse_a_reload(mail)
        during = capture(mail, stub, "private/two", 2)
        path.write_text(good)
        os.kill(mail.master_pid(), signal.SIGHUP)
        stub.wait_for("left", 2)
        after = capture(mail, stub, "private/three", 3)
    assert not [line for line in before + after if line.startswith("fd 7") or "HANDOFF" in line]
    additional = [line for line in during if line.startswith("fd 7")]
    assert additional == ["fd 7 other mode=2 nonblock=0 cloexec=0"]
    (environment,) = [line for line in during if line.startswith("environment")]
    assert "HANDOFF_MAIN_CF=7\\x00" in environment
    listed = [[line.split()[1] for line in capture if line.startswith("fd ")]
              for capture in (before, during, after)]
    assert listed[1] == listed[0] + ["7"] == listed[2] + ["7"]


def test_stock_daemons_do_not_mind(stock_suite, peer):
    with stock_suite(stock_but("master"), relayhost=peer.nexthop) as mail:
        refuse_a_reload(mail)
        mail.submit(["user@example.test"], b"Subject: hi\n\nhello\n")
        peer.wait_for_messages(1)
        mail.wait_for_empty_queue()
        started = {process.name for process in mail.processes()}
        assert {"pickup", "qmgr", "cleanup", "trivial-rewrite", "smtp"} <= started
