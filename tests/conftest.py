"""Fixtures that end-to-end and interop tests share. What they stand on is in support/."""

import os
import pathlib
import resource
import signal
import sys
from typing import Callable, Iterator, Mapping, Optional

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support import programs  # noqa: E402  (the path comes first)
from support.conditions import PATIENCE  # noqa: E402
from support.instance import Instance, Setting, living  # noqa: E402
from support.layout import ROOTLESS_USER  # noqa: E402
from support.root import STOCK_MASTER, skip_unless_root  # noqa: E402
from support.smtp_peer import RecordingPeer  # noqa: E402

Suite = Callable[..., Instance]

# Seconds that a test may take, and seconds until its cleaning up is interrupted, too.
TIME_LIMIT = (3000 if os.environ.get("HANDOFF_TEST_FULL") else 300) * PATIENCE
THEN_EVERY = 60

# Some tests hold more than 1024 connections, at both ends.
_, _most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (_most, _most))


def _too_long(*_: object) -> None:
    pytest.fail(f"not over after {TIME_LIMIT:g} s")


def _in_time() -> Iterator[None]:
    """What never ends fails, where it hangs, and the next test has its turn."""
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT, THEN_EVERY)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_setup() -> Iterator[None]:
    yield from _in_time()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    yield from _in_time()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    yield from _in_time()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Instances of fixtures are still there when a test has failed: the report has their logs."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        report.sections += [(f"mail log below {mail.root}", mail.log_end()) for mail in living()]


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


@pytest.fixture(params=["root", "rootless"])
def user(request: pytest.FixtureRequest) -> Optional[str]:
    """Runs a test twice, with dropped privileges and rootless: pass it on as `suite(user=user)`."""
    if request.param == "rootless":
        return ROOTLESS_USER if os.geteuid() == 0 else None
    skip_unless_root("only root can drop privileges")
    return None
