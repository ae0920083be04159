import pytest
from bitemporal import MISSING, Belief, Change, History, Span


@pytest.fixture
def prices():
    history = History()
    history.put("bolt", 10, 0, known=1)
    history.put("bolt", 12, 5, 8, known=2)
    return history


def test_timeline(prices):
    assert prices.timeline("bolt") == [Span(0, 5, 10), Span(5, 8, 12), Span(8, None, 10)]
    assert prices.timeline("bolt", known=1) == [Span(0, None, 10)]


def test_value(prices):
    assert prices.value("bolt", 6) == 12
    assert prices.value("bolt", 6, known=1) == 10
    assert prices.value("bolt", -1) is None


def test_retract(prices):
    assert prices.retract(2, known=3) == 3
    assert prices.timeline("bolt") == [Span(0, None, 10)]
    assert prices.value("bolt", 6, known=2) == 12


def test_beliefs_and_changes(prices):
    prices.erase("bolt", 7, known=4)
    assert prices.beliefs("bolt", 7) == [Belief(1, 10), Belief(2, 12), Belief(4, MISSING)]
    assert prices.changes("bolt", 1, 4) == [Change(5, 7, 10, 12), Change(7, None, 10, MISSING)]
