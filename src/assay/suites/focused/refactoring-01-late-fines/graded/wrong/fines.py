"""What readers owe for late loans, in cents."""

RATES = {"book": 20, "magazine": 10, "film": 50}
FREE_DAYS = {"book": 2, "magazine": 1, "film": 0}
LIMITS = {"book": 1000, "magazine": 300, "film": 2000}


def fine(kind, reader, days, reserved=False):
    """Return the fine for one loan that is ``days`` late.

    The first days are free, unless somebody else has reserved the item: then every day counts, and double.
    No fine is above its limit. Staff pay nothing, children half.
    """
    if kind not in RATES:
        raise ValueError(f"unknown kind: {kind}")
    if reader not in ("staff", "adult", "child"):
        raise ValueError(f"unknown reader: {reader}")
    if reader == "staff" or days <= 0:
        return 0
    if reserved:
        total = days * RATES[kind] * 2
    else:
        total = max(0, days - FREE_DAYS[kind]) * RATES[kind]
    total = min(total, LIMITS[kind])
    return total // 2 if reader == "child" else total


def standing(reader, loans):
    """Return "blocked", "owing" or "clear" for a reader and loans, each (kind, days late, reserved)."""
    if any(days > 30 for _, days, _ in loans):
        return "blocked"
    total = sum(fine(kind, reader, days, reserved) for kind, days, reserved in loans)
    if total > 2500:
        return "blocked"
    return "owing" if total else "clear"
