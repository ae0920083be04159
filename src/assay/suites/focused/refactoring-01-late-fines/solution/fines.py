"""What readers owe for late loans, in cents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

BLOCKED_ABOVE_DAYS = 30
BLOCKED_ABOVE_TOTAL = 2500


class Tariff(NamedTuple):
    """Cents for each day, days that are free, and the most that is asked."""

    rate: int
    free: int
    limit: int


TARIFFS = {
    "adult": {"book": Tariff(20, 2, 1000), "magazine": Tariff(10, 1, 300), "film": Tariff(50, 0, 2000)},
    "child": {"book": Tariff(10, 5, 400), "magazine": Tariff(5, 5, 150), "film": Tariff(30, 1, 1000)},
}


def fine(kind: str, reader: str, days: int, reserved: bool = False) -> int:
    """Return the fine for one loan that is ``days`` late.

    The first days are free, unless somebody else has reserved the item: then every day counts, and double.
    No fine is above its limit. Staff pay nothing.
    """
    if days <= 0 or reader == "staff":
        return 0
    tariff = _tariff(kind, reader)
    total = days * tariff.rate * 2 if reserved else max(0, days - tariff.free) * tariff.rate
    return min(total, tariff.limit)


def standing(reader: str, loans: Iterable[tuple[str, int, bool]]) -> str:
    """Return "blocked", "owing" or "clear" for a reader and loans, each (kind, days late, reserved)."""
    total = longest = 0
    for kind, days, reserved in loans:
        total += fine(kind, reader, days, reserved)
        longest = max(longest, days)
    if longest > BLOCKED_ABOVE_DAYS or total > BLOCKED_ABOVE_TOTAL:
        return "blocked"
    return "owing" if total else "clear"


def _tariff(kind: str, reader: str) -> Tariff:
    if reader not in TARIFFS:
        raise ValueError(f"unknown reader: {reader}")
    if kind not in TARIFFS[reader]:
        raise ValueError(f"unknown kind: {kind}")
    return TARIFFS[reader][kind]
