import json

import pytest
from stock import Event, Stock, StockError, replay, resume

LOG = [
    Event(1, "m1", 3, "received", "bolt", 10),
    Event(2, "m2", 5, "shipped", "bolt", 4),
    Event(4, "m3", 6, "reserved", "bolt", 5, "order-1"),
    Event(7, "m4", 8, "shipped", "bolt", 7),
]


def test_levels():
    stock = replay(LOG)
    assert (stock.level("bolt"), stock.available("bolt"), stock.refused()) == (6, 1, ["m4"])


def test_count_replaces_what_was_moved_before():
    stock = replay([*LOG, Event(8, "m5", 9, "counted", "bolt", 20), Event(9, "m6", 10, "received", "bolt", 1)])
    assert stock.level("bolt") == 21


def test_message_delivered_twice():
    assert replay([LOG[0], Event(2, "m1", 3, "received", "bolt", 10)]).level("bolt") == 10


def test_resume():
    snapshot = json.loads(json.dumps(replay(LOG[:2]).snapshot()))
    stock = resume(snapshot, LOG)
    assert (stock.level("bolt"), stock.available("bolt"), stock.refused()) == (6, 1, ["m4"])


def test_catch_up_again_changes_nothing():
    stock = Stock()
    stock.catch_up(LOG[:2])
    stock.catch_up(LOG)
    stock.catch_up(LOG)
    assert stock.level("bolt") == 6


def test_unknown_format():
    with pytest.raises(StockError):
        resume({"format": 99}, LOG)
