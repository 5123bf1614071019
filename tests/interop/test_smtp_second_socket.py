"""Our smtp(8) uses the second socket where the cache is ours; nobody else notices that there is one.
"""

import itertools
import subprocess

import pytest

from support.conditions import wait_until
from support.programs import ours
from support.scache_client import ScacheClient

MESSAGE = b"From: a@handoff.test\nSubject: hi\n\nhello\n"
CACHING = {"smtp_connection_cache_destinations": "static:all",
           "smtp_connection_cache_time_limit": "60s"}
# A process for each delivery; it says where it connects to.
VERBOSE_DELIVERIES = {"smtp/unix": "- - n - - smtp -v -o max_use=1"}
CONNECTED = r"smtp\[\d+\]: auto_clnt_open: connected to private/scache"


@pytest.mark.parametrize("master", ["stock", "ours"])
@pytest.mark.parametrize("smtp", ["stock", "ours"])
@pytest.mark.parametrize("scache", ["stock", "ours"])
def test_all_combinations(stock_suite, peer, scache, smtp, master):
    """Deliveries share a connection, which ends politely when both know how to ask for that."""
    both = scache == smtp == "ours"
    with stock_suite(scache=scache, smtp=smtp, master=master, relayhost=peer.nexthop,
                     services=VERBOSE_DELIVERIES, connection_cache_ttl_limit="3s",
                     **CACHING) as mail:
        for number in (1, 2, 3):
            deliver(mail, number)
        assert len(mail.log.find(CONNECTED + r"$")) == (1 if both else 3)
        assert len(mail.log.find(CONNECTED + r"\.handoff$")) == (3 if both else 0)
        wait_until(lambda: peer.open_connections() == 0, 10, "the end of the session")
        assert mail.log.find("conn_use=2")
        assert {connection.quit for connection in peer.connections} == {both}


@pytest.mark.parametrize("chroot", ["n", "y"])
def test_in_a_jail_and_rootless(suite, user, peer, chroot):
    with suite(user=user, relayhost=peer.nexthop, connection_cache_ttl_limit="60s",
               services={"scache/unix": f"- - {chroot} - 1 scache", **VERBOSE_DELIVERIES},
               **CACHING) as mail:
        for number in (1, 2):
            deliver(mail, number)
        assert len(peer.connections) == 1
        assert len(mail.log.find(CONNECTED + r"\.handoff$")) == 2


@pytest.mark.parametrize("master", ["stock", "ours"])
@pytest.mark.parametrize("scache", ["stock", "ours"])
def test_reload_in_the_middle(stock_suite, peer, scache, master):
    with stock_suite(scache=scache, smtp="ours", master=master, relayhost=peer.nexthop,
                     services={"smtp/unix": "- - n - 1 smtp -v"}, connection_cache_ttl_limit="60s",
                     **CACHING) as mail:
        numbers = itertools.count(1)
        for _ in range(3):
            for _ in range(2):
                deliver(mail, next(numbers))
            mail.reload()
        deliver(mail, next(numbers))
        second = len(mail.log.find(CONNECTED + r"\.handoff$"))
        assert second >= 3 if scache == "ours" else second == 0


class Driver:
    """A client that outlives reloads: the driver, with commands one by one."""

    def __init__(self, mail):
        self._process = subprocess.Popen([ours("scache-driver"), "-vx"], cwd=mail.queue_directory,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT)
        self.do("cache_type clnt private/scache")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)

    def do(self, command):
        """What it says to a command: the lines up to those of a command that all caches know."""
        self._process.stdin.write(f"{command}\nsize\n".encode())
        self._process.stdin.flush()
        lines = []
        while not lines or not lines[-1].startswith("size: "):
            line = self._process.stdout.readline().decode()
            assert line, f"the driver has ended after {lines}"
            lines.append(line.rstrip())
        return [line for line in lines if not line.startswith(("size: ", ">"))]


@pytest.mark.parametrize("scache", ["stock", "ours"])
def test_a_client_that_outlives_reloads(stock_suite, scache):
    """It comes back to the new server without a word, and to the second socket if there is one."""
    with stock_suite(scache=scache, connection_cache_ttl_limit="60s") as mail, Driver(mail) as client:
        kept = False
        for _ in range(3):
            said = client.do("find_endp e")
            assert not any("warning" in line for line in said), said
            assert ("endp=e prop=p" if kept else "not found: e") in said[-1]
            last = [line for line in said if "connected to" in line][-1]
            assert last.endswith("private/scache.handoff" if scache == "ours" else "private/scache")
            assert "connected" not in " ".join(client.do("save_endp 60 e p 12"))
            kept = scache == "ours"
            before = mail.processes("scache")
            mail.reload()
            wait_until(lambda: not any(old.alive for old in before), 15, "the end of the old scache")


def test_an_idle_server_is_started_again(stock_suite):
    """It leaves its name behind; the first socket makes master start the next."""
    with stock_suite(scache="ours", max_idle="1s") as mail:
        with ScacheClient(mail.connect("private/scache")):
            [before] = mail.processes("scache")
        wait_until(lambda: not before.alive, 10, "the end of scache")
        with Driver(mail) as client:
            said = [line.split()[-1] for line in client.do("find_endp e") if "connected to" in line]
            assert said == ["private/scache", "private/scache.handoff"]


def deliver(mail, number):
    mail.deliver(f"user{number}@example.test", MESSAGE)
