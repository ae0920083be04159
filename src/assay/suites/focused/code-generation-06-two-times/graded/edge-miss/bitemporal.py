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
    """Values of keys by valid time and known time: a snapshot of all timelines after each write."""

    def __init__(self) -> None:
        self._states: list[tuple[int, dict[str, list[Span]]]] = []
        self._undo: dict[int, tuple[str, int, int | None, list[Span]]] = {}

    def _write(self, key: str, start: int, end: int | None, known: int, new: list[Span]) -> int:
        if end is not None and end <= start:
            raise ValueError("the end must be above the start")
        if self._states and known < self._states[-1][0]:
            raise ValueError("known times cannot go back")
        spans = dict(self._states[-1][1]) if self._states else {}
        before = spans.get(key, [])
        number = len(self._states) + 1
        self._undo[number] = (key, start, end, _within(before, start, end))
        spans[key] = sorted([*_outside(before, start, end), *new], key=lambda span: span.start)
        self._states.append((known, spans))
        return number

    def put(self, key: str, value: Any, start: int, end: int | None = None, *, known: int) -> int:
        """Believe from ``known`` on that ``key`` has ``value`` during the period; return the number of the write."""
        return self._write(key, start, end, known, [Span(start, end, value)])

    def erase(self, key: str, start: int, end: int | None = None, *, known: int) -> int:
        """Believe from ``known`` on that ``key`` has no value during the period; return the number of the write."""
        return self._write(key, start, end, known, [])

    def retract(self, number: int, *, known: int) -> int:
        """Believe from ``known`` on as if write ``number`` had never been made; return the number of this write."""
        if not 1 <= number <= len(self._states):
            raise LookupError(f"no write {number}")
        if number not in self._undo:
            raise ValueError(f"write {number} is retracted already")
        key, start, end, earlier = self._undo.pop(number)
        return self._write(key, start, end, known, earlier)

    def value(self, key: str, at: int, known: int | None = None, default: Any = None) -> Any:
        """Return the value at valid time ``at``, or ``default``."""
        for span in self.timeline(key, known):
            if span.start <= at and (span.end is None or at < span.end):
                return span.value
        return default

    def timeline(self, key: str, known: int | None = None) -> list[Span]:
        """Return all periods with a value, in order."""
        spans: list[Span] = []
        for moment, state in self._states:
            if known is None or moment <= known:
                spans = state.get(key, [])
        joined: list[Span] = []
        for span in spans:
            if joined and joined[-1].end == span.start and joined[-1].value == span.value:
                joined[-1] = Span(joined[-1].start, span.end, span.value)
            else:
                joined.append(span)
        return joined

    def keys(self, known: int | None = None) -> list[str]:
        """Return the keys with a value in some period, sorted."""
        return sorted(key for key in self._states[-1][1] if self.timeline(key, known)) if self._states else []

    def beliefs(self, key: str, at: int) -> list[Belief]:
        """Return how the belief about valid time ``at`` changed."""
        beliefs: list[Belief] = []
        latest: Any = MISSING
        for known in sorted({moment for moment, _ in self._states}):
            value = self.value(key, at, known, MISSING)
            if value != latest:
                beliefs.append(Belief(known, value))
                latest = value
        return beliefs

    def changes(self, key: str, since: int, until: int) -> list[Change]:
        """Return what differs between the beliefs at two known times."""
        spans = [*self.timeline(key, since), *self.timeline(key, until)]
        edges = {edge for span in spans for edge in (span.start, span.end)}
        points = sorted(edge for edge in edges if edge is not None)
        changes: list[Change] = []
        for start, end in zip(points, [*points[1:], None], strict=False):
            old, new = self.value(key, start, since, MISSING), self.value(key, start, until, MISSING)
            if old != new:
                changes.append(Change(start, end, old, new))
        return changes


def _outside(spans: list[Span], start: int, end: int | None) -> list[Span]:
    kept = []
    for span in spans:
        if span.start < start:
            kept.append(Span(span.start, start if span.end is None else min(start, span.end), span.value))
        if end is not None and (span.end is None or span.end > end):
            kept.append(Span(max(end, span.start), span.end, span.value))
    return kept


def _within(spans: list[Span], start: int, end: int | None) -> list[Span]:
    cut = []
    for span in spans:
        first = max(span.start, start)
        ends = [edge for edge in (span.end, end) if edge is not None]
        last = min(ends) if ends else None
        if last is None or first < last:
            cut.append(Span(first, last, span.value))
    return cut
