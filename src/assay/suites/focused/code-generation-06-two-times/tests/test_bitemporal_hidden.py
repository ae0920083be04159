import random

import pytest
from bitemporal import MISSING, Belief, Change, History, Span


def test_put_replaces_only_its_period():
    history = History()
    history.put("k", "a", 0, 10, known=1)
    history.put("k", "b", 3, 5, known=2)
    history.put("k", "c", 4, 12, known=3)
    assert history.timeline("k") == [Span(0, 3, "a"), Span(3, 4, "b"), Span(4, 12, "c")]
    assert history.timeline("k", 2) == [Span(0, 3, "a"), Span(3, 5, "b"), Span(5, 10, "a")]


def test_periods_exclude_their_end():
    history = History()
    history.put("k", "a", 0, 10, known=1)
    assert [history.value("k", at) for at in (-1, 0, 9, 10)] == [None, "a", "a", None]
    assert history.value("k", 10, default="none") == "none"


def test_periods_without_end():
    history = History()
    history.put("k", "a", 5, known=1)
    history.put("k", "b", 9, known=2)
    history.erase("k", 20, 30, known=3)
    assert history.timeline("k") == [Span(5, 9, "a"), Span(9, 20, "b"), Span(30, None, "b")]
    assert history.value("k", 10**9) == "b"


def test_negative_times():
    history = History()
    history.put("k", "a", -10, -5, known=-3)
    history.erase("k", -8, -7, known=-2)
    assert history.timeline("k") == [Span(-10, -8, "a"), Span(-7, -5, "a")]
    assert history.timeline("k", known=-3) == [Span(-10, -5, "a")]
    assert history.timeline("k", known=-4) == []


def test_erase():
    history = History()
    history.put("k", "a", 0, 10, known=1)
    history.erase("k", 2, 4, known=2)
    assert history.timeline("k") == [Span(0, 2, "a"), Span(4, 10, "a")]
    history.erase("k", -5, known=3)
    assert history.timeline("k") == []
    assert history.erase("other", 0, known=3) == 4


def test_neighbours_with_equal_values_are_one_span():
    history = History()
    history.put("k", [1], 5, 10, known=1)
    history.put("k", [1], 0, 5, known=2)
    history.put("k", [1], 3, 7, known=3)
    assert history.timeline("k") == [Span(0, 10, [1])]
    history.put("k", [1], 11, known=4)
    assert history.timeline("k") == [Span(0, 10, [1]), Span(11, None, [1])]


def test_none_is_a_value():
    history = History()
    history.put("k", None, 0, 5, known=1)
    assert history.timeline("k") == [Span(0, 5, None)]
    assert history.value("k", 2, default="x") is None
    assert history.keys() == ["k"]
    history.erase("k", 0, 5, known=2)
    assert history.beliefs("k", 2) == [Belief(1, None), Belief(2, MISSING)]
    assert history.changes("k", 1, 2) == [Change(0, 5, None, MISSING)]


def test_same_known_time_counts_in_order():
    history = History()
    history.put("k", "a", 0, 10, known=5)
    history.put("k", "b", 2, 4, known=5)
    assert history.timeline("k", 5) == [Span(0, 2, "a"), Span(2, 4, "b"), Span(4, 10, "a")]
    assert history.timeline("k", 4) == []
    assert history.beliefs("k", 3) == [Belief(5, "b")]


def test_keys_are_apart():
    history = History()
    assert history.put("b", 1, 0, known=1) == 1
    assert history.put("a", 2, 0, known=2) == 2
    assert history.erase("b", 0, known=3) == 3
    assert history.keys() == ["a"]
    assert history.keys(2) == ["a", "b"]
    assert history.keys(0) == []
    assert history.timeline("unknown") == []


def test_retract_brings_to_light_what_lies_beneath():
    history = History()
    history.put("k", "a", 0, 10, known=1)
    second = history.put("k", "b", 2, 8, known=2)
    history.put("k", "c", 4, 6, known=3)
    history.retract(second, known=4)
    assert history.timeline("k") == [Span(0, 4, "a"), Span(4, 6, "c"), Span(6, 10, "a")]
    assert history.timeline("k", 3) == [
        Span(0, 2, "a"),
        Span(2, 4, "b"),
        Span(4, 6, "c"),
        Span(6, 8, "b"),
        Span(8, 10, "a"),
    ]


def test_retract_an_erasure():
    history = History()
    history.put("k", "a", 0, 10, known=1)
    gone = history.erase("k", 3, 5, known=2)
    history.put("k", "b", 4, 6, known=3)
    history.retract(gone, known=4)
    assert history.timeline("k") == [Span(0, 4, "a"), Span(4, 6, "b"), Span(6, 10, "a")]


def test_retract_a_retraction_restores_the_old_place_in_the_order():
    history = History()
    first = history.put("k", "a", 0, 10, known=1)
    retraction = history.retract(first, known=2)
    history.put("k", "b", 3, 5, known=3)
    again = history.retract(retraction, known=4)
    assert [retraction, again] == [2, 4]
    assert history.timeline("k", 3) == [Span(3, 5, "b")]
    assert history.timeline("k") == [Span(0, 3, "a"), Span(3, 5, "b"), Span(5, 10, "a")]


def test_retractions_in_a_chain():
    history = History()
    target = history.put("k", "a", 0, 10, known=0)
    for known in range(1, 7):
        target = history.retract(target, known=known)
    assert [bool(history.timeline("k", known)) for known in range(-1, 7)] == [
        False,
        True,
        False,
        True,
        False,
        True,
        False,
        True,
    ]


def test_retract_again_after_a_retraction_was_retracted():
    history = History()
    write = history.put("k", "a", 0, 10, known=1)
    retraction = history.retract(write, known=2)
    history.retract(retraction, known=3)
    history.retract(write, known=4)
    assert [len(history.timeline("k", known)) for known in (1, 2, 3, 4)] == [1, 0, 1, 0]


def test_what_is_retracted_cannot_be_retracted():
    history = History()
    write = history.put("k", "a", 0, 10, known=1)
    retraction = history.retract(write, known=2)
    with pytest.raises(ValueError):
        history.retract(write, known=3)
    again = history.retract(retraction, known=3)
    with pytest.raises(ValueError):
        history.retract(retraction, known=4)
    assert again == 3


def test_unknown_numbers():
    history = History()
    history.put("k", "a", 0, 10, known=1)
    for number in (0, 2, -1):
        with pytest.raises(LookupError):
            history.retract(number, known=2)
    assert history.put("k", "b", 0, known=1) == 2


def test_refused_writes_leave_nothing():
    history = History()
    history.put("k", "a", 0, 10, known=5)
    for write in (
        lambda: history.put("k", "b", 3, 3, known=6),
        lambda: history.put("k", "b", 3, 2, known=6),
        lambda: history.erase("k", 3, 3, known=6),
        lambda: history.put("k", "b", 0, known=4),
        lambda: history.erase("k", 0, known=4),
        lambda: history.retract(1, known=4),
    ):
        with pytest.raises(ValueError):
            write()
    assert history.timeline("k") == [Span(0, 10, "a")]
    assert history.put("other", 1, 0, known=5) == 2


def test_beliefs_list_only_changes():
    history = History()
    history.erase("k", 0, known=1)
    history.put("k", "a", 5, 9, known=2)
    assert history.beliefs("k", 3) == []
    history.put("k", "a", 0, 6, known=3)
    history.put("k", "b", 5, 6, known=4)
    history.put("other", "z", 0, known=5)
    write = history.put("k", "a", 0, known=6)
    history.retract(write, known=7)
    history.put("k", "c", 5, known=8)
    history.erase("k", 0, known=8)
    assert history.beliefs("k", 5) == [
        Belief(2, "a"),
        Belief(4, "b"),
        Belief(6, "a"),
        Belief(7, "b"),
        Belief(8, MISSING),
    ]
    assert history.beliefs("k", 3) == [Belief(3, "a"), Belief(8, MISSING)]


def test_changes_are_joined_and_ordered():
    history = History()
    history.put("k", "a", 0, 10, known=1)
    history.put("k", "b", 2, 4, known=2)
    history.put("k", "b", 4, 6, known=3)
    history.put("k", "a", 7, 9, known=4)
    history.put("k", "c", 10, known=5)
    assert history.changes("k", 1, 5) == [Change(2, 6, "a", "b"), Change(10, None, MISSING, "c")]
    assert history.changes("k", 5, 1) == [Change(2, 6, "b", "a"), Change(10, None, "c", MISSING)]
    assert history.changes("k", 3, 4) == []
    assert history.changes("k", 0, 9) == [
        Change(0, 2, MISSING, "a"),
        Change(2, 6, MISSING, "b"),
        Change(6, 10, MISSING, "a"),
        Change(10, None, MISSING, "c"),
    ]


def test_changes_are_split_where_the_old_value_differs():
    history = History()
    history.put("k", "a", 0, 5, known=1)
    history.put("k", "b", 5, 8, known=1)
    history.put("k", "c", 2, 9, known=2)
    assert history.changes("k", 1, 2) == [Change(2, 5, "a", "c"), Change(5, 8, "b", "c"), Change(8, 9, MISSING, "c")]


def model_value(writes, key, at, known):
    counted = [write for write in writes if write[1] <= known]
    dead, result = set(), MISSING
    for number, _, kind, details in reversed(counted):
        if kind == "retract" and number not in dead:
            dead.add(details)
    for number, _, kind, details in counted:
        if kind == "put" and number not in dead:
            name, value, start, end = details
            if name == key and start <= at and (end is None or at < end):
                result = value
    return result


def test_agrees_with_asking_every_instant():
    source = random.Random(17)
    for _ in range(40):
        history, writes, known = History(), [], 0
        for _ in range(source.randrange(1, 12)):
            known += source.randrange(3)
            start = source.randrange(8)
            end = source.choice([None, start + source.randrange(1, 6)])
            key, value = source.choice("xy"), source.choice([1, 2, MISSING])
            number = len(writes) + 1
            if source.random() < 0.35 and writes:
                target = source.randrange(1, number)
                try:
                    assert history.retract(target, known=known) == number
                except ValueError:
                    continue
                writes.append((number, known, "retract", target))
                continue
            if value is MISSING:
                assert history.erase(key, start, end, known=known) == number
            else:
                assert history.put(key, value, start, end, known=known) == number
            writes.append((number, known, "put", (key, value, start, end)))
        for key in "xy":
            before = None
            for moment in range(-1, known + 2):
                expected = [model_value(writes, key, at, moment) for at in range(16)]
                assert [history.value(key, at, moment, MISSING) for at in range(16)] == expected
                spans = history.timeline(key, moment)
                drawn = [next((s.value for s in spans if s.start <= at < (s.end or 99)), MISSING) for at in range(16)]
                assert drawn == expected
                joined = [a.end == b.start and a.value == b.value for a, b in zip(spans, spans[1:], strict=False)]
                assert not any(joined)
                if before is not None:
                    found = history.changes(key, moment - 1, moment)
                    shown = {at: (c.old, c.new) for c in found for at in range(c.start, c.end or 16)}
                    pairs = {
                        at: pair for at, pair in enumerate(zip(before, expected, strict=True)) if pair[0] != pair[1]
                    }
                    assert shown == pairs
                before = expected
