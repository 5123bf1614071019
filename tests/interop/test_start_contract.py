"""How master starts a daemon: the same under ours as under stock's, to the last byte.

A stub daemon writes down its arguments, environment, descriptors, signals and identity; every kind
of entry in master.cf is started by both masters in the same order, and the notes are compared.
"""

import resource
import signal
import socket

import pytest

from support.callers import call
from support.conditions import free_port
from support.master_cf import NOTHING
from support.programs import stock_but
from support.stub import Stub

def is_here(address):
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


IPV6 = pytest.mark.skipif(not is_here("::1"), reason="no IPv6 loopback address here")


def entries(ports):
    """Service, type, fields; where to call it."""
    one, two, three, four, five = ports
    return [
        ("plain", "unix", "- - n - - stub", "private/plain"),
        ("stub", "unix", "- - n - 1 stub", "private/stub"),
        ("open", "unix", "n - - - 0 stub", "public/open"),
        ("root", "unix", "- n n - 7 stub", "private/root"),
        ("jail", "unix", "- - y - - stub", "private/jail"),
        ("words", "unix", "- - n - - stub serve -o { a = b c } # x {  } \"q r\" a{ b c }",
         "private/words"),
        ("many", "pass", "- - n - 3 stub", "private/many"),
        ("single", "pass", "- - n - 1 stub", "private/single"),
        ("datagram", "unix-dgram", "n - n - 1 stub", "public/datagram"),
        ("pipe", "fifo", "n - n - 1 stub", "public/pipe"),
        (f"127.0.0.1:{one}", "inet", "n - n - - stub", one),
        (f"[127.0.0.1]:{two}", "inet", "n - n - 1 stub", two),
        (f":{three}", "inet", "n - n - 2 stub", three),
        (f"0.0.0.0:{four}", "inet", "n - n - 5 stub", four),
        (f"localhost:{five}", "inet", "n - n - 0 stub", five),
    ]


@pytest.fixture(autouse=True)
def low_limits():
    """So that it shows which limits master raises."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def capture(stock_suite, mix, ports, setting, options=()):
    wanted = entries(ports)
    services = {f"{name}/{kind}": fields for name, kind, fields, _ in wanted}
    notes = []
    with stock_suite(mix, services={**NOTHING, **services}, start=False, **setting) as mail:
        stub = Stub(mail)
        mail.run([mail.daemon("master"), "-w", *options, "-c", mail.config_directory])
        for name, kind, _, where in wanted:
            call(mail, str(where), kind)
            pids = stub.wait_for("heard", count=len(notes) + 1)
            captured = "\n".join([f"{name}/{kind}", *stub.captured(pids[-1])])
            notes.append(captured.replace(str(mail.root), "ROOT"))
        assert len(stub.pids("started")) == len(wanted)
    return notes


@pytest.fixture
def ports():
    # Both masters use the same ones, one after the other: they are part of the arguments.
    return [free_port() for _ in range(5)]


def without_sigterm_held(note):
    """Ours starts a log server with SIGTERM held back, so that it can write the last lines."""
    held = f"SigBlk:\t{1 << (signal.SIGTERM - 1):016x}"
    if not note.startswith("datagram/"):
        return note
    assert held in note
    return note.replace(held, f"SigBlk:\t{0:016x}")


@pytest.mark.parametrize("setting", [
    pytest.param({}, id="one-interface"),
    pytest.param({"inet_interfaces": "[::1], 127.0.0.1", "inet_protocols": "all"},
                 id="two-interfaces", marks=IPV6),
    pytest.param({"inet_interfaces": "all", "inet_protocols": "all"}, id="both-protocols",
                 marks=IPV6),
    pytest.param({"inet_interfaces": "all"}, id="all-interfaces"),
    pytest.param({"inet_interfaces": "loopback-only"}, id="loopback-only"),
    pytest.param({"compatibility_level": "0"}, id="jails-by-default"),
    pytest.param({"maillog_file": "", "syslog_name": "other"}, id="syslog"),
    pytest.param({"import_environment": "MAIL_CONFIG { A = b c } PATH NONE LANG=x LANG=y"},
                 id="environment"),
])
def test_what_a_daemon_inherits(stock_suite, ports, setting):
    stock = capture(stock_suite, stock_but(), ports, setting)
    ours = capture(stock_suite, stock_but("master"), ports, setting)
    assert "\n\n".join(map(without_sigterm_held, ours)) == "\n\n".join(stock)


def test_verbose(stock_suite, ports):
    # Only the arguments: with -v stock's master writes more about itself than anybody reads.
    def arguments(mix):
        return [[line for line in note.splitlines() if line.startswith("argv")]
                for note in capture(stock_suite, mix, ports, {}, ("-v", "-v"))]

    assert arguments(stock_but("master")) == arguments(stock_but())
