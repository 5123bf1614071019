"""Fixtures that end-to-end and interop tests share. What they stand on is in support/."""

import os
import pathlib
import sys
from typing import Callable, Iterator, Mapping, Optional

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support import programs  # noqa: E402  (the path comes first)
from support.instance import Instance, Setting  # noqa: E402
from support.layout import ROOTLESS_USER  # noqa: E402
from support.root import STOCK_MASTER, skip_unless_root  # noqa: E402
from support.smtp_peer import RecordingPeer, ScriptedPeer  # noqa: E402

Suite = Callable[..., Instance]


def _suite(base: programs.Mix) -> Suite:
    def make(mix: Optional[programs.Mix] = None, user: Optional[str] = None,
             services: Optional[Mapping[str, Optional[str]]] = None, start: bool = True,
             **settings: Setting) -> Instance:
        choices = {name: str(value) for name, value in settings.items()
                   if value in ("ours", "stock") and programs.is_program(name.replace("_", "-"))}
        others = {name: value for name, value in settings.items() if name not in choices}
        return Instance((mix or base).with_(**choices), user, services, start, **others)

    return make


@pytest.fixture
def suite() -> Suite:
    """Makes instances of our suite: `with suite(smtp="stock", relayhost=peer.nexthop) as mail:`.

    Arguments named after a program say whose it is, "ours" or "stock"; the others are main.cf
    parameters.
    """
    return _suite(programs.ours_but())


@pytest.fixture
def stock_suite() -> Suite:
    """The same with stock programs, unless told otherwise: `stock_suite(scache="ours")`."""
    skip_unless_root(STOCK_MASTER)
    return _suite(programs.stock_but())


@pytest.fixture
def peer() -> Iterator[RecordingPeer]:
    """A well-behaved server that records what it gets."""
    with RecordingPeer() as recording:
        yield recording


@pytest.fixture
def scripted_peer() -> Iterator[Callable[..., ScriptedPeer]]:
    """Starts servers that follow a script, and at the end makes sure that they could."""
    started = []

    def start(*scripts: str) -> ScriptedPeer:
        started.append(ScriptedPeer(*scripts).__enter__())
        return started[-1]

    yield start
    for one in started:
        one.__exit__(None, None, None)


@pytest.fixture(params=["root", "rootless"])
def user(request: pytest.FixtureRequest) -> Optional[str]:
    """Runs a test twice, with dropped privileges and rootless: pass it on as `suite(user=user)`."""
    if request.param == "rootless":
        return ROOTLESS_USER if os.geteuid() == 0 else None
    skip_unless_root("only root can drop privileges")
    return None
