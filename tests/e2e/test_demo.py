"""`make demo` in small: it delivers, notices what is wrong, and leaves nothing behind."""

import contextlib
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
from types import ModuleType
from typing import Iterator, List

import pytest
from support import corpus, processes
from support.conditions import wait_until
from support.debian import REPOSITORY

PROGRAM = REPOSITORY / "scripts/demo"


@contextlib.contextmanager
def started(*arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """In a session of its own: an interrupt reaches it and its children, as on a terminal."""
    with subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, start_new_session=True) as process:
        try:
            yield process
        except BaseException:
            end(process)
            raise


def end(process: "subprocess.Popen[str]") -> None:
    """It cleans up when it is interrupted, if it still can."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)



def run(*arguments: object) -> str:
    with started(*arguments) as process:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output
        return output


def used_by(output: str) -> List[pathlib.Path]:
    """The folders that a demo has told of (with --verbose)."""
    return [pathlib.Path(path) for path in re.findall(r"^folder (\S+)$", output, re.MULTILINE)]


def assert_nothing_left(output: str) -> None:
    paths = used_by(output)
    assert paths
    for path in paths:
        wait_until(lambda path=path: not processes.within(path), 5, f"no process in {path}")
        assert not path.exists()


def test_mail_is_delivered_and_compared():
    output = run("--deliveries=120", "--delay=0ms", "--verbose")
    for title in ("cache off", "cache on"):
        assert f"{title}: delivered bytes verified: 120 of 120\n" in output
    opened = re.search(r"connections opened +(\d+) +(\d+)", output)
    assert opened and int(opened.group(1)) == 120 and int(opened.group(2)) < 120
    assert_nothing_left(output)


@pytest.mark.parametrize("path", ["tests/data/archive.mbox", "tests/data/mail/15-dots.eml"])
def test_ones_own_mail_is_taken(path: str):
    output = run("--deliveries=40", "--delay=0ms", REPOSITORY / path)
    assert output.count("delivered bytes verified: 40 of 40\n") == 2


@pytest.mark.parametrize("where", ["cache off: 0 of", "cache on: 0 of"])
def test_an_interrupt_leaves_nothing_behind(where: str):
    with started("--deliveries=4000", "--verbose") as process:
        assert process.stdout is not None
        output = ""
        for line in process.stdout:
            output += line
            if where in line:
                break
        os.killpg(process.pid, signal.SIGINT)
        output += process.stdout.read()
        assert process.wait(30) == 130, output
    assert_nothing_left(output)


def test_a_folder_that_is_not_there_is_an_error():
    with started("/missing") as process:
        assert process.communicate(timeout=30)[0].endswith("/missing: no such file or folder\n")
        assert process.returncode == 1


@pytest.fixture(name="demo")
def demo_module() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("demo", str(PROGRAM))
    spec = importlib.util.spec_from_loader("demo", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo"] = module
    loader.exec_module(module)
    return module


RECEIVED = (b"Received: by mail.handoff.test (Handoff, from userid 0)\r\n"
            b"\tid 1234; Sun, 22 Nov 2026 00:00:00 +0000 (UTC)\r\n")


@pytest.mark.parametrize("delivered, problem", [
    ({"a@x": b"S: x\r\n\r\nhi\r\n", "b@x": b"S: x\r\n\r\nhi\r\n"}, None),
    ({"a@x": b"S: x\r\n\r\nhi\r\n"}, "b@x: name was not delivered"),
    ({"a@x": b"S: x\r\n\r\nhi\r\n", "b@x": b"S: x\r\n\r\nhi \r\n"}, "b@x: name differs at byte 10"),
    ({"a@x": b"S: x\r\n\r\nhi\r\n", "b@x": b"S: x\r\n\r\nhi\r\n", "c@x": b""}, "c@x: not expected"),
])
def test_the_comparison_notices(demo: ModuleType, tmp_path: pathlib.Path, delivered, problem):
    for number, (recipient, content) in enumerate(delivered.items()):
        (tmp_path / f"{number}.eml").write_bytes(RECEIVED + content)
        envelope = {"recipients": [f"<{recipient}> ORCPT=rfc822;{recipient}"]}
        (tmp_path / f"{number}.json").write_text(json.dumps(envelope))
    result = demo.Result("title", 2)
    demo.verify([demo.Submission(b"S: x\n\nhi", "name", ["a@x", "b@x"])], tmp_path, result)
    assert result.verified == (2 if problem is None or "expected" in problem else 1)
    assert [text.startswith(problem) for text in result.problems] == [True] * (problem is not None)


def test_each_recipient_is_there_once(demo: ModuleType):
    plan = demo.plan([corpus.Message(str(number), b"") for number in range(7)], 500)
    recipients = [recipient for item in plan for recipient in item.recipients]
    assert len(recipients) == len(set(recipients)) == 500
    domains = [recipient.split("@")[1] for recipient in recipients]
    assert {domains.count(domain) for domain in domains} <= {12, 13}
