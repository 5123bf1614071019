"""What only root can try."""

import os

import pytest

STOCK_MASTER = "stock Postfix's master serves root only"


def skip_unless_root(why: str) -> None:
    if os.geteuid() != 0:
        pytest.skip(why)


def needs_root(why: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(os.geteuid() != 0, reason=why)
