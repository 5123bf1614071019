"""What master does with its services, whoever's it is: a stub daemon misbehaves in every way.

Each test runs under our master and under stock's, except where ours does better.
"""

import concurrent.futures
import contextlib
import os
import signal
import subprocess
import time

import pytest

from support.callers import call, dial
from support.conditions import free_port, wait_until
from support.early_log import EarlyLog
from support.master_cf import NOTHING, REFUSED
from support.programs import Mix, stock_but
from support.stub import Stub


class Bench:
    """An instance whose services are stubs, and what they note."""

    def __init__(self, mail, stub):
        self.mail = mail
        self.stub = stub

    def call(self, service, kind="unix"):
        call(self.mail, service, kind)

    def dial(self, service, kind="unix"):
        return dial(self.mail, service, kind)

    def reload(self, **services):
        self.mail.configure_services({name.replace("__", "/"): text
                                      for name, text in services.items()})
        os.kill(self.mail.master_pid(), signal.SIGHUP)

    def refuses(self, service):
        try:
            self.mail.connect(service).close()
        except ConnectionRefusedError:
            return True
        return False


@pytest.fixture(params=["ours", "stock"])
def mix(request) -> Mix:
    return stock_but("master") if request.param == "ours" else stock_but()


@pytest.fixture
def ours() -> Mix:
    return stock_but("master")


@pytest.fixture
def bench(stock_suite):
    """Starts master with these services: `bench(mix, {"echo/unix": "- - n - 1 stub"})`."""
    with contextlib.ExitStack() as stack:
        def start(mix, services, **settings):
            mail = stack.enter_context(stock_suite(mix, services={**NOTHING, **services},
                                                   start=False, **settings))
            stub = Stub(mail)
            mail.start()
            return Bench(mail, stub)

        yield start


def test_no_process_before_the_first_client_and_one_for_many(bench, mix):
    box = bench(mix, {"echo/unix": "- - n - 1 stub"})
    assert box.stub.events() == []
    for number in range(5):
        box.call("private/echo")
        box.stub.wait_for("heard 68656c6c6f", number + 1)
    assert len(box.stub.pids("started")) == 1


def test_busy_processes_get_company_up_to_the_limit(bench, mix):
    box = bench(mix, {"echo/unix": "- - n - 2 stub"})
    first, second = box.dial("private/echo"), None
    with first:
        box.stub.wait_for("taken", 1)
        second = box.dial("private/echo")
        with second:
            box.stub.wait_for("taken", 2)
            third = box.dial("private/echo")
            third.sendall(b"third")
            second.sendall(b"second")
        box.stub.wait_for("heard 7365636f6e64")
        box.stub.wait_for("taken", 3)
        third.close()
        box.stub.wait_for("heard 7468697264")
    assert len(set(box.stub.pids("started"))) == 2


def test_stress_mode_and_its_warnings(bench, mix):
    box = bench(mix, {"busy/pass": "- - n - 2 stub"})
    box.mail.log.expect('service "busy" \\(private/busy\\) has reached its process limit "2"',
                        "to avoid this condition, increase the process count in master.cf",
                        "see http://www.postfix.org/STRESS_README.html")
    with box.dial("private/busy", "pass"):
        (first,) = box.stub.wait_for("taken", 1)
        with box.dial("private/busy", "pass"):
            second = box.stub.wait_for("taken", 2)[-1]
            box.mail.log.wait_for("STRESS_README")
    arguments = [box.stub.captured(pid)[0] for pid in (first, second)]
    assert "stress=\\x00" in arguments[0] and "stress=yes\\x00" in arguments[1]
    box.stub.wait_for("left", 1)  # the first one, which does not know of the stress


def test_a_failing_service_rests(bench, mix):
    box = bench(mix, {"bad/unix": "- - n - 5 stub fail"}, service_throttle_time="1s")
    daemon = box.mail.daemon("stub")
    box.mail.log.expect(f"process {daemon} pid \\d+ exit status 1",
                        f"{daemon}: bad command startup -- throttling")
    start = time.monotonic()  # before the rest begins, however late we look
    with box.dial("private/bad"):
        box.stub.wait_for("started", 2)
        assert time.monotonic() - start > 0.8


def test_a_crash_at_start_is_named_by_its_signal(bench, mix):
    box = bench(mix, {"bad/unix": "- - n - 5 stub crash"}, service_throttle_time="10s")
    daemon = box.mail.daemon("stub")
    box.mail.log.expect(f"process {daemon} pid \\d+ killed by signal 11",
                        f"{daemon}: bad command startup -- throttling")
    with box.dial("private/bad"):
        box.mail.log.wait_for("throttling")
    assert len(box.stub.pids("started")) == 1


def test_a_failure_after_a_request_is_forgiven(bench, mix):
    box = bench(mix, {"bad/unix": "- - n - 5 stub die-on-second"}, service_throttle_time="60s")
    box.mail.log.expect("exit status 1")
    for number in range(3):
        box.call("private/bad")
        box.stub.wait_for("heard", number + 1)
        box.call("private/bad")
        box.mail.log.wait_for("exit status 1", count=number + 1)
    assert box.mail.log.find("throttling") == []


def test_a_command_that_does_not_exist(bench, mix):
    box = bench(mix, {"bad/unix": "- - n - 1 nosuch", "good/unix": "- - n - 1 stub"})
    path = box.mail.daemon("nosuch")
    box.mail.log.expect(f"fatal: master_spawn: exec {path}: No such file or directory",
                        f"process {path} pid \\d+ exit status 1",
                        f"{path}: bad command startup -- throttling")
    with box.dial("private/bad"):
        box.call("private/good")
        box.stub.wait_for("heard")
        box.mail.log.wait_for("throttling")


def test_status_records_that_make_no_sense(bench, mix):
    box = bench(mix, {"half/unix": "- - n - 1 stub half-record",
                      "odd/unix": "- - n - 1 stub unknown-status"})
    box.mail.log.expect(
        "service half\\(private/half\\): child \\(pid \\d+\\) sent partial status update",
        "master_status_event: ignoring unknown status: \\d+ allegedly from pid: \\d+")
    box.call("private/half")
    box.call("private/odd")
    box.mail.log.wait_for("partial status update")
    box.mail.log.wait_for("ignoring unknown status")


def test_wakeups(bench, mix):
    box = bench(mix, {"often/unix": "- - n 1 1 stub", "pipe/fifo": "- - n 1 1 stub",
                      "passed/pass": "- - n 1 1 stub"})
    box.stub.wait_for("heard 57", 6)
    started = {event.what.split()[1]: event.pid for event in box.stub.events()
               if event.what.startswith("started")}
    heard = {(event.pid, event.what) for event in box.stub.events() if "heard" in event.what}
    assert (started["pipe"], "heard 57") in heard
    for service in ("often", "passed"):
        assert heard & {(started[service], "heard 5700"), (started[service], "heard 57")}


def test_conditional_wakeups_wait_for_the_first_use(bench, mix):
    box = bench(mix, {"seldom/unix": "- - n 1? 1 stub", "always/unix": "- - n 1 1 stub"})
    box.stub.wait_for("heard 57", 3)  # all of them from the other one
    assert {event.what.split()[1] for event in box.stub.events()
            if event.what.startswith("started")} == {"always"}
    box.call("private/seldom")
    (pid,) = [event.pid for event in wait_until(
        lambda: [event for event in box.stub.events() if event.what == "started seldom serve"])]
    wait_until(lambda: any(event.pid == pid and event.what.startswith("heard 57")
                           for event in box.stub.events()), 5, "a wake-up of the used service")


def test_reload_lets_busy_processes_finish(bench, mix):
    box = bench(mix, {"echo/unix": "- - n - - stub"})
    with box.dial("private/echo") as client:
        (busy,) = box.stub.wait_for("taken", 1)
        box.reload()
        box.mail.log.wait_for("reload -- version 3.7.11, configuration")
        box.call("private/echo")
        box.stub.wait_for("heard 68656c6c6f")
        assert len(set(box.stub.pids("started"))) == 2
        client.sendall(b"late")
    assert box.stub.wait_for("left after the client") == [busy]


def test_reload_starts_and_ends_services(bench, mix):
    box = bench(mix, {"old/unix": "- - n - 1 stub", "kept/unix": "- - n - 1 stub"})
    client = box.dial("private/old")
    with client:
        (old,) = box.stub.wait_for("taken", 1)
        box.reload(old__unix=None, new__unix="- - n - 1 stub",
                   kept__unix="- - n - 7 stub serve anew")
        wait_until(lambda: box.refuses("private/old"), 10, "the end of the old service")
        wait_until(lambda: not os.path.exists(f"/proc/{old}"), 10, "the end of its process")
    assert (box.mail.queue_directory / "private/old").exists()
    box.call("private/new")
    box.call("private/kept")
    box.stub.wait_for("heard", 2)
    (kept,) = [event.pid for event in box.stub.events() if event.what == "started kept serve"]
    assert "serve\\x00anew" in box.stub.captured(kept)[0]
    assert "-l" not in box.stub.captured(kept)[0]


def test_duplicates_and_disabled_services(bench, mix):
    box = bench(mix, {"echo/unix": "- - n - 1 stub", "off/unix": "- - n - 1 stub"},
                master_service_disable="nosuch/inet off/unix")
    path = box.mail.config_directory / "master.cf"
    box.mail.log.expect('duplicate master.cf entry for service "echo" \\(private/echo\\) -- using '
                        "the last entry")
    path.write_text(path.read_text() + "echo unix - - n - 1 stub serve last\n")
    os.kill(box.mail.master_pid(), signal.SIGHUP)
    box.mail.log.wait_for("duplicate master.cf entry")
    box.call("private/echo")
    (pid,) = box.stub.wait_for("heard")
    assert "last" in box.stub.captured(pid)[0]
    assert not (box.mail.queue_directory / "private/off").exists()


def test_everybody_leaves_when_master_is_killed(bench, mix):
    box = bench(mix, {"echo/unix": "- - n - - stub"})
    box.call("private/echo")
    box.stub.wait_for("heard")
    os.kill(box.mail.master_pid(), signal.SIGKILL)
    box.stub.wait_for("left")


def test_one_master_at_a_time(bench, mix):
    box = bench(mix, {})
    master = box.mail.daemon("master")
    test = [master, "-t", "-c", box.mail.config_directory]
    assert box.mail.run(test, check=False).returncode == 1
    # Stock's still logs to syslog then.
    box.mail.log.allow("fatal: open lock file pid/master.pid: unable to set exclusive lock: "
                       "Resource temporarily unavailable", "fatal: daemon initialization failure")
    second = box.mail.run([master, "-w", "-c", box.mail.config_directory], check=False)
    assert second.returncode == 1
    assert box.mail.log.troubles() or "master" not in mix.exceptions
    pid = (box.mail.queue_directory / "pid/master.pid").read_bytes()
    assert len(pid) == 33 and int(pid) == box.mail.master_pid()
    box.mail.stop()
    assert box.mail.run(test, check=False).returncode == 0


def test_ends_by_the_signal_and_at_its_time(stock_suite, mix):
    with stock_suite(mix, services=NOTHING, start=False) as mail:
        command = [str(mail.daemon("master")), "-d", "-c", str(mail.config_directory)]
        with subprocess.Popen(["setsid", *command], env=mail.environment(), cwd="/") as master:
            try:
                mail.log.wait_for("daemon started")
                os.kill(mail.master_pid(), signal.SIGTERM)
                assert master.wait(10) == -signal.SIGTERM
            finally:
                master.kill()
        mail.run([*command, "-e", "0"])
        mail.log.wait_for("master exit time has arrived")


@pytest.mark.parametrize("interfaces", ["localhost", "all"])
def test_listeners_do_not_follow_inet_interfaces(bench, mix, interfaces):
    ports = [free_port(), free_port()]
    box = bench(mix, {f"{ports[0]}/inet": "n - n - - stub",
                      f"127.0.0.1:{ports[1]}/inet": "n - n - - stub"})
    box.mail.configure(inet_interfaces=interfaces)
    box.reload()
    box.mail.log.expect(f"service {ports[0]}: ignoring inet_interfaces change",
                        f"service 127.0.0.1:{ports[1]}: ignoring inet_interfaces change",
                        "to change inet_interfaces, stop and start Postfix")
    box.mail.log.wait_for("to change inet_interfaces", count=2)
    box.call(str(ports[0]), "inet")
    box.stub.wait_for("heard")


def test_without_network_protocols_the_rest_works(bench, mix):
    box = bench(mix, {f"{free_port()}/inet": "n - n - - stub", "echo/unix": "- - n - 1 stub"},
                inet_protocols="")
    if mix.origin("master") == "ours":  # stock's has no place yet to log it to
        box.mail.log.expect(r"all network protocols are disabled \(inet_protocols = \)",
                            'disabling all type "inet" services in master.cf')
    box.call("private/echo")
    box.stub.wait_for("heard")


def test_inet_protocols_stay(bench, mix):
    box = bench(mix, {"echo/unix": "- - n - 1 stub"})
    box.mail.configure(inet_protocols="ipv4, ipv4")
    box.reload()
    box.mail.log.expect("ignoring inet_protocols parameter value change",
                        'old value: "ipv4", new value: "ipv4, ipv4"',
                        "to change inet_protocols, stop and start Postfix")
    box.mail.log.wait_for("to change inet_protocols")


def test_a_disabled_entry_is_not_looked_at(bench, mix):
    box = bench(mix, {"odd/tcp": "x x x", "echo/unix": "x x x x x x", "good/fifo": "n - n 1 1 stub"},
                master_service_disable="tcp !good/unix unix")
    box.stub.wait_for("heard 57")


def test_ports_have_the_names_that_main_cf_gives_them(bench, mix):
    port = free_port()
    box = bench(mix, {"odd/inet": "n - n - - stub"}, known_tcp_ports=f"lmtp=24, odd=even={port}")
    box.call(str(port), "inet")
    box.stub.wait_for("heard 68656c6c6f")


def test_datagram_services_cannot_be_woken_up(bench, mix):
    box = bench(mix, {"data/unix-dgram": "- - n 1 1 stub"})
    box.mail.log.expect(r"master_wakeup_timer_event: service data\(private/data\): Operation not "
                        "supported")
    box.mail.log.wait_for("Operation not supported", count=2)


def test_a_reload_does_not_lift_a_throttle(bench, mix):
    box = bench(mix, {"bad/unix": "- - n 1 1 stub fail"})
    box.mail.log.expect("exit status 1", "bad command startup -- throttling")
    box.mail.log.wait_for("throttling")
    box.reload(new__fifo="n - n 1 1 stub")
    box.stub.wait_for("heard 57", 2)
    assert len(box.stub.pids("started bad")) == 1


@pytest.mark.parametrize("options", [["-t", "-w"], ["-i"], ["-i", "-d"], ["-Q"], ["extra"], ["-e"],
                                     ["PID 1", "-i", "-d"], ["PID 1", "-i", "-w"],
                                     ["PID 1", "-D", "-i"]], ids=" ".join)
def test_options_that_do_not_go_together(stock_suite, options):
    def last_words(mix):
        with stock_suite(mix, services=NOTHING, start=False) as mail, EarlyLog(mail) as early:
            first = options[0] == "PID 1"
            prefix = ["unshare", "--pid", "--fork"] if first else []
            command = [*prefix, mail.daemon("master"), *options[first:]]
            assert mail.run(command, check=False, **early.environment).returncode == 1
            return [line.partition("]: ")[2].replace(str(mail.root), "") for line in early.lines()]

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        stock, ours = pool.map(last_words, [stock_but(), stock_but("master")])
    assert ours == stock and len(ours) == 1


# Better than stock.

def test_processes_that_leave_at_once_are_braked(bench, ours):
    box = bench(ours, {"bad/unix": "- - n - 1 stub quit"}, service_throttle_time="60s")
    box.mail.log.expect("processes in a row have left without serving anybody -- throttling")
    with box.dial("private/bad"):
        box.mail.log.wait_for("throttling")
        assert len(box.stub.pids("started")) == 20


def test_a_stubborn_process_of_a_removed_service_stops_nobody(bench, ours):
    box = bench(ours, {"old/unix": "- - n - 1 stub stubborn", "good/unix": "- - n - 1 stub"})
    with box.dial("private/old"):
        (stubborn,) = box.stub.wait_for("started", 1)
        box.reload(old__unix=None, new__unix="- - n - 1 stub")
        wait_until((box.mail.queue_directory / "private/new").exists)
        for number, service in enumerate(["private/new", "private/good"]):
            box.call(service)
            box.stub.wait_for("heard", number + 1)
    os.kill(stubborn, signal.SIGKILL)
    box.mail.log.expect(f"pid {stubborn} killed by signal 9")
    box.mail.log.wait_for("killed by signal 9")


@pytest.mark.parametrize("file, text, complaint", [
    ("master.cf", "echo unix - - n - many stub\n", 'field "max_proc": bad value: "many"'),
    ("master.cf", "a/b unix - - n - 1 stub\n", "bind: private/a/b: No such file or directory"),
    ("main.cf", "nonsense\n", "missing '=' after attribute name: \"nonsense\""),
    ("main.cf", "service_throttle_time = 5x\n", "bad time value or unit: 5x"),
    ("main.cf", "myhostname = $myhostname\n", "macro"),
])
def test_a_mistake_at_reload_changes_nothing(bench, ours, file, text, complaint):
    box = bench(ours, {"echo/unix": "- - n - 1 stub"})
    path = box.mail.config_directory / file
    good = path.read_text()
    path.write_text(good + text)
    os.kill(box.mail.master_pid(), signal.SIGHUP)
    box.mail.log.expect(REFUSED)
    box.mail.log.allow("warning: ")
    box.mail.log.wait_for("reload failed")
    assert complaint in box.mail.log.text()
    box.call("private/echo")
    box.stub.wait_for("heard", 1)
    path.write_text(good + "# repaired\n")
    os.kill(box.mail.master_pid(), signal.SIGHUP)
    box.stub.wait_for("left")
    box.call("private/echo")
    box.stub.wait_for("heard", 2)


def test_a_refused_reload_leaves_running_services_their_sockets(bench, ours):
    """Also those whose type would have changed; what would have been new leaves nothing behind."""
    box = bench(ours, {"one/unix": "- - n - 1 stub", "pipe/fifo": "n - n - 1 stub"})
    before = (box.mail.config_directory / "master.cf").read_text()
    box.reload(one__unix=None, one__pass="- - n - 1 stub", pipe__fifo=None,
               pipe__unix="n - n - 1 stub", fresh__unix="- - n - 1 stub",
               **{"192.0.2.7:25998__inet": "n - n - 1 stub"})
    box.mail.log.expect(REFUSED, "bind 192.0.2.7 port 25998: Cannot assign requested address")
    box.mail.log.wait_for(REFUSED)
    box.call("private/one")
    box.stub.wait_for("heard", 1)
    box.call("public/pipe", "fifo")
    box.stub.wait_for("heard", 2)
    names = [path.name for folder in ("private", "public")
             for path in (box.mail.queue_directory / folder).iterdir()]
    assert sorted(names) == ["one", "pipe"]
    (box.mail.config_directory / "master.cf").write_text(before)


def test_the_type_of_a_service_can_change(bench, ours):
    def sockets():
        with os.scandir(box.mail.queue_directory / "private") as entries:
            return {entry.name: entry.inode() for entry in entries}

    box = bench(ours, {"one/unix": "- - n - 1 stub"})
    old = sockets()
    box.reload(one__unix=None, one__pass="- - n - 1 stub")
    wait_until(lambda: {"one"} == sockets().keys() and sockets() != old, 10, "the new socket alone")
    box.call("private/one", "pass")
    box.stub.wait_for("heard", 1)


def test_keeps_what_only_a_restart_can_change(bench, mix):
    box = bench(mix, {"echo/unix": "- - n - 1 stub"})
    old = box.mail.queue_directory
    box.mail.log.expect("ignoring queue_directory parameter value change",
                        f'old value: "{old}", new value: "{box.mail.root}"',
                        "to change queue_directory, stop and start Postfix")
    box.mail.configure(queue_directory=box.mail.root)
    os.kill(box.mail.master_pid(), signal.SIGHUP)
    box.mail.log.wait_for("to change queue_directory")
    box.call("private/echo")
    box.stub.wait_for("heard")
