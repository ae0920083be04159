"""What readers owe for late loans, in cents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Loan = tuple[str, int, bool]

LONGEST_DELAY = 30
LARGEST_DEBT = 2500


@dataclass(frozen=True)
class Tariff:
    """What one kind of loan costs one kind of reader."""

    rate: int
    free_days: int
    limit: int

    def amount(self, days: int, reserved: bool) -> int:
        """Return the fine for a loan that is ``days`` late."""
        paid_days = days * 2 if reserved else max(0, days - self.free_days)
        return min(self.limit, paid_days * self.rate)


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
    by_kind = _known(TARIFFS, reader, "reader")
    return _known(by_kind, kind, "kind").amount(days, reserved)


def standing(reader: str, loans: Iterable[Loan]) -> str:
    """Return "blocked", "owing" or "clear" for a reader and loans, each (kind, days late, reserved)."""
    loans = list(loans)
    total = sum(fine(kind, reader, days, reserved) for kind, days, reserved in loans)
    if total > LARGEST_DEBT or any(days > LONGEST_DELAY for _, days, _ in loans):
        return "blocked"
    return "owing" if total else "clear"


def _known(table: dict, word: str, what: str):
    if word not in table:
        raise ValueError(f"unknown {what}: {word}")
    return table[word]
