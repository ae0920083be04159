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

    def put(self, key: str, value: Any, start: int, end: int | None = None, *, known: int) -> int:
        """Believe from ``known`` on that ``key`` has ``value`` during the period; return the number of the write."""
        ...

    def erase(self, key: str, start: int, end: int | None = None, *, known: int) -> int:
        """Believe from ``known`` on that ``key`` has no value during the period; return the number of the write."""
        ...

    def retract(self, number: int, *, known: int) -> int:
        """Believe from ``known`` on as if write ``number`` had never been made; return the number of this write."""
        ...

    def value(self, key: str, at: int, known: int | None = None, default: Any = None) -> Any:
        """Return the value at valid time ``at``, or ``default``."""
        ...

    def timeline(self, key: str, known: int | None = None) -> list[Span]:
        """Return all periods with a value, in order."""
        ...

    def keys(self, known: int | None = None) -> list[str]:
        """Return the keys with a value in some period, sorted."""
        ...

    def beliefs(self, key: str, at: int) -> list[Belief]:
        """Return how the belief about valid time ``at`` changed."""
        ...

    def changes(self, key: str, since: int, until: int) -> list[Change]:
        """Return what differs between the beliefs at two known times."""
        ...
