"""Values along two axes of time: when something is the case, and when it was known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
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


class History:
    """Values of keys by valid time and known time."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, str, Any, int, int | None]] = []

    def put(self, key: str, value: Any, start: int, end: int | None = None, *, known: int) -> int:
        """Believe from ``known`` on that ``key`` has ``value`` during the period; return the number of the write."""
        self.rows.append((known, key, value, start, end))
        return len(self.rows)

    def erase(self, key: str, start: int, end: int | None = None, *, known: int) -> int:
        """Believe from ``known`` on that ``key`` has no value during the period; return the number of the write."""
        return self.put(key, MISSING, start, end, known=known)

    def retract(self, number: int, *, known: int) -> int:
        """Believe from ``known`` on as if write ``number`` had never been made; return the number of this write."""
        _, key, _, start, end = self.rows[number - 1]
        earlier = [row for row in self.rows[: number - 1] if row[1] == key and row[3] <= start]
        value = earlier[-1][2] if earlier else MISSING
        return self.put(key, value, start, end, known=known)

    def value(self, key: str, at: int, known: int | None = None, default: Any = None) -> Any:
        """Return the value at valid time ``at``, or ``default``."""
        for time, name, value, start, end in reversed(self.rows):
            if name == key and (known is None or time <= known) and start <= at and (end is None or at < end):
                return value if value is not MISSING else default
        return default

    def timeline(self, key: str, known: int | None = None) -> list[Span]:
        """Return all periods with a value, in order."""
        points = sorted({row[3] for row in self.rows} | {row[4] for row in self.rows if row[4]})
        spans = []
        for start, end in zip(points, [*points[1:], None], strict=True):
            value = self.value(key, start, known)
            if value:
                spans.append(Span(start, end, value))
        return spans

    def keys(self, known: int | None = None) -> list[str]:
        """Return the keys with a value in some period, sorted."""
        return sorted({row[1] for row in self.rows if known is None or row[0] <= known})

    def beliefs(self, key: str, at: int) -> list[Belief]:
        """Return how the belief about valid time ``at`` changed."""
        rows = [row for row in self.rows if row[1] == key and row[3] <= at and (row[4] is None or at < row[4])]
        return [Belief(row[0], row[2]) for row in rows]

    def changes(self, key: str, since: int, until: int) -> list[Change]:
        """Return what differs between the beliefs at two known times."""
        before = self.timeline(key, since)
        after = self.timeline(key, until)
        return [
            Change(new.start, new.end, old.value, new.value)
            for old, new in zip(before, after, strict=False)
            if old.value != new.value
        ]
