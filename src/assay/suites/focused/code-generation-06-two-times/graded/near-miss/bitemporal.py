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


@dataclass(frozen=True)
class _Entry:
    number: int
    known: int
    kind: str
    key: str
    value: Any
    start: int
    end: int | None
    target: int


class History:
    """Values of keys by valid time and known time."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []

    def put(self, key: str, value: Any, start: int, end: int | None = None, *, known: int) -> int:
        """Believe from ``known`` on that ``key`` has ``value`` during the period; return the number of the write."""
        self._check_period(start, end)
        self._check_known(known)
        return self._add("put", known, key, value, start, end, 0)

    def erase(self, key: str, start: int, end: int | None = None, *, known: int) -> int:
        """Believe from ``known`` on that ``key`` has no value during the period; return the number of the write."""
        self._check_period(start, end)
        self._check_known(known)
        return self._add("erase", known, key, MISSING, start, end, 0)

    def retract(self, number: int, *, known: int) -> int:
        """Believe from ``known`` on as if write ``number`` had never been made; return the number of this write."""
        if number < 1 or number > len(self._entries):
            raise LookupError(f"unknown write {number}")
        self._check_known(known)
        effective = self._effective_entries(None)
        if all(entry.number != number for entry in effective):
            raise ValueError(f"write {number} is retracted already")
        return self._add("retract", known, "", None, 0, None, number)

    def _add(self, kind: str, known: int, key: str, value: Any, start: int, end: int | None, target: int) -> int:
        number = len(self._entries) + 1
        self._entries.append(_Entry(number, known, kind, key, value, start, end, target))
        return number

    def _check_period(self, start: int, end: int | None) -> None:
        if end is not None and end <= start:
            raise ValueError("a period must end after its start")

    def _check_known(self, known: int) -> None:
        if self._entries and known < self._entries[-1].known:
            raise ValueError("known times must not go back")

    def _effective_entries(self, known: int | None) -> list[_Entry]:
        """Return the entries that count at ``known``; a retraction only counts if it is not retracted."""
        visible = [entry for entry in self._entries if known is None or entry.known <= known]
        cancelled = {entry.target for entry in visible if entry.kind == "retract"}
        return [entry for entry in visible if entry.number not in cancelled]

    def value(self, key: str, at: int, known: int | None = None, default: Any = None) -> Any:
        """Return the value at valid time ``at``, or ``default``."""
        for span in self.timeline(key, known):
            if span.start <= at and (span.end is None or at < span.end):
                return span.value
        return default

    def timeline(self, key: str, known: int | None = None) -> list[Span]:
        """Return all periods with a value, in order."""
        spans: list[Span] = []
        for entry in self._effective_entries(known):
            if entry.kind == "retract" or entry.key != key:
                continue
            spans = _cut(spans, entry.start, entry.end)
            if entry.kind == "put":
                spans.append(Span(entry.start, entry.end, entry.value))
        spans.sort(key=lambda span: span.start)
        joined: list[Span] = []
        for span in spans:
            if joined and joined[-1].end == span.start and joined[-1].value == span.value:
                joined[-1] = Span(joined[-1].start, span.end, span.value)
            else:
                joined.append(span)
        return joined

    def keys(self, known: int | None = None) -> list[str]:
        """Return the keys with a value in some period, sorted."""
        names = {entry.key for entry in self._entries if entry.kind == "put"}
        return [name for name in sorted(names) if len(self.timeline(name, known)) > 0]

    def beliefs(self, key: str, at: int) -> list[Belief]:
        """Return how the belief about valid time ``at`` changed."""
        result: list[Belief] = []
        times = sorted({entry.known for entry in self._entries})
        for known in times:
            value = self.value(key, at, known, MISSING)
            if not result:
                if value is not MISSING:
                    result.append(Belief(known, value))
            elif result[-1].value != value:
                result.append(Belief(known, value))
        return result

    def changes(self, key: str, since: int, until: int) -> list[Change]:
        """Return what differs between the beliefs at two known times."""
        old_spans = self.timeline(key, since)
        new_spans = self.timeline(key, until)
        edges: set[int] = set()
        for span in [*old_spans, *new_spans]:
            edges.add(span.start)
            if span.end is not None:
                edges.add(span.end)
        points = sorted(edges)
        result: list[Change] = []
        for index, start in enumerate(points):
            end = points[index + 1] if index + 1 < len(points) else None
            old = _lookup(old_spans, start)
            new = _lookup(new_spans, start)
            if old == new:
                continue
            result.append(Change(start, end, old, new))
        return result


def _lookup(spans: list[Span], at: int) -> Any:
    for span in spans:
        if span.start <= at and (span.end is None or at < span.end):
            return span.value
    return MISSING


def _cut(spans: list[Span], start: int, end: int | None) -> list[Span]:
    """Return ``spans`` without the period from ``start`` to ``end``."""
    kept: list[Span] = []
    for span in spans:
        overlaps = (span.end is None or span.end > start) and (end is None or span.start < end)
        if not overlaps:
            kept.append(span)
            continue
        if span.start < start:
            kept.append(Span(span.start, start, span.value))
        if end is not None and (span.end is None or span.end > end):
            kept.append(Span(end, span.end, span.value))
    return kept
