"""Rate limiting by token bucket, with a clock that is handed in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial


class TokenBucket:
    """Tokens that refill over time."""

    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None:
        if min(capacity, rate) <= 0:
            raise ValueError("capacity and rate must be above 0")
        self.capacity = float(capacity)
        self._rate = rate
        self._clock = clock
        self._tokens = self.capacity
        self._seen = clock()

    @property
    def available(self) -> float:
        """Tokens in the bucket right now."""
        previous, self._seen = self._seen, max(self._seen, self._clock())
        self._tokens = min(self.capacity, self._tokens + (self._seen - previous) * self._rate)
        return self._tokens

    def try_take(self, tokens: float = 1.0) -> bool:
        """Take ``tokens`` and return True, or take nothing and return False."""
        self._check(tokens)
        enough = self.available >= tokens
        if enough:
            self._tokens -= tokens
        return enough

    def wait_time(self, tokens: float = 1.0) -> float:
        """Seconds until ``tokens`` will be available."""
        self._check(tokens)
        return max(0.0, tokens - self.available) / self._rate

    def _check(self, tokens: float) -> None:
        if not 0 < tokens <= self.capacity:
            raise ValueError(f"cannot take {tokens} tokens from a bucket of {self.capacity}")


class KeyedLimiter:
    """One bucket for each key."""

    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None:
        self._make = partial(TokenBucket, capacity, rate, clock)
        self._make()  # refuses wrong settings now rather than at first use
        self._buckets: dict[str, TokenBucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def allow(self, key: str, tokens: float = 1.0) -> bool:
        """Take ``tokens`` from the bucket of ``key``."""
        return self._buckets.setdefault(key, self._make()).try_take(tokens)

    def wait_time(self, key: str, tokens: float = 1.0) -> float:
        """Seconds until ``tokens`` will be available for ``key``."""
        return self._buckets.get(key, self._make()).wait_time(tokens)

    def forget_idle(self) -> int:
        """Drop the keys whose bucket is full; return how many."""
        known = len(self._buckets)
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if bucket.available < bucket.capacity}
        return known - len(self._buckets)
