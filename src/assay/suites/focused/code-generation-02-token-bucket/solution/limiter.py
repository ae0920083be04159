"""Rate limiting by token bucket, with a clock that is handed in."""

from __future__ import annotations

from collections.abc import Callable


class TokenBucket:
    """Tokens that refill over time."""

    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None:
        if capacity <= 0 or rate <= 0:
            raise ValueError(f"capacity and rate must be above 0, not {capacity} and {rate}")
        self._capacity = float(capacity)
        self._rate = rate
        self._clock = clock
        self._tokens = self._capacity
        self._latest = clock()

    @property
    def available(self) -> float:
        """Tokens in the bucket right now."""
        now = max(self._clock(), self._latest)
        self._tokens = min(self._capacity, self._tokens + (now - self._latest) * self._rate)
        self._latest = now
        return self._tokens

    @property
    def full(self) -> bool:
        """Whether no more tokens fit."""
        return self.available >= self._capacity

    def try_take(self, tokens: float = 1.0) -> bool:
        """Take ``tokens`` and return True, or take nothing and return False."""
        if self._missing(tokens) > 0:
            return False
        self._tokens -= tokens
        return True

    def wait_time(self, tokens: float = 1.0) -> float:
        """Seconds until ``tokens`` will be available."""
        return self._missing(tokens) / self._rate

    def _missing(self, tokens: float) -> float:
        if not 0 < tokens <= self._capacity:
            raise ValueError(f"tokens must be above 0 and at most {self._capacity}, not {tokens}")
        return max(0.0, tokens - self.available)


class KeyedLimiter:
    """One bucket for each key."""

    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None:
        self._settings = (capacity, rate, clock)
        self._buckets: dict[str, TokenBucket] = {}
        self._new_bucket()

    def __len__(self) -> int:
        return len(self._buckets)

    def allow(self, key: str, tokens: float = 1.0) -> bool:
        """Take ``tokens`` from the bucket of ``key``."""
        bucket = self._buckets.setdefault(key, self._new_bucket())
        return bucket.try_take(tokens)

    def wait_time(self, key: str, tokens: float = 1.0) -> float:
        """Seconds until ``tokens`` will be available for ``key``."""
        bucket = self._buckets.get(key) or self._new_bucket()
        return bucket.wait_time(tokens)

    def forget_idle(self) -> int:
        """Drop the keys whose bucket is full; return how many."""
        idle = [key for key, bucket in self._buckets.items() if bucket.full]
        for key in idle:
            del self._buckets[key]
        return len(idle)

    def _new_bucket(self) -> TokenBucket:
        return TokenBucket(*self._settings)
