import random

import pytest
from delayqueue import DelayQueue


def filled(**due):
    queue = DelayQueue()
    for name, time in due.items():
        queue.add(name, time)
    return queue


def test_reported_case():
    queue = filled(reminder=10)
    queue.reschedule("reminder", 12)
    assert queue.next_due() == 12
    assert queue.pop_due(10) == []
    assert queue.pop_due(12) == ["reminder"]
    assert queue.pop_due(99) == []


def test_moved_several_times():
    queue = filled(a=10)
    for due in (30, 20, 40):
        queue.reschedule("a", due)
    assert queue.upcoming() == [("a", 40)]
    assert queue.pop_due(39) == []
    assert queue.pop_due(40) == ["a"]


def test_moved_away_and_back():
    queue = filled(a=10, b=10)
    queue.reschedule("a", 20)
    queue.reschedule("a", 10)
    assert queue.upcoming() == [("b", 10), ("a", 10)]
    assert queue.pop_due(10) == ["b", "a"]


def test_moved_to_the_same_time_goes_behind():
    queue = filled(a=10, b=10)
    queue.reschedule("a", 10)
    assert queue.pop_due(10) == ["b", "a"]


def test_cancelled_and_added_for_later():
    queue = filled(nightly=10)
    queue.cancel("nightly")
    queue.add("nightly", 34)
    assert queue.next_due() == 34
    assert queue.pop_due(20) == []
    assert queue.pop_due(34) == ["nightly"]


def test_cancelled_and_added_for_the_same_time_goes_behind():
    queue = filled(a=10, b=10)
    queue.cancel("a")
    queue.add("a", 10, payload="new")
    assert queue.pop_due(10) == ["b", "a"]


def test_cancelled_twice_and_added_again():
    queue = filled(a=10)
    for due in (20, 30):
        queue.cancel("a")
        queue.add("a", due)
    assert queue.upcoming() == [("a", 30)]
    queue.cancel("a")
    assert queue.next_due() is None
    assert queue.upcoming() == []


def test_job_that_came_out_and_is_added_again():
    queue = filled(a=10)
    queue.reschedule("a", 5)
    assert queue.pop_due(5) == ["a"]
    queue.add("a", 50)
    assert queue.pop_due(20) == []
    assert queue.upcoming() == [("a", 50)]


def test_upcoming_names_each_job_once():
    queue = filled(a=10, b=15)
    queue.reschedule("a", 20)
    assert queue.upcoming() == [("b", 15), ("a", 20)]
    assert len(queue) == 2


def test_interval_survives_being_put_off():
    queue = DelayQueue()
    queue.add("tick", 10, interval=5)
    queue.reschedule("tick", 12)
    assert queue.pop_due(11) == []
    assert queue.pop_due(12) == ["tick"]
    assert queue.upcoming() == [("tick", 17)]


def test_repeating_job_cancelled_and_added_once():
    queue = DelayQueue()
    queue.add("tick", 10, interval=5)
    queue.pop_due(10)
    queue.cancel("tick")
    queue.add("tick", 30)
    assert queue.pop_due(20) == []
    assert queue.pop_due(30) == ["tick"]
    assert len(queue) == 0


def test_repeating_job_comes_out_once_however_late():
    queue = DelayQueue()
    queue.add("tick", 10, interval=5)
    assert queue.pop_due(27) == ["tick"]
    assert queue.next_due() == 30
    assert queue.pop_due(30) == ["tick"]
    assert queue.next_due() == 35


def test_payload_is_that_of_the_latest_add():
    queue = DelayQueue()
    queue.add("a", 10, payload="old")
    queue.cancel("a")
    queue.add("a", 20, payload="new")
    assert queue.payload("a") == "new"
    queue.reschedule("a", 30)
    assert queue.payload("a") == "new"


def test_unknown_names():
    queue = DelayQueue()
    with pytest.raises(KeyError):
        queue.reschedule("nobody", 5)
    with pytest.raises(KeyError):
        queue.payload("nobody")
    assert not queue.cancel("nobody")
    assert "nobody" not in queue


def test_refused_add_changes_nothing():
    queue = filled(a=10)
    with pytest.raises(ValueError):
        queue.add("a", 5)
    with pytest.raises(ValueError):
        queue.add("b", 5, interval=0)
    assert queue.upcoming() == [("a", 10)]


def test_order_of_names_does_not_matter():
    queue = filled(z=10, a=10, m=5)
    assert queue.pop_due(10) == ["m", "z", "a"]


def test_agrees_with_a_plain_list():
    source = random.Random(7)
    queue, model, now = DelayQueue(), {}, 0
    for step in range(1500):
        name, due = source.choice("abcdef"), now + source.randrange(12)
        action = source.choice(["add", "cancel", "reschedule", "pop", "look"])
        if action == "add" and name not in model:
            queue.add(name, due)
            model[name] = (due, step)
        elif action == "cancel":
            assert queue.cancel(name) == (model.pop(name, None) is not None)
        elif action == "reschedule" and name in model:
            queue.reschedule(name, due)
            model[name] = (due, step)
        elif action == "pop":
            now += source.randrange(3)
            expected = sorted((name for name in model if model[name][0] <= now), key=model.get)
            assert queue.pop_due(now) == expected
            for gone in expected:
                del model[gone]
        assert queue.next_due() == min((due for due, _ in model.values()), default=None)
        assert len(queue) == len(model)
