import pytest
from limiter import KeyedLimiter, TokenBucket


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_new_bucket_is_full():
    bucket = TokenBucket(2, 1, Clock())
    assert [bucket.try_take(), bucket.try_take(), bucket.try_take()] == [True, True, False]


def test_refills_over_time():
    clock = Clock()
    bucket = TokenBucket(2, 1, clock)
    bucket.try_take(2)
    clock.now += 1
    assert bucket.available == pytest.approx(1)


def test_keys_are_apart():
    limiter = KeyedLimiter(1, 1, Clock())
    assert limiter.allow("a")
    assert limiter.allow("b")
    assert not limiter.allow("a")
