"""The second socket of our scache: what is said there, who may say it, and what becomes of it.

Stock's master starts ours; stock's clients must not notice.
"""

import os
import socket

import pytest

from support.conditions import wait_until
from support.instance import Instance
from support.programs import ours_but, stock_but
from support.root import STOCK_MASTER, skip_unless_root
from support.scache_client import ScacheClient, find_endpoint, request, sessions
from support.scache_extension import BAD, FAILED, OK, SOCKET, ExtensionClient, find, save

PATIENT = {"connection_cache_ttl_limit": "60s"}


@pytest.fixture(params=["under stock's master", "under ours"])
def mail(request):
    skip_unless_root(STOCK_MASTER)
    mix = stock_but("scache") if "stock" in request.param else ours_but()
    with Instance(mix, **PATIENT) as running:
        yield running


def awake(mail):
    """A client on the first socket, which makes master start scache."""
    return ScacheClient(mail.connect("private/scache"))


def test_a_session_comes_back_on_either_socket(mail):
    with awake(mail) as stock, ExtensionClient(mail) as client, sessions(2) as [one, two]:
        assert client.ask(save("e", destination="d"), one.descriptor) == OK
        reply, descriptor = client.find(destination="d")
        assert reply == b"status\0000\0destination_property\0d prop\0endpoint_property\0e prop\0\0"
        assert one.is_behind(descriptor)
        os.close(descriptor)
        one.give_up()
        assert one.ends()
        assert client.find(destination="d") is None

        assert client.ask(save("e"), two.descriptor) == OK
        descriptor = stock.find(find_endpoint("e"))
        assert two.is_behind(descriptor)
        stock.save_endpoint("e", descriptor, "from the first socket")
        os.close(descriptor)
        reply, descriptor = client.find(endpoint="e")
        assert reply == b"status\0000\0endpoint_property\0from the first socket\0\0"
        os.close(descriptor)


def test_says_farewell(mail):
    with awake(mail), ExtensionClient(mail) as client, sessions(2) as [polite, rude]:
        assert client.ask(save("e", "QUIT\r\n", ttl_ms=1), polite.descriptor) == OK
        assert client.ask(save("e", ttl_ms=1), rude.descriptor) == OK
        for session in (polite, rude):
            session.give_up()
        assert polite.remote.recv(100) == b"QUIT\r\n"
        assert polite.ends()
        assert rude.ends()


def test_bad_packets(mail):
    """Each gets a status; one of them a line in the log."""
    mail.log.expect(r"scache socket: bad extension request: not an attribute list$",
                    'unrecognized request: "mark"')
    with awake(mail) as stock, ExtensionClient(mail) as client, sessions(2) as [one, two]:
        assert client.ask(b"garbage") == BAD
        assert client.ask(b"x" * 100_000) == BAD
        assert client.ask(find(endpoint="e"), one.descriptor) == BAD
        assert client.ask(save("e")) == BAD
        assert client.ask(save("e"), one.descriptor, two.descriptor) == BAD
        assert client.ask(save("e"), *[one.descriptor] * 60) == BAD
        for session in (one, two):
            session.give_up()
            assert session.ends()
        assert client.ask(find(endpoint="e")) == FAILED
        stock.ask(request("mark"))
        mail.log.wait_for('"mark"')
    assert len(mail.log.troubles()) == 2


def test_a_successor_takes_the_name_over(mail):
    with awake(mail):
        client = ExtensionClient(mail)
    with client:  # and nobody on the first socket, who would bring a successor at once
        for _ in range(2):  # the end of the other client is noticed
            assert client.find(endpoint="e") is None
        [before] = mail.processes("scache")
        mail.reload()
        assert client.receive() == (b"", [])
        wait_until(lambda: not before.alive, 10, "the end of scache")
    with pytest.raises(ConnectionRefusedError), ExtensionClient(mail):
        pass
    with awake(mail), ExtensionClient(mail) as client:
        assert client.find(endpoint="e") is None
        assert mail.processes("scache") != [before]
    names = {path.name for path in (mail.queue_directory / "private").glob("scache*")}
    assert names == {"scache", "scache.handoff"}


def test_its_clients_keep_the_process(mail):
    mail.configure(max_idle="1s")
    mail.reload()
    with awake(mail):
        client = ExtensionClient(mail)
    with client, sessions() as [session]:
        assert client.ask(save("e"), session.descriptor) == OK
        [scache] = mail.processes("scache")
        # Longer than max_idle: the time to live of a session on the same clock.
        with sessions() as [clock]:
            assert client.ask(save("clock", ttl_ms=1500), clock.descriptor) == OK
            clock.give_up()
            assert clock.ends()
        assert scache.alive
        os.close(client.find(endpoint="e")[1])
    wait_until(lambda: not scache.alive, 10, "the end of scache")


def test_other_users_are_not_served(mail):
    """Even where nothing keeps them from connecting. The mail owner is."""
    other = 65534
    with awake(mail):
        path = mail.queue_directory / SOCKET
        path.parent.chmod(0o755)
        path.chmod(0o666)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(10)
            connect_as(other, client, path)
            assert client.recv(100) == b""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(10)
            connect_as(path.stat().st_uid, client, path)
            client.send(find(endpoint="e"))
            assert client.recv(100) == FAILED


def connect_as(user, client, path):
    """The kernel notes who connects. In a process of its own, for all threads have the same user."""
    child = os.fork()
    if child == 0:
        try:
            os.seteuid(user)
            client.connect(str(path))
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_name_that_cannot_be_bound_costs_a_warning(stock_suite):
    with stock_suite(scache="ours", start=False) as mail:
        (mail.queue_directory / SOCKET).mkdir()
        mail.start()
        mail.log.expect(r"scache\[\d+\]: warning: rename to private/scache.handoff: Is a directory; "
                        "clients have to do with private/scache$")
        with awake(mail) as client:
            assert client.find(find_endpoint("e")) is None
        mail.log.wait_for("clients have to do with private/scache")


def test_a_service_that_is_not_private_has_none(suite):
    with suite(services={"scache/unix": "n - n - 1 scache"}) as mail:
        with ScacheClient(mail.connect("public/scache")) as client:
            assert client.find(find_endpoint("e")) is None
        assert not list(mail.queue_directory.glob("*/*.handoff*"))
