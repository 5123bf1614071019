"""The words of stock Postfix for the mistakes of tests/support/mistakes.py: what ours is held to."""

import pytest

from support.mistakes import ACCOUNT_MISTAKES, MISTAKES, make_all
from support.programs import stock_but
from support.root import STOCK_MASTER, needs_root

pytestmark = needs_root(STOCK_MASTER)
ALL = MISTAKES + ACCOUNT_MISTAKES


@pytest.fixture(scope="module")
def outcomes():
    return make_all(ALL, stock_but())


@pytest.mark.parametrize("name", [mistake.name for mistake in ALL])
def test_stock_says_the_same(outcomes, name):
    assert outcomes[name].status != 0
    assert outcomes[name].fatal in outcomes[name].log
