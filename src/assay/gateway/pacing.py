"""Rate limits of one provider: calls at once, and calls per minute. Shared by all doors."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from assay.providers import Limits

MINUTE_S = 60.0


class HeldTooLongError(Exception):
    """A request could not be sent within ``max_queue_s``; ``retry_after_s`` is when a slot may be free."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"held back too long; a slot may be free in {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class Pacer:
    """Holds requests before they are sent. First come, first served.

    Per minute: the k-th request is sent at least 60 s after the (k - n)-th, a sliding window without bursts
    beyond n.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_queue_s = limits.max_queue_s
        self._clock = clock
        self._slots = asyncio.Semaphore(limits.concurrency) if limits.concurrency else None
        self._sent: deque[float] | None = (
            deque(maxlen=limits.requests_per_minute) if limits.requests_per_minute else None
        )

    async def enter(self) -> float:
        """Wait for permission; return the seconds waited. Raises ``HeldTooLongError``. Each entry needs a ``leave``."""
        began = self._clock()
        if self._slots is not None:
            try:
                # A free slot is taken without a timer.
                if self._slots.locked():
                    await asyncio.wait_for(self._slots.acquire(), self._max_queue_s)
                else:
                    await self._slots.acquire()
            except TimeoutError:
                raise HeldTooLongError(self._max_queue_s) from None
        try:
            await self._await_minute(began)
        except BaseException:
            self.leave()
            raise
        return self._clock() - began

    async def _await_minute(self, began: float) -> None:
        if self._sent is None:
            return
        now = self._clock()
        due = now if len(self._sent) < (self._sent.maxlen or 0) else max(now, self._sent[0] + MINUTE_S)
        if due - began > self._max_queue_s:
            raise HeldTooLongError(due - now)
        self._sent.append(due)
        if due > now:
            await asyncio.sleep(due - now)

    def leave(self) -> None:
        """Give the slot back."""
        if self._slots is not None:
            self._slots.release()
