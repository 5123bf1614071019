"""A mistake in main.cf or master.cf at a reload: mail flows on as before, also through daemons that
are started afterwards, until the mistake is mended."""

import functools
import itertools
import os
import resource
import signal
from dataclasses import dataclass

import pytest

from support.conditions import wait_until
from support.layout import ROOTLESS_USER
from support.master_cf import REFUSED
from support.processes import send
from support.root import needs_root

MESSAGE = b"Subject: hi\n\nhello\n"


@dataclass(frozen=True)
class Broken:
    """Lines at the end of a file; what the log says where, and about what."""

    file: str
    text: str
    place: str
    explanation: str
    mistake: str


BROKEN = {
    "syntax": Broken("main.cf", "nonsense", "main.cf, line LINE: ", "an entry is name = value",
                     "missing '=' after attribute name: \"nonsense\""),
    "a value for master": Broken("main.cf", "default_process_limit = many", "main.cf, line LINE: ",
                                 "a whole number", "bad numerical configuration: "
                                 "default_process_limit = many"),
    "a value for one daemon": Broken("main.cf", "smtp_connect_timeout = 5 minutes",
                                     "main.cf, line LINE: ", "a number and s, m, h, d or w",
                                     "parameter smtp_connect_timeout: bad time value or unit: "
                                     "5 minutes"),
    "a word for one daemon": Broken("main.cf", "smtp_host_lookup = dns, hosts", "main.cf, line LINE: ",
                                    "must be a list of dns and native",
                                    'unknown smtp_host_lookup value "hosts" in "dns, hosts"'),
    "a word for another": Broken("main.cf", "receive_override_options = no_filters",
                                 "main.cf, line LINE: ", "must be a list of",
                                 'unknown receive_override_options value "no_filters"'),
    "an expansion": Broken("main.cf", "smtp_helo_name = ${myhostname", "main.cf, line LINE: ",
                           "cannot be expanded", "macro processing error"),
    "a value of a transport": Broken("main.cf", "relay_destination_rate_delay = x",
                                     "main.cf, line LINE: ", "a number and s, m, h, d or w",
                                     "relay_destination_rate_delay"),
    "a log file": Broken("main.cf", "maillog_file_prefixes = /nonexistent\n"
                         "maillog_file = /nonexistent/log", "main.cf, line LINE: ",
                         "must be a file that can be written to",
                         "open logfile '/nonexistent/log': No such file or directory"),
    "an entry": Broken("master.cf", "odd unix - - n - many smtp", "master.cf, line LINE: ",
                       "maxproc is a number", 'field "max_proc": bad value: "many"'),
    "an option": Broken("master.cf", "odd unix - - n - - smtp -o smtp_connect_timeout=x",
                        "command line: ", "smtp_connect_timeout = x",
                        "master.cf: line LINE: parameter smtp_connect_timeout: bad time value"),
    "no daemons": Broken("main.cf", "daemon_directory = /nonexistent", "main.cf, line LINE: ",
                         "must be the directory of the daemons",
                         "daemon_directory /nonexistent: No such file or directory"),
    "no program": Broken("master.cf", "odd unix - - n - - smtpp", "master.cf: line LINE: ",
                         "reload failed", "/smtpp: No such file or directory"),
    "a process limit": Broken("master.cf", "odd unix - - n - 2 scache", "master.cf: line LINE: ",
                              "reload failed", "service odd requires a process limit of 1"),
    "the queue manager's limit": Broken("master.cf", "qmgr unix n - n 300 - qmgr",
                                        "master.cf: line LINE: ", "reload failed",
                                        "service qmgr requires a process limit of 1"),
    "an argument": Broken("master.cf", "odd unix - - n - - smtp extra", "master.cf: line LINE: ",
                          "reload failed", "unexpected command-line argument: extra"),
    "a facility": Broken("master.cf", "odd unix - - n - - smtp -o syslog_facility=bogus",
                         "master.cf: line LINE: ", "must be mail, daemon, user",
                         "parameter syslog_facility: unrecognized value: bogus"),
    "a host name": Broken("master.cf", "odd unix - - n - - smtp -o myhostname=-bad",
                          "master.cf: line LINE: ", "myhostname = -bad: ", "myhostname"),
    "an import": Broken("main.cf", "import_environment = { A=b", "main.cf, line LINE: ",
                        "must be names and name=value", "import_environment: "),
    "a socket": Broken("master.cf", "a/b unix - - n - 1 smtp", "", "reload failed",
                       "bind: private/a/b: No such file or directory"),
}


def reload(mail):
    os.kill(mail.master_pid(), signal.SIGHUP)


def renew_all_daemons(mail):
    """Whoever serves from now on has started with the mistake in place."""
    mail.log.allow(r"killed by signal 15$", r"bad command startup -- throttling$")
    old = [one for one in mail.processes() if one.name not in ("master", "postlogd")]
    for one in old:
        send(one, signal.SIGTERM)
    wait_until(lambda: not any(one.alive for one in old), 10, "the end of the old daemons")


def check_refusal(mail, broken, text):
    """Stirs nothing, and says what is wrong."""
    before = {process.pid for process in mail.processes()}
    reload(mail)
    mail.log.expect(REFUSED)
    mail.log.allow(r"/master\[\d+\]: warning: ")
    mail.log.wait_for(REFUSED)
    line = str(text.count("\n"))
    log = "\n".join(mail.log.troubles())
    assert broken.place.replace("LINE", line) in log
    assert broken.explanation in log and broken.mistake.replace("LINE", line) in log
    assert before <= {process.pid for process in mail.processes()}


def deliver(mail, peer, recipient, helo):
    count = len(peer.messages) + 1
    mail.inject([recipient], MESSAGE)
    peer.wait_for_messages(count)
    (connection,) = [one for one in peer.connections
                     if any(message.recipients == [recipient] for message in one.messages)]
    assert connection.commands[0] == f"EHLO {helo}"
    mail.log.wait_for(f"to=<{recipient}>.*status=sent")  # postlogd has read main.cf, too


@pytest.mark.parametrize("name", BROKEN)
def test_mail_flows_on(suite, peer, name):
    broken = BROKEN[name]
    with suite(relayhost=peer.nexthop, myhostname="old.handoff.test",
               service_throttle_time="1s") as mail:
        deliver(mail, peer, "one@example.test", "old.handoff.test")
        path = mail.config_directory / broken.file
        good = path.read_text()
        # What would be right takes effect no more than what is wrong.
        main = mail.config_directory / "main.cf"
        main.write_text(main.read_text().replace("old.handoff", "new.handoff"))
        text = path.read_text() + broken.text + "\n"
        path.write_text(text)

        check_refusal(mail, broken, text)
        renew_all_daemons(mail)
        deliver(mail, peer, "two@example.test", "old.handoff.test")
        fresh = mail.processes("smtp") + mail.processes("qmgr")

        path.write_text(good)
        main.write_text(main.read_text().replace("old.handoff", "new.handoff"))
        reload(mail)
        wait_until(lambda: not any(old.alive for old in fresh), 10, "the end of the old processes")
        deliver(mail, peer, "three@example.test", "new.handoff.test")


def test_a_short_watchdog_is_no_mistake(suite, peer):
    """Postfix's daemons need 3 seconds at least, ours do not."""
    with suite(relayhost=peer.nexthop, myhostname="old.handoff.test",
               service_throttle_time="1s") as mail:
        deliver(mail, peer, "one@example.test", "old.handoff.test")
        mail.configure(daemon_timeout="1s", myhostname="new.handoff.test")
        mail.reload()
        deliver(mail, peer, "two@example.test", "new.handoff.test")


def descriptor_limit(pid, spare):
    """The limit that leaves so many descriptors free."""
    numbers = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    free = (number for number in itertools.count() if number not in numbers)
    return next(itertools.islice(free, spare, None))


def test_a_shortage_of_descriptors_is_survived(suite, peer):
    with suite(relayhost=peer.nexthop, myhostname="old.handoff.test") as mail:
        deliver(mail, peer, "one@example.test", "old.handoff.test")
        mail.configure(myhostname="new.handoff.test")
        master = mail.master_pid()
        before = resource.prlimit(master, resource.RLIMIT_NOFILE)
        resource.prlimit(master, resource.RLIMIT_NOFILE, (descriptor_limit(master, 10), before[1]))
        reload(mail)
        mail.log.expect(REFUSED, "Too many open files")
        mail.log.allow("warning: ")
        mail.log.wait_for(REFUSED)
        resource.prlimit(master, resource.RLIMIT_NOFILE, before)
        deliver(mail, peer, "two@example.test", "old.handoff.test")
        mail.reload()
        deliver(mail, peer, "three@example.test", "new.handoff.test")


def test_master_logs_as_it_did(suite):
    """Until nothing can go wrong any more."""
    with suite() as mail:
        mail.log.wait_for("daemon started")
        mail.configure(syslog_name="elsewhere", import_environment="{ A=b")
        reload(mail)
        mail.log.expect(REFUSED, "must be names and name=value", "warning: import_environment: ")
        mail.log.wait_for(REFUSED)
        assert "elsewhere/master" not in mail.log.text()


@needs_root("root can become somebody else")
def test_the_same_without_root(suite, peer):
    test_mail_flows_on(functools.partial(suite, user=ROOTLESS_USER), peer, "syntax")


def test_what_only_a_restart_can_change_stays_for_the_daemons_too(suite, peer):
    """The rest of the new configuration takes effect."""
    with suite(relayhost=peer.nexthop, myhostname="old.handoff.test",
               service_throttle_time="1s") as mail:
        deliver(mail, peer, "one@example.test", "old.handoff.test")
        queue = mail.queue_directory
        mail.log.expect("ignoring queue_directory parameter value change",
                        f'old value: "{queue}", new value: "/nonexistent/q"',
                        "to change queue_directory, stop and start Postfix",
                        "ignoring inet_protocols parameter value change",
                        'old value: "ipv4", new value: "all"', "to change inet_protocols")
        mail.configure(queue_directory="/nonexistent/q", inet_protocols="all",
                       myhostname="new.handoff.test")
        mail.reload()
        deliver(mail, peer, "two@example.test", "new.handoff.test")

        path = mail.config_directory / "main.cf"
        good = path.read_text()
        path.write_text(good + "nonsense\n")
        reload(mail)
        mail.log.expect(REFUSED, "missing '=' after attribute name", "an entry is name = value")
        mail.log.wait_for(REFUSED)
        renew_all_daemons(mail)
        deliver(mail, peer, "three@example.test", "new.handoff.test")
        path.write_text(good.replace("/nonexistent/q", str(queue)))
