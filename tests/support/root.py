"""What only root can try."""

import os
import subprocess

import pytest

STOCK_MASTER = "stock Postfix's master serves root only"


def skip_unless_root(why: str) -> None:
    if os.geteuid() != 0:
        pytest.skip(why)


def needs_root(why: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(os.geteuid() != 0, reason=why)


def needs_namespace(kind: str) -> pytest.MarkDecorator:
    """`kind` as unshare(1) has it. Root may, but not in a container that was not given the right."""
    permitted = os.geteuid() == 0 and subprocess.run(
        ["unshare", f"--{kind}", "--fork", "true"], check=False, capture_output=True).returncode == 0
    return pytest.mark.skipif(not permitted, reason=f"no {kind} namespace is permitted here")
