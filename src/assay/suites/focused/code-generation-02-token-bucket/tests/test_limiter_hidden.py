import pytest
from limiter import KeyedLimiter, TokenBucket


class Clock:
    def __init__(self, now=1000.0):
        self.now = now

    def __call__(self):
        return self.now


def test_starts_full_whatever_the_clock_says():
    assert TokenBucket(5, 1, Clock(0.0)).available == 5
    assert TokenBucket(5, 1, Clock(-50.0)).available == 5


def test_takes_all_or_nothing():
    bucket = TokenBucket(5, 1, Clock())
    assert bucket.try_take(3)
    assert not bucket.try_take(2.5)
    assert bucket.available == 2
    assert bucket.try_take(2)
    assert bucket.available == 0


def test_gains_fractions():
    clock = Clock()
    bucket = TokenBucket(4, 2, clock)
    bucket.try_take(4)
    clock.now += 0.25
    assert bucket.available == pytest.approx(0.5)
    assert not bucket.try_take()
    clock.now += 0.25
    assert bucket.try_take()
    assert bucket.available == pytest.approx(0)


def test_refused_attempts_do_not_slow_the_refill():
    clock = Clock()
    bucket = TokenBucket(1, 1, clock)
    bucket.try_take()
    for _ in range(4):
        clock.now += 0.25
        taken = bucket.try_take()
    assert taken


def test_never_above_capacity():
    clock = Clock()
    bucket = TokenBucket(3, 10, clock)
    clock.now += 1000
    assert bucket.available == 3
    bucket.try_take(3)
    assert not bucket.try_take()


def test_long_idle_is_not_saved_up():
    clock = Clock()
    bucket = TokenBucket(2, 1, clock)
    bucket.try_take(1)
    clock.now += 500
    bucket.try_take(2)
    clock.now += 1
    assert bucket.available == pytest.approx(1)


def test_wait_time():
    clock = Clock()
    bucket = TokenBucket(4, 2, clock)
    assert bucket.wait_time(4) == 0.0
    bucket.try_take(4)
    assert bucket.wait_time() == pytest.approx(0.5)
    assert bucket.wait_time(4) == pytest.approx(2.0)
    clock.now += 1.5
    assert bucket.wait_time(4) == pytest.approx(0.5)
    assert bucket.wait_time(2) == 0.0


def test_wait_time_takes_nothing():
    bucket = TokenBucket(2, 1, Clock())
    bucket.wait_time(2)
    assert bucket.available == 2


def test_amounts_that_can_never_be_taken():
    bucket = TokenBucket(2, 1, Clock())
    for amount in (0, -1, 2.5):
        with pytest.raises(ValueError):
            bucket.try_take(amount)
        with pytest.raises(ValueError):
            bucket.wait_time(amount)
    assert bucket.available == 2


def test_capacity_and_rate_must_be_positive():
    for capacity, rate in ((0, 1), (-1, 1), (1, 0), (1, -2)):
        with pytest.raises(ValueError):
            TokenBucket(capacity, rate, Clock())


def test_clock_jumping_back_takes_no_tokens_away():
    clock = Clock()
    bucket = TokenBucket(10, 1, clock)
    bucket.try_take(8)
    clock.now -= 100
    assert bucket.available == 2


def test_clock_jumping_back_gives_no_tokens_twice():
    clock = Clock()
    bucket = TokenBucket(10, 1, clock)
    bucket.try_take(10)
    clock.now += 3
    assert bucket.available == pytest.approx(3)
    clock.now -= 2
    assert bucket.available == pytest.approx(3)
    clock.now += 2
    assert bucket.available == pytest.approx(3)
    clock.now += 1
    assert bucket.available == pytest.approx(4)


def test_keys_have_their_own_buckets():
    clock = Clock()
    limiter = KeyedLimiter(2, 1, clock)
    assert limiter.allow("a", 2)
    assert not limiter.allow("a")
    assert limiter.allow("b")
    assert limiter.wait_time("a") == pytest.approx(1)
    assert limiter.wait_time("b") == 0.0
    assert len(limiter) == 2


def test_asking_does_not_make_a_key_known():
    limiter = KeyedLimiter(2, 1, Clock())
    assert limiter.wait_time("nobody", 2) == 0.0
    assert len(limiter) == 0
    with pytest.raises(ValueError):
        limiter.wait_time("nobody", 3)


def test_forget_idle_drops_only_full_buckets():
    clock = Clock()
    limiter = KeyedLimiter(2, 1, clock)
    limiter.allow("early", 1)
    clock.now += 0.5
    limiter.allow("late", 2)
    assert limiter.forget_idle() == 0
    clock.now += 0.5
    assert limiter.forget_idle() == 1
    assert len(limiter) == 1
    assert not limiter.allow("late", 2)
    assert limiter.allow("early", 2)


def test_forget_idle_on_nothing():
    assert KeyedLimiter(1, 1, Clock()).forget_idle() == 0


def test_limiter_checks_its_settings_at_once():
    for capacity, rate in ((0, 1), (1, 0)):
        with pytest.raises(ValueError):
            KeyedLimiter(capacity, rate, Clock())
