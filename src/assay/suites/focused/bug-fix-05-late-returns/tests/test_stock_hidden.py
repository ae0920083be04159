import json
import random

import pytest
from stock import Event, Stock, StockError, replay, resume

BASE = [
    Event(1, "m1", 3, "received", "bolt", 10),
    Event(2, "m2", 5, "shipped", "bolt", 4),
]


def restarted(before, after):
    """The stock resumed from a snapshot after ``before``, and the level when the whole log is replayed."""
    snapshot = json.loads(json.dumps(replay(before).snapshot()))
    log = [*before, *after]
    return resume(snapshot, log), replay(log)


def answers(stock, skus=("bolt", "nut")):
    return [stock.refused(), *[(sku, stock.level(sku), stock.available(sku)) for sku in skus]]


def test_late_entry_after_the_snapshot():
    stock, whole = restarted(BASE, [Event(3, "m3", 4, "received", "bolt", 2)])
    assert stock.level("bolt") == 8
    assert whole.level("bolt") == 8


def test_entry_of_the_same_day_after_the_snapshot():
    stock, _ = restarted(BASE, [Event(3, "m3", 5, "received", "bolt", 2)])
    assert stock.level("bolt") == 8


def test_entries_of_the_same_day_are_not_taken_twice():
    stock, _ = restarted(BASE, [])
    assert answers(stock) == [[], ("bolt", 6, 6), ("nut", 0, 0)]


def test_late_entry_for_another_sku():
    stock, _ = restarted(BASE, [Event(3, "m3", 1, "received", "nut", 7)])
    assert stock.level("nut") == 7


def test_catch_up_takes_late_entries():
    stock = replay(BASE)
    log = [*BASE, Event(3, "m3", 4, "received", "bolt", 2), Event(4, "m4", 5, "received", "bolt", 1)]
    stock.catch_up(log)
    assert stock.level("bolt") == 9
    stock.catch_up(log)
    assert stock.level("bolt") == 9


def test_count_entered_late():
    stock, whole = restarted(BASE, [Event(3, "m3", 4, "counted", "bolt", 12)])
    assert whole.level("bolt") == 8
    assert stock.level("bolt") == 8


def test_late_entry_before_a_count_is_part_of_the_count():
    before = [*BASE, Event(3, "m3", 6, "counted", "bolt", 20)]
    stock, _ = restarted(before, [Event(4, "m4", 5, "received", "bolt", 2), Event(5, "m5", 7, "received", "bolt", 1)])
    assert stock.level("bolt") == 21


def test_count_older_than_the_latest_count_is_ignored():
    before = [*BASE, Event(3, "m3", 6, "counted", "bolt", 20)]
    stock, _ = restarted(before, [Event(4, "m4", 4, "counted", "bolt", 1)])
    assert stock.level("bolt") == 20


def test_count_for_the_day_of_the_snapshot():
    stock, _ = restarted(BASE, [Event(3, "m3", 5, "counted", "bolt", 9), Event(4, "m4", 5, "received", "bolt", 3)])
    assert stock.level("bolt") == 9


def test_message_delivered_again_after_the_snapshot():
    stock, _ = restarted(BASE, [Event(9, "m1", 3, "received", "bolt", 10), Event(12, "m2", 8, "shipped", "bolt", 4)])
    assert stock.level("bolt") == 6


def test_refused_message_delivered_again_after_the_snapshot():
    before = [*BASE, Event(3, "big", 6, "shipped", "bolt", 50)]
    after = [Event(4, "m4", 7, "received", "bolt", 100), Event(5, "big", 6, "shipped", "bolt", 50)]
    stock, whole = restarted(before, after)
    assert answers(whole) == [["big"], ("bolt", 106, 106), ("nut", 0, 0)]
    assert answers(stock) == [["big"], ("bolt", 106, 106), ("nut", 0, 0)]


def test_refused_message_is_not_tried_again_by_catch_up():
    log = [Event(1, "big", 6, "shipped", "bolt", 5), Event(2, "m2", 6, "received", "bolt", 9)]
    stock = replay(log)
    stock.catch_up(log)
    stock.catch_up([*log, Event(3, "m3", 2, "received", "bolt", 1)])
    assert answers(stock) == [["big"], ("bolt", 10, 10), ("nut", 0, 0)]


def test_reservations_survive():
    before = [*BASE, Event(3, "r1", 6, "reserved", "bolt", 5, "order-1")]
    after = [Event(4, "r2", 2, "reserved", "bolt", 2, "order-2"), Event(5, "r3", 2, "released", "bolt", 0, "order-1")]
    stock, _ = restarted(before, after)
    assert answers(stock) == [["r2"], ("bolt", 6, 6), ("nut", 0, 0)]


def test_snapshot_of_a_resumed_stock():
    log = [*BASE, Event(3, "m3", 4, "received", "bolt", 2), Event(4, "m4", 4, "counted", "bolt", 1)]
    stock = replay([])
    for end in range(len(log) + 1):
        stock = resume(json.loads(json.dumps(stock.snapshot())), log[:end])
    assert stock.level("bolt") == replay(log).level("bolt") == -3


def test_snapshot_stays_as_it_was_taken():
    stock = replay(BASE)
    snapshot = stock.snapshot()
    written = json.dumps(snapshot)
    log = [*BASE, Event(3, "m3", 5, "received", "bolt", 2), Event(4, "r1", 6, "reserved", "bolt", 1, "order-1")]
    stock.catch_up(log)
    assert json.dumps(snapshot) == written
    for _ in range(2):
        assert answers(resume(snapshot, log)) == [[], ("bolt", 8, 7), ("nut", 0, 0)]
    assert json.dumps(snapshot) == written


def test_snapshots_of_today_can_still_be_resumed():
    old = {"format": 1, "day": 5, "levels": {"bolt": 6}, "reserved": {}, "refused": []}
    log = [*BASE, Event(3, "m3", 4, "received", "bolt", 2), Event(4, "m1", 9, "received", "bolt", 10)]
    assert resume(old, log).level("bolt") == 8
    log.append(Event(5, "m5", 4, "counted", "bolt", 12))
    assert resume(old, log).level("bolt") == 8


def test_snapshot_of_today_with_refused_messages():
    log = [Event(1, "m1", 1, "shipped", "nut", 1), Event(2, "m2", 2, "received", "nut", 5)]
    old = {"format": 1, "day": 2, "levels": {"nut": 5}, "reserved": {}, "refused": ["m1"]}
    assert answers(resume(old, log)) == [["m1"], ("bolt", 0, 0), ("nut", 5, 5)]


def test_unknown_formats_are_refused():
    for snapshot in ({"format": 99}, {}, {"format": "1"}):
        with pytest.raises(StockError):
            resume(snapshot, BASE)


def test_log_may_be_any_iterable():
    snapshot = replay(iter(BASE)).snapshot()
    assert resume(snapshot, iter(BASE)).level("bolt") == 6


def test_agrees_with_the_whole_log_at_every_place():
    source = random.Random(23)
    for _ in range(25):
        log, number = [], 0
        for _ in range(source.randrange(4, 14)):
            number += source.randrange(1, 4)
            kind = source.choice(["received", "received", "shipped", "counted", "reserved", "released"])
            event_id = f"m{source.randrange(12)}"
            sku, reference = source.choice(["bolt", "nut"]), source.choice(["x", "y"])
            log.append(Event(number, event_id, source.randrange(1, 8), kind, sku, source.randrange(9), reference))
        for cut in range(len(log) + 1):
            stock, whole = restarted(log[:cut], log[cut:])
            assert answers(stock) == answers(whole)
            running = Stock()
            running.catch_up(log[:cut])
            running.catch_up(log)
            assert answers(running) == answers(whole)
