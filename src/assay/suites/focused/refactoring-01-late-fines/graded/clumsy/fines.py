"""What readers owe for late loans, in cents."""


def compute(days, reserved, rate, free, limit):
    if reserved == True:
        total = days * rate * 2
    else:
        if days > free:
            total = (days - free) * rate
        else:
            total = 0
    if total > limit:
        total = limit
    return total


def fine(kind, reader, days, reserved=False):
    """Return the fine for one loan that is ``days`` late.

    The first days are free, unless somebody else has reserved the item: then every day counts, and double.
    No fine is above its limit. Staff pay nothing.
    """
    if days <= 0:
        return 0
    elif reader == "staff":
        return 0
    elif reader == "adult":
        if kind == "book":
            return compute(days, reserved, 20, 2, 1000)
        elif kind == "magazine":
            return compute(days, reserved, 10, 1, 300)
        elif kind == "film":
            return compute(days, reserved, 50, 0, 2000)
        else:
            raise ValueError("unknown kind: " + str(kind))
    elif reader == "child":
        if kind == "book":
            return compute(days, reserved, 10, 5, 400)
        elif kind == "magazine":
            return compute(days, reserved, 5, 5, 150)
        elif kind == "film":
            return compute(days, reserved, 30, 1, 1000)
        else:
            raise ValueError("unknown kind: " + str(kind))
    else:
        raise ValueError("unknown reader: " + str(reader))


def standing(reader, loans):
    """Return "blocked", "owing" or "clear" for a reader and loans, each (kind, days late, reserved)."""
    total = 0
    blocked = False
    for l in loans:
        total = total + fine(l[0], reader, l[1], l[2])
        if l[1] > 30:
            blocked = True
    if blocked == True or total > 2500:
        return "blocked"
    elif total > 0:
        return "owing"
    else:
        return "clear"
