"""Values along two axes of time: when something is the case, and when it was known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any


class Missing(Enum):
    """The mark for no value."""

    MISSING = "missing"


MISSING = Missing.MISSING


@dataclass(frozen=True)
class Span:
    """A value during ``[start, end)``; end None = for ever."""

    start: int
    end: int | None
    value: Any


@dataclass(frozen=True)
class Belief:
    """A value, or ``MISSING``, that was believed from ``known`` on."""

    known: int
    value: Any


@dataclass(frozen=True)
class Change:
    """Another belief about ``[start, end)``; end None = for ever."""

    start: int
    end: int | None
    old: Any
    new: Any


@dataclass(frozen=True)
class _Write:
    """One write; a retraction has a ``target``, every other a key, a period and a value (``MISSING`` = erased)."""

    known: int
    key: str = ""
    value: Any = MISSING
    start: float = 0
    end: float = 0
    target: int = 0


class History:
    """Values of keys by valid time and known time: a list of writes, from which every answer is computed."""

    def __init__(self) -> None:
        self._writes: list[_Write] = []

    def put(self, key: str, value: Any, start: int, end: int | None = None, *, known: int) -> int:
        """Believe from ``known`` on that ``key`` has ``value`` during the period; return the number of the write."""
        last = math.inf if end is None else end
        if last <= start:
            raise ValueError(f"the period must end after it starts: {start} to {end}")
        return self._record(_Write(known, key, value, start, last))

    def erase(self, key: str, start: int, end: int | None = None, *, known: int) -> int:
        """Believe from ``known`` on that ``key`` has no value during the period; return the number of the write."""
        return self.put(key, MISSING, start, end, known=known)

    def retract(self, number: int, *, known: int) -> int:
        """Believe from ``known`` on as if write ``number`` had never been made; return the number of this write."""
        if not 1 <= number <= len(self._writes):
            raise LookupError(f"no write {number}")
        if number in self._retracted(None):
            raise ValueError(f"write {number} is retracted already")
        return self._record(_Write(known, target=number))

    def value(self, key: str, at: int, known: int | None = None, default: Any = None) -> Any:
        """Return the value at valid time ``at``, or ``default``."""
        found = _value_at(self._counting(key, known), at)
        return default if found is MISSING else found

    def timeline(self, key: str, known: int | None = None) -> list[Span]:
        """Return all periods with a value, in order."""
        writes = self._counting(key, known)
        pieces = _pieces(writes, lambda at: _value_at(writes, at))
        return [Span(start, end, value) for start, end, value in pieces if value is not MISSING

    def keys(self, known: int | None = None) -> list[str]:
        """Return the keys with a value in some period, sorted."""
        return sorted(key for key in {write.key for write in self._writes} if self.timeline(key, known))

    def beliefs(self, key: str, at: int) -> list[Belief]:
        """Return how the belief about valid time ``at`` changed."""
        beliefs: list[Belief] = []
        latest: Any = MISSING
        for known in sorted({write.known for write in self._writes}):
            value = self.value(key, at, known, MISSING)
            if value != latest:
                beliefs.append(Belief(known, value))
            latest = value
        return beliefs

    def changes(self, key: str, since: int, until: int) -> list[Change]:
        """Return what differs between the beliefs at two known times."""
        before, after = self._counting(key, since), self._counting(key, until)
        pieces = _pieces([*before, *after], lambda at: (_value_at(before, at), _value_at(after, at)))
        return [Change(start, end, old, new) for start, end, (old, new) in pieces if old != new]

    def _record(self, write: _Write) -> int:
        if self._writes and write.known < self._writes[-1].known:
            raise ValueError(f"known time {write.known} is before that of an earlier write")
        self._writes.append(write)
        return len(self._writes)

    def _retracted(self, known: int | None) -> set[int]:
        """Return the numbers of the writes that do not count at ``known``."""
        retracted: set[int] = set()
        for number, write in reversed(list(enumerate(self._writes, start=1))):
            if (known is None or write.known <= known) and number not in retracted:
                retracted.add(write.target)
        return retracted

    def _counting(self, key: str, known: int | None) -> list[_Write]:
        """Return the writes about ``key`` that count at ``known``, in order."""
        left_out = self._retracted(known)
        writes = [write for number, write in enumerate(self._writes, start=1) if number not in left_out]
        counting = [write for write in writes if known is None or write.known <= known]
        return [write for write in counting if write.key == key and not write.target]


def _value_at(writes: list[_Write], at: float) -> Any:
    return next((write.value for write in reversed(writes) if write.start <= at < write.end), MISSING)


def _pieces(writes: Iterable[_Write], content: Callable[[float], Any]) -> list[tuple[int, int | None, Any]]:
    """Return start, end and content of the periods between the edges of ``writes``, equal neighbours joined."""
    edges = sorted({edge for write in writes for edge in (write.start, write.end)})
    pieces: list[tuple[int, int | None, Any]] = []
    for start, edge in pairwise(edges):
        end = None if edge == math.inf else int(edge)
        if pieces and pieces[-1][2] == content(start):
            pieces[-1] = (pieces[-1][0], end, pieces[-1][2])
        else:
            pieces.append((int(start), end, content(start)))
    return pieces
