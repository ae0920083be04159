"""Rate limiting by token bucket, with a clock that is handed in."""

from __future__ import annotations

from collections.abc import Callable


class TokenBucket:
    """Tokens that refill over time."""

    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None:
        self.capacity = capacity
        self.rate = rate
        self.clock = clock
        self.tokens = capacity
        self.window_start = clock()

    @property
    def available(self) -> float:
        """Tokens in the bucket right now."""
        elapsed = int(self.clock() - self.window_start)
        if elapsed >= 1:
            self.tokens = min(self.capacity, self.tokens + elapsed * self.rate)
            self.window_start = self.clock()
        return self.tokens

    def try_take(self, tokens: float = 1.0) -> bool:
        """Take ``tokens`` and return True, or take nothing and return False."""
        if self.available < tokens:
            return False
        self.tokens -= tokens
        return True

    def wait_time(self, tokens: float = 1.0) -> float:
        """Seconds until ``tokens`` will be available."""
        return max(0.0, (tokens - self.available) / self.rate)


class KeyedLimiter:
    """One bucket for each key."""

    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None:
        self.capacity = capacity
        self.rate = rate
        self.clock = clock
        self.buckets: dict[str, TokenBucket] = {}

    def __len__(self) -> int:
        return len(self.buckets)

    def _bucket(self, key: str) -> TokenBucket:
        if key not in self.buckets:
            self.buckets[key] = TokenBucket(self.capacity, self.rate, self.clock)
        return self.buckets[key]

    def allow(self, key: str, tokens: float = 1.0) -> bool:
        """Take ``tokens`` from the bucket of ``key``."""
        return self._bucket(key).try_take(tokens)

    def wait_time(self, key: str, tokens: float = 1.0) -> float:
        """Seconds until ``tokens`` will be available for ``key``."""
        return self._bucket(key).wait_time(tokens)

    def forget_idle(self) -> int:
        """Drop the keys whose bucket is full; return how many."""
        idle = [key for key in self.buckets if self.buckets[key].tokens == self.capacity]
        for key in idle:
            del self.buckets[key]
        return len(idle)
