"""Rate limiting by token bucket, with a clock that is handed in."""

from __future__ import annotations

from collections.abc import Callable


class TokenBucket:
    """Tokens that refill over time."""

    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None:
        if capacity <= 0:
            raise ValueError("capacity must be above 0")
        if rate <= 0:
            raise ValueError("rate must be above 0")
        self._capacity = float(capacity)
        self._rate = float(rate)
        self._clock = clock
        self._tokens = self._capacity
        self._last_seen = self._clock()

    def _refill(self) -> None:
        now = self._clock()
        if now <= self._last_seen:
            return
        elapsed = now - self._last_seen
        self._tokens += elapsed * self._rate
        if self._tokens > self._capacity:
            self._tokens = self._capacity
        self._last_seen = now

    @property
    def available(self) -> float:
        """Tokens in the bucket right now."""
        self._refill()
        return self._tokens

    def try_take(self, tokens: float = 1.0) -> bool:
        """Take ``tokens`` and return True, or take nothing and return False."""
        if tokens <= 0 or tokens > self._capacity:
            raise ValueError(f"cannot take {tokens} tokens")
        self._refill()
        if tokens > self._tokens:
            return False
        self._tokens -= tokens
        return True

    def wait_time(self, tokens: float = 1.0) -> float:
        """Seconds until ``tokens`` will be available."""
        if tokens <= 0 or tokens > self._capacity:
            raise ValueError(f"cannot wait for {tokens} tokens")
        self._refill()
        if tokens <= self._tokens:
            return 0.0
        return (tokens - self._tokens) / self._rate

    def is_full(self) -> bool:
        """Whether the bucket holds all it can."""
        self._refill()
        return self._tokens >= self._capacity


class KeyedLimiter:
    """One bucket for each key."""

    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None:
        if capacity <= 0:
            raise ValueError("capacity must be above 0")
        if rate <= 0:
            raise ValueError("rate must be above 0")
        self._capacity = capacity
        self._rate = rate
        self._clock = clock
        self._buckets: dict[str, TokenBucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def allow(self, key: str, tokens: float = 1.0) -> bool:
        """Take ``tokens`` from the bucket of ``key``."""
        if key not in self._buckets:
            self._buckets[key] = TokenBucket(self._capacity, self._rate, self._clock)
        return self._buckets[key].try_take(tokens)

    def wait_time(self, key: str, tokens: float = 1.0) -> float:
        """Seconds until ``tokens`` will be available for ``key``."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = TokenBucket(self._capacity, self._rate, self._clock)
        return bucket.wait_time(tokens)

    def forget_idle(self) -> int:
        """Drop the keys whose bucket is full; return how many."""
        dropped = 0
        for key in list(self._buckets):
            if self._buckets[key].is_full():
                del self._buckets[key]
                dropped += 1
        return dropped
