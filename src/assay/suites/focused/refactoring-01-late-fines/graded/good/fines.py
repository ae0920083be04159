"""What readers owe for late loans, in cents."""

ADULT_RATES = {"book": 20, "magazine": 10, "film": 50}
ADULT_FREE_DAYS = {"book": 2, "magazine": 1, "film": 0}
ADULT_LIMITS = {"book": 1000, "magazine": 300, "film": 2000}
CHILD_RATES = {"book": 10, "magazine": 5, "film": 30}
CHILD_FREE_DAYS = {"book": 5, "magazine": 5, "film": 1}
CHILD_LIMITS = {"book": 400, "magazine": 150, "film": 1000}


def fine(kind, reader, days, reserved=False):
    """Return the fine for one loan that is ``days`` late.

    The first days are free, unless somebody else has reserved the item: then every day counts, and double.
    No fine is above its limit. Staff pay nothing.
    """
    if days <= 0:
        return 0
    if reader == "staff":
        return 0
    if reader == "adult":
        return compute(kind, days, reserved, ADULT_RATES, ADULT_FREE_DAYS, ADULT_LIMITS)
    if reader == "child":
        return compute(kind, days, reserved, CHILD_RATES, CHILD_FREE_DAYS, CHILD_LIMITS)
    raise ValueError(f"unknown reader: {reader}")


def compute(kind, days, reserved, rates, free_days, limits):
    """Return the fine by the tables of one kind of reader."""
    if kind not in rates:
        raise ValueError(f"unknown kind: {kind}")
    rate = rates[kind]
    if reserved:
        total = days * rate * 2
    elif days > free_days[kind]:
        total = (days - free_days[kind]) * rate
    else:
        total = 0
    if total > limits[kind]:
        return limits[kind]
    return total


def standing(reader, loans):
    """Return "blocked", "owing" or "clear" for a reader and loans, each (kind, days late, reserved)."""
    total = 0
    blocked = False
    for kind, days, reserved in loans:
        total += fine(kind, reader, days, reserved)
        if days > 30:
            blocked = True
    if blocked or total > 2500:
        return "blocked"
    if total > 0:
        return "owing"
    return "clear"
