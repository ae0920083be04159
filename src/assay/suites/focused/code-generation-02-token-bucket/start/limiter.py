"""Rate limiting by token bucket, with a clock that is handed in."""

from __future__ import annotations

from collections.abc import Callable


class TokenBucket:
    """Tokens that refill over time."""

    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None: ...

    @property
    def available(self) -> float:
        """Tokens in the bucket right now."""
        ...

    def try_take(self, tokens: float = 1.0) -> bool:
        """Take ``tokens`` and return True, or take nothing and return False."""
        ...

    def wait_time(self, tokens: float = 1.0) -> float:
        """Seconds until ``tokens`` will be available."""
        ...


class KeyedLimiter:
    """One bucket for each key."""

    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None: ...

    def __len__(self) -> int: ...

    def allow(self, key: str, tokens: float = 1.0) -> bool:
        """Take ``tokens`` from the bucket of ``key``."""
        ...

    def wait_time(self, key: str, tokens: float = 1.0) -> float:
        """Seconds until ``tokens`` will be available for ``key``."""
        ...

    def forget_idle(self) -> int:
        """Drop the keys whose bucket is full; return how many."""
        ...
