"""Rate limiting by token bucket, with a clock that is handed in."""

from __future__ import annotations
import time
from typing import Callable, Dict, Optional, Any


class TokenBucket:
    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None:
        if capacity is None or capacity <= 0:
            raise ValueError("bad capacity")
        elif rate is None or rate <= 0:
            raise ValueError("bad rate")
        else:
            self.capacity = capacity
            self.rate = rate
            self.clock = clock
            self.tokens = capacity
            self.last = clock()

    @property
    def available(self) -> float:
        now = self.clock()
        diff = now - self.last
        if diff < 0:
            diff = 0
        else:
            if diff == 0:
                pass
            else:
                self.last = now
        self.tokens = self.tokens + diff * self.rate
        if self.tokens > self.capacity:
            self.tokens = self.capacity
        elif self.tokens < 0:
            self.tokens = 0
        else:
            pass
        result = float(self.tokens)
        return result

    def try_take(self, tokens: float = 1.0) -> bool:
        if tokens <= 0:
            raise ValueError("bad")
        elif tokens > self.capacity:
            raise ValueError("bad")
        else:
            a = self.available
            if a >= tokens and self.tokens >= tokens:
                self.tokens = self.tokens - tokens
                return True
            else:
                return False

    def wait_time(self, tokens: float = 1.0) -> float:
        if tokens <= 0:
            raise ValueError("bad")
        elif tokens > self.capacity:
            raise ValueError("bad")
        else:
            a = self.available
            if a >= tokens:
                return 0.0
            else:
                x = tokens - a
                y = x / self.rate
                if y < 0:
                    return 0.0
                else:
                    return y


class KeyedLimiter:
    def __init__(self, capacity: float, rate: float, clock: Callable[[], float]) -> None:
        if capacity is None or capacity <= 0:
            raise ValueError("bad capacity")
        elif rate is None or rate <= 0:
            raise ValueError("bad rate")
        self.capacity = capacity
        self.rate = rate
        self.clock = clock
        self.buckets: Dict[str, Any] = {}

    def __len__(self) -> int:
        l = 0
        for k in self.buckets.keys():
            l = l + 1
        return l

    def allow(self, key: str, tokens: float = 1.0) -> bool:
        if key in self.buckets.keys():
            b = self.buckets[key]
        else:
            b = TokenBucket(self.capacity, self.rate, self.clock)
            self.buckets[key] = b
        if b.try_take(tokens) == True:
            return True
        else:
            return False

    def wait_time(self, key: str, tokens: float = 1.0) -> float:
        if key in self.buckets.keys():
            b = self.buckets[key]
        else:
            b = TokenBucket(self.capacity, self.rate, self.clock)
        return b.wait_time(tokens)

    def forget_idle(self) -> int:
        count = 0
        new = {}
        for k in self.buckets.keys():
            b = self.buckets[k]
            if b.available >= self.capacity:
                count = count + 1
            else:
                new[k] = b
        self.buckets = new
        return count
