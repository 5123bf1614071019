"""The words of stock Postfix for the mistakes of tests/support/mistakes.py: what ours is held to."""

import os

import pytest

from support.mistakes import ACCOUNT_MISTAKES, MISTAKES, make_all
from support.programs import stock_but

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="stock's master serves root only")
ALL = MISTAKES + ACCOUNT_MISTAKES


@pytest.fixture(scope="module")
def outcomes():
    return make_all(ALL, stock_but())


@pytest.mark.parametrize("name", [mistake.name for mistake in ALL])
def test_stock_says_the_same(outcomes, name):
    assert outcomes[name].status != 0
    assert outcomes[name].fatal in outcomes[name].log
