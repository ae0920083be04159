"""Rate limiting by token bucket, with a clock that is handed in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable


class TokenBucket:
    """Tokens that refill over time."""

    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None:
        if capacity <= 0 or rate <= 0:
            raise ValueError("capacity and rate must be above 0")
        self.capacity = capacity
        self._rate = rate
        self._clock = clock
        self._tokens = float(capacity)
        self._updated = clock()

    @property
    def available(self) -> float:
        """Tokens in the bucket right now."""
        now = self._clock()
        elapsed = max(0.0, now - self._updated)
        self._tokens = min(self.capacity, self._tokens + elapsed * self._rate)
        self._updated = now
        return self._tokens

    def try_take(self, tokens: float = 1.0) -> bool:
        """Take ``tokens`` and return True, or take nothing and return False."""
        self._check(tokens)
        if self.available < tokens:
            return False
        self._tokens -= tokens
        return True

    def wait_time(self, tokens: float = 1.0) -> float:
        """Seconds until ``tokens`` will be available."""
        self._check(tokens)
        return max(0.0, (tokens - self.available) / self._rate)

    def _check(self, tokens: float) -> None:
        if tokens <= 0 or tokens > self.capacity:
            raise ValueError(f"invalid number of tokens: {tokens}")


class KeyedLimiter:
    """One bucket for each key."""

    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None:
        self._buckets: defaultdict[str, TokenBucket] = defaultdict(lambda: TokenBucket(capacity, rate, clock))

    def __len__(self) -> int:
        return len(self._buckets)

    def allow(self, key: str, tokens: float = 1.0) -> bool:
        """Take ``tokens`` from the bucket of ``key``."""
        return self._buckets[key].try_take(tokens)

    def wait_time(self, key: str, tokens: float = 1.0) -> float:
        """Seconds until ``tokens`` will be available for ``key``."""
        return self._buckets[key].wait_time(tokens)

    def forget_idle(self) -> int:
        """Drop the keys whose bucket is full; return how many."""
        idle = [key for key, bucket in self._buckets.items() if bucket.available >= bucket.capacity]
        for key in idle:
            del self._buckets[key]
        return len(idle)
