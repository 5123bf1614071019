"""A machine whose kernel has no IPv6, with the default inet_protocols."""

import pathlib
import subprocess

import pytest

from support.conditions import free_port, is_listening, wait_until

SOURCE = pathlib.Path(__file__).parent.parent / "support" / "no_ipv6.cc"


@pytest.fixture
def preloaded(tmp_path_factory):
    """Where the mail owner can read it as well."""
    library = tmp_path_factory.mktemp("preload") / "no_ipv6.so"
    subprocess.run(["c++", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, SOURCE, "-ldl"],
                   check=True)
    return library


def test_mail_is_delivered_and_services_listen(suite, peer, preloaded):
    port = free_port("127.0.0.1")
    with suite(start=False, relayhost=peer.nexthop, inet_protocols="all", inet_interfaces="all",
               services={f"{port}/inet": "n - n - - smtp"}) as mail:
        imported = mail.postconf("import_environment")
        mail.configure(import_environment=f"{imported} LD_PRELOAD={preloaded}")
        disabled = "inet_protocols: disabling IPv6 name/address support: Address family not supported"
        mail.log.allow(disabled)
        started = mail.run([mail.daemon("master"), "-w", "-c", mail.config_directory], timeout=30,
                           LD_PRELOAD=str(preloaded))
        assert disabled in started.stderr.decode()
        assert is_listening(port, "0.0.0.0")
        mail.inject(["user@example.test"], b"Subject: hi\n\nhello\n")
        wait_until(lambda: peer.messages, 15, "the message")
