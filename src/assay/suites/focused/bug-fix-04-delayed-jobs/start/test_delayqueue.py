import pytest
from delayqueue import DelayQueue


def test_due_jobs_come_out_in_order():
    queue = DelayQueue()
    queue.add("late", 20)
    queue.add("early", 10)
    queue.add("also early", 10)
    assert queue.pop_due(15) == ["early", "also early"]
    assert queue.next_due() == 20


def test_cancelled_job_does_not_come_out():
    queue = DelayQueue()
    queue.add("a", 10)
    assert queue.cancel("a")
    assert not queue.cancel("a")
    assert queue.pop_due(99) == []
    assert queue.next_due() is None


def test_reschedule_to_an_earlier_time():
    queue = DelayQueue()
    queue.add("a", 10, payload="letter")
    queue.reschedule("a", 5)
    assert queue.payload("a") == "letter"
    assert queue.pop_due(5) == ["a"]
    assert queue.pop_due(99) == []


def test_interval():
    queue = DelayQueue()
    queue.add("tick", 10, interval=5)
    assert queue.pop_due(10) == ["tick"]
    assert queue.upcoming() == [("tick", 15)]


def test_name_waits_already():
    queue = DelayQueue()
    queue.add("a", 10)
    with pytest.raises(ValueError):
        queue.add("a", 11)
