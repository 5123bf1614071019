"""proxy: tables of our programs: their connections to proxymap(8) come and go."""

import contextlib
import pathlib
import socket
import subprocess
import tempfile
import threading
from typing import Iterator

import pytest

from support import attributes, programs
from support.conditions import wait_until
from support.layout import MAIL_OWNER, SETGID_GROUP
from support.mistakes import back_date
from support.root import STOCK_MASTER, needs_root

TEXT = b"Subject: hi\n\nhello\n"
BOTH = ("ours", "stock")


@needs_root(STOCK_MASTER)
@pytest.mark.parametrize("origin", BOTH)
def test_a_connection_can_be_made_in_the_jail(stock_suite, origin):
    table = "proxy:inline:{a.test=discard:one}"
    with stock_suite(trivial_rewrite=origin, transport_maps=table, proxy_read_maps=table,
                     services={"rewrite/unix": "- - y - - trivial-rewrite"}) as mail:
        mail.log.allow("proxymap pid [0-9]+ killed by signal 9")
        mail.deliver("user@a.test", TEXT)
        jailed = mail.processes("trivial-rewrite")
        assert [process.root() for process in jailed] == [str(mail.queue_directory)]
        replaced = mail.kill("proxymap")
        wait_until(lambda: not any(process.alive for process in replaced), 10, "its end")
        mail.deliver("user@a.test", TEXT)
        assert mail.processes("trivial-rewrite") == jailed


class Proxymap:
    """Has an answer to everything, but none to the first look-up of all if it is `slow`."""

    def __init__(self, path: pathlib.Path, slow: bool = False) -> None:
        self.connections = 0
        self.lookups = 0
        self._slow = slow
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, EOFError):
            client.sendall(attributes.encode(("protocol", "proxymap_protocol")))
            while True:
                request = dict(attributes.receive(client))
                if request["request"] == "open":
                    client.sendall(attributes.encode(("status", 0), ("flags", 16)))
                    continue
                self.lookups += 1
                if not self._slow or self.lookups > 1:
                    client.sendall(attributes.encode(("status", 0), ("value", "found")))


class Desk:
    """A postmap(1) that asks this test's proxymap, one key after another."""

    def __init__(self, origin: str, slow: bool = False, **settings: str) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="handoff-", dir="/tmp")
        root = pathlib.Path(self._directory.name)
        root.chmod(0o755)
        (root / "private").mkdir()
        main_cf = root / "main.cf"
        given = {"compatibility_level": "3.6", "myhostname": "mail.handoff.test",
                 "mail_owner": MAIL_OWNER, "setgid_group": SETGID_GROUP, "queue_directory": root,
                 "data_directory": root, **settings}
        main_cf.write_text("".join(f"{name} = {value}\n" for name, value in given.items()))
        back_date(main_cf)
        self.server = Proxymap(root / "private/proxymap", slow)
        stock = programs.stock().environment() if origin == "stock" else {}
        self._postmap = subprocess.Popen(
            [programs.locate(origin, "postmap"), "-c", root, "-q", "-", "proxy:static:x"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/",
            env={"PATH": "/usr/bin:/bin", **stock})

    def ask(self) -> None:
        """Returns when the question has come in."""
        before = self.server.lookups
        self._postmap.stdin.write(b"key\n")
        self._postmap.stdin.flush()
        wait_until(lambda: self.server.lookups > before, 10, "the question")

    def end(self) -> "tuple[bytes, bytes]":
        """What postmap has said."""
        return self._postmap.communicate(timeout=20)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._postmap.kill()
        self._postmap.wait()
        self.server.close()
        self._directory.cleanup()


@contextlib.contextmanager
def desk_of(origin: str, slow: bool = False, **settings: str) -> Iterator[Desk]:
    desk = Desk(origin, slow, **settings)
    try:
        yield desk
    finally:
        desk.close()


# Stock's limits hold in daemons only, which have timers.
@pytest.mark.parametrize("limits", [{"ipc_ttl": "1s"}, {"ipc_idle": "1s"}])
def test_a_connection_is_kept_for_so_long(limits):
    with desk_of("ours", **{"ipc_ttl": "1h", "ipc_idle": "1h", **limits}) as desk:
        desk.ask()
        desk.ask()
        assert desk.server.connections == 1
        pause = threading.Event()  # of its client, twice as long each time
        for attempt in range(7):
            pause.wait(2 ** attempt / 20)
            desk.ask()
            if desk.server.connections > 1:
                break
        assert desk.server.connections > 1
        output, complaints = desk.end()
        assert (set(output.splitlines()), complaints) == ({b"key\tfound"}, b"")


@pytest.mark.parametrize("origin", BOTH)
def test_a_server_that_does_not_answer_is_left(origin):
    with desk_of(origin, slow=True, ipc_timeout="1s") as desk:
        desk.ask()
        output, complaints = desk.end()
        assert output == b"key\tfound\n"
        assert b"service proxymap: Connection timed out" in complaints
        assert desk.server.connections == 2
