"""A table that was made anew is read by new processes; those that have the old one open make room for them."""

import pathlib
from typing import Iterator

import pytest

from support.instance import Instance
from support.root import STOCK_MASTER, needs_root
from support.smtp_peer import RecordingPeer

pytestmark = needs_root(STOCK_MASTER)
TEXT = b"Subject: hi\n\nhello\n"


def make(mail: Instance, table: pathlib.Path, peer: RecordingPeer) -> None:
    table.write_text(f"example.test smtp:{peer.nexthop}\n")
    mail.run([mail.command("postmap"), f"hash:{table}"])


@pytest.fixture
def other() -> Iterator[RecordingPeer]:
    with RecordingPeer() as recording:
        yield recording


@pytest.mark.parametrize("writer", ["ours", "stock"])
def test_messages_go_by_the_new_table(stock_suite, peer, other, writer):
    with stock_suite(trivial_rewrite="ours", postmap=writer, start=False) as mail:
        mail.log.allow("qmgr.* problem talking to service rewrite")  # as when stock's makes room
        table = mail.config_directory / "transport"
        make(mail, table, peer)
        mail.configure(transport_maps=f"hash:{table}")
        mail.start()
        mail.deliver("one@example.test", TEXT)
        assert len(peer.messages) == 1
        make(mail, table, other)
        mail.deliver("two@example.test", TEXT)  # its answer may be old, and asks the client to come again
        mail.deliver("three@example.test", TEXT)
        assert other.messages[-1].recipients == ["three@example.test"]
        mail.log.wait_for(rf"trivial-rewrite\[\d+\]: table hash:{table}\(0,lock\|.*\) has changed -- restarting")
