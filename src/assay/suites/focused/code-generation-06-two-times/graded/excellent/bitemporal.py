"""Values along two axes of time: when something is the case, and when it was known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
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
class _Fact:
    """A value, or ``MISSING``, during a period."""

    key: str
    value: Any
    start: int
    end: int | None

    def covers(self, at: int) -> bool:
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True)
class _Retraction:
    """Undoes the write with the number ``target``."""

    target: int


@dataclass(frozen=True)
class _Write:
    """An entry of the log."""

    number: int
    known: int
    content: _Fact | _Retraction


class History:
    """Values of keys by valid time and known time.

    Nothing but the log of writes is stored; each question is answered from the facts that count at a known time.
    """

    def __init__(self) -> None:
        self._log: list[_Write] = []

    def put(self, key: str, value: Any, start: int, end: int | None = None, *, known: int) -> int:
        """Believe from ``known`` on that ``key`` has ``value`` during the period; return the number of the write."""
        if end is not None and end <= start:
            raise ValueError(f"empty period: {start} to {end}")
        return self._append(_Fact(key, value, start, end), known)

    def erase(self, key: str, start: int, end: int | None = None, *, known: int) -> int:
        """Believe from ``known`` on that ``key`` has no value during the period; return the number of the write."""
        return self.put(key, MISSING, start, end, known=known)

    def retract(self, number: int, *, known: int) -> int:
        """Believe from ``known`` on as if write ``number`` had never been made; return the number of this write."""
        if not 0 < number <= len(self._log):
            raise LookupError(f"there is no write {number}")
        if self._log[number - 1] not in _standing(self._log):
            raise ValueError(f"write {number} is retracted")
        return self._append(_Retraction(number), known)

    def value(self, key: str, at: int, known: int | None = None, default: Any = None) -> Any:
        """Return the value at valid time ``at``, or ``default``."""
        value = _value(self._facts(key, known), at)
        return default if value is MISSING else value

    def timeline(self, key: str, known: int | None = None) -> list[Span]:
        """Return all periods with a value, in order."""
        facts = self._facts(key, known)
        periods = _periods(facts, lambda at: _value(facts, at))
        return [Span(start, end, value) for start, end, value in periods if value is not MISSING]

    def keys(self, known: int | None = None) -> list[str]:
        """Return the keys with a value in some period, sorted."""
        names = {write.content.key for write in self._log if isinstance(write.content, _Fact)}
        return sorted(name for name in names if self.timeline(name, known))

    def beliefs(self, key: str, at: int) -> list[Belief]:
        """Return how the belief about valid time ``at`` changed."""
        moments = sorted({write.known for write in self._log})
        beliefs = [Belief(known, self.value(key, at, known, MISSING)) for known in moments]
        steps = [next(group) for _, group in groupby(beliefs, key=lambda belief: belief.value)]
        return steps[1:] if steps and steps[0].value is MISSING else steps

    def changes(self, key: str, since: int, until: int) -> list[Change]:
        """Return what differs between the beliefs at two known times."""
        old, new = self._facts(key, since), self._facts(key, until)
        periods = _periods([*old, *new], lambda at: (_value(old, at), _value(new, at)))
        return [Change(start, end, *values) for start, end, values in periods if values[0] != values[1]]

    def _append(self, content: _Fact | _Retraction, known: int) -> int:
        if self._log and known < self._log[-1].known:
            raise ValueError(f"known time {known} lies before that of the last write")
        self._log.append(_Write(len(self._log) + 1, known, content))
        return len(self._log)

    def _facts(self, key: str, known: int | None) -> list[_Fact]:
        """Return the facts about ``key`` that count at ``known``, oldest first."""
        log = [write for write in self._log if known is None or write.known <= known]
        contents = [write.content for write in _standing(log)]
        return [content for content in contents if isinstance(content, _Fact) and content.key == key]


def _standing(log: list[_Write]) -> list[_Write]:
    """Return the writes that are not retracted. Only later writes retract, so the newest are settled first."""
    standing: list[_Write] = []
    retracted: set[int] = set()
    for write in reversed(log):
        if write.number in retracted:
            continue
        standing.insert(0, write)
        if isinstance(write.content, _Retraction):
            retracted.add(write.content.target)
    return standing


def _value(facts: list[_Fact], at: int) -> Any:
    """Return what the newest fact that covers ``at`` says."""
    return next((fact.value for fact in reversed(facts) if fact.covers(at)), MISSING)


def _periods(facts: Iterable[_Fact], content: Callable[[int], Any]) -> list[tuple[int, int | None, Any]]:
    """Return the periods with equal content between the edges of ``facts``; the last has no end."""
    edges = sorted({edge for fact in facts for edge in (fact.start, fact.end) if edge is not None})
    groups = [(value, next(group)) for value, group in groupby(edges, key=content)]
    ends = [start for _, start in groups[1:]] + [None]
    return [(start, end, value) for (value, start), end in zip(groups, ends, strict=False)]
