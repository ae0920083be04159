"""What readers owe for late loans, in cents."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tariff:
    """What one kind of loan costs one kind of reader."""

    rate: int
    free_days: int
    limit: int


TARIFFS = {
    ("adult", "book"): Tariff(20, 2, 1000),
    ("adult", "magazine"): Tariff(10, 1, 300),
    ("adult", "film"): Tariff(50, 2000),
    ("child", "book"): Tariff(10, 5, 400),
    ("child", "magazine"): Tariff(5, 5, 150),
    ("child", "film"): Tariff(30, 1, 1000),
}


def fine(kind, reader, days, reserved=False):
    """Return the fine for one loan that is ``days`` late."""
    if days <= 0 or reader == "staff":
        return 0
    tariff = TARIFFS[reader, kind]
    billed = days * 2 if reserved else max(0, days - tariff.free_days)
    return min(billed * tariff.rate, tariff.limit)


def standing(reader, loans):
    """Return "blocked", "owing" or "clear" for a reader and loans, each (kind, days late, reserved)."""
    total = sum(fine(kind, reader, days, reserved) for kind, days, reserved in loans)
    if total > 2500:
        return "blocked"
    return "owing" if total else "clear"
