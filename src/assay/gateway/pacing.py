"""Rate limits of one provider, shared by all doors: calls at once, calls and tokens per minute, and its own word.

First come, first served. A request is held before it is sent, never repeated after.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

from assay.providers import Limits

MINUTE_S = 60.0
OVERLOADED = frozenset({429, 529})
HOLDING = OVERLOADED | {503}
MAX_HOLD_S = 3600.0
"""However long a provider asks for: after that one request is let through to see."""


class HeldTooLongError(Exception):
    """A request could not be sent within ``max_queue_s``; ``retry_after_s`` is when a slot may be free."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"held back too long; a slot may be free in {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class Slots:
    """Calls at once. ``limit`` None = any number. With ``adaptive`` it is found out: see ``Adaptive``."""

    def __init__(self, limit: int | None, adaptive: Adaptive | None = None) -> None:
        self._limit = limit
        self._adaptive = adaptive
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.busy = 0

    @property
    def limit(self) -> int | None:
        """How many may be under way now."""
        return self._limit if self._adaptive is None else int(self._adaptive.window)

    async def take(self, patience_s: float) -> None:
        """Wait for a slot. Raises ``TimeoutError``."""
        if not self._waiting and self._is_free():
            self.busy += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(patience_s):  # ``wait_for`` loses a cancellation that comes with the turn
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give()  # it came too late to be used
            elif turn in self._waiting:
                self._waiting.remove(turn)
            raise

    def give(self) -> None:
        """Give a slot back, and hand out what is free."""
        self.busy -= 1
        self.wake()

    def wake(self) -> None:
        """Hand out what is free."""
        while self._waiting and self._is_free():
            turn = self._waiting.popleft()
            if not turn.done():
                self.busy += 1
                turn.set_result(None)

    def _is_free(self) -> bool:
        limit = self.limit
        return limit is None or self.busy < limit


class Adaptive:
    """Additive increase, multiplicative decrease: half after 429 or 529, one more for each window of good answers.

    It grows only while all of it is in use, and is halved once for calls that were under way together.
    """

    FIRST, LEAST, MOST = 8.0, 1.0, 256.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.window = self.FIRST
        self._clock = clock
        self._cut_at = float("-inf")

    def overloaded(self, began: float) -> None:
        """Note that a call that began then was refused."""
        if began >= self._cut_at:
            self.window = max(self.LEAST, self.window / 2)
            self._cut_at = self._clock()

    def fine(self, busy: int) -> None:
        """Note a good answer while that many calls were under way."""
        if busy >= int(self.window):
            self.window = min(self.MOST, self.window + 1 / self.window)


class TokenBucket:
    """Tokens per minute: a full bucket at first, refilled evenly. It may be overdrawn, and is then waited for."""

    def __init__(self, per_minute: int, now: float) -> None:
        self._size = float(per_minute)
        self._level = self._size
        self._at = now

    def wait_s(self, tokens: int, now: float) -> float:
        """Return how long until that many are there; more than fit wait for a full bucket."""
        self._level = min(self._size, self._level + (now - self._at) * self._size / MINUTE_S)
        self._at = now
        return max(0.0, (min(tokens, self._size) - self._level) * MINUTE_S / self._size)

    def take(self, tokens: int) -> None:
        """Take out; negative = put back."""
        self._level -= tokens


class Pacer:
    """Holds requests before they are sent.

    Requests per minute: the k-th is sent at least 60 s after the (k - n)-th, a sliding window without bursts beyond
    n. Tokens per minute: an estimate is taken out before sending and corrected after. A provider's ``Retry-After``
    holds all that come later until then.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_queue_s = limits.max_queue_s
        self._clock = clock
        self._adaptive = Adaptive(clock) if limits.adaptive else None
        self.slots = Slots(limits.concurrency, self._adaptive)
        self._sent: deque[float] | None = (
            deque(maxlen=limits.requests_per_minute) if limits.requests_per_minute else None
        )
        self._tokens = TokenBucket(limits.tokens_per_minute, clock()) if limits.tokens_per_minute else None
        self._held_until = float("-inf")

    async def enter(self, tokens: int = 0) -> float:
        """Wait for permission; return the seconds waited. Raises ``HeldTooLongError``. Each entry needs a ``leave``.

        ``tokens`` is the estimate of what the call will use.
        """
        began = self._clock()
        try:
            await self.slots.take(self._max_queue_s)
        except TimeoutError:
            raise HeldTooLongError(self._max_queue_s) from None
        try:
            await self._await_rates(began, tokens)
        except BaseException:
            self.slots.give()
            raise
        return self._clock() - began

    def leave(self) -> None:
        """Give the slot back."""
        self.slots.give()

    def learns_from(self, status: int) -> bool:
        """Tell whether an answer of that status says anything that these limits need."""
        return self._tokens is not None or self._adaptive is not None or status in HOLDING

    def learn(
        self, status: int, headers: Mapping[str, str], *, estimate: int, used: int | None, duration_s: float
    ) -> None:
        """Take in an answer: its status and headers, and how many tokens it used (None = not known)."""
        if self._tokens is not None and used is not None:
            self._tokens.take(used - estimate)
        now = self._clock()
        if status in HOLDING:
            wait = retry_after_s(headers, time.time())
            if wait is not None:
                self._held_until = max(self._held_until, now + min(wait, MAX_HOLD_S))
        if self._adaptive is None:
            return
        if status in OVERLOADED:
            self._adaptive.overloaded(now - duration_s)
        elif 0 < status < min(OVERLOADED):
            self._adaptive.fine(self.slots.busy)
            self.slots.wake()

    async def _await_rates(self, began: float, tokens: int) -> None:
        now = self._clock()
        due = max(now, self._held_until)
        if self._sent is not None and len(self._sent) == self._sent.maxlen:
            due = max(due, self._sent[0] + MINUTE_S)
        if self._tokens is not None:
            due = max(due, now + self._tokens.wait_s(tokens, now))
        if due - began > self._max_queue_s:
            raise HeldTooLongError(due - now)
        if self._sent is not None:
            self._sent.append(due)
        if self._tokens is not None:
            self._tokens.take(tokens)
        if due > now:
            await asyncio.sleep(due - now)
        # Others may have been told to wait meanwhile.
        while (left := self._held_until - self._clock()) > 0:
            if self._held_until - began > self._max_queue_s:
                raise HeldTooLongError(left)
            await asyncio.sleep(left)


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Return how long a provider asks to wait: milliseconds, seconds or a date (RFC 9110, 10.2.3); None = not said."""
    exact, plain = headers.get("retry-after-ms"), headers.get("Retry-After")
    for text, unit in ((exact, 1000.0), (plain, 1.0)):
        if text is None:
            continue
        try:
            seconds = float(text) / unit
        except ValueError:
            try:
                seconds = parsedate_to_datetime(text).timestamp() - now
            except ValueError:
                continue
        if 0 <= seconds < float("inf"):
            return seconds
    return None
