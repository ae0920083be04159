"""What readers owe for late loans, in cents."""

from __future__ import annotations

from collections.abc import Iterable

RATES = {"book": 20, "magazine": 10, "film": 50}
LIMITS = {"book": 1000, "magazine": 300, "film": 2000}
CHILD_RATES = {"book": 10, "magazine": 5, "film": 30}
CHILD_LIMITS = {"book": 400, "magazine": 150, "film": 1000}
FREE_DAYS = {"adult": {"book": 2, "magazine": 1, "film": 0}, "child": {"book": 5, "magazine": 5, "film": 0}}
TABLES = {"adult": (RATES, LIMITS), "child": (CHILD_RATES, CHILD_LIMITS)}


def fine(kind: str, reader: str, days: int, reserved: bool = False) -> int:
    """Return the fine for one loan that is ``days`` late.

    The first days are free, unless somebody else has reserved the item: then every day counts, and double.
    No fine is above its limit. Staff pay nothing.
    """
    if days <= 0 or reader == "staff":
        return 0
    if reader not in TABLES:
        raise ValueError(f"unknown reader: {reader}")
    rates, limits = TABLES[reader]
    if kind not in rates:
        raise ValueError(f"unknown kind: {kind}")
    billed = days * 2 if reserved else max(0, days - FREE_DAYS[reader][kind])
    return min(billed * rates[kind], limits[kind])


def standing(reader: str, loans: Iterable[tuple[str, int, bool]]) -> str:
    """Return "blocked", "owing" or "clear" for a reader and loans, each (kind, days late, reserved)."""
    total = 0
    blocked = False
    for kind, days, reserved in loans:
        total += fine(kind, reader, days, reserved)
        blocked = blocked or days > 30
    if blocked or total > 2500:
        return "blocked"
    return "owing" if total else "clear"
