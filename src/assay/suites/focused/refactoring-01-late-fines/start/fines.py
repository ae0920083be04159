"""What readers owe for late loans, in cents."""


def fine(kind, reader, days, reserved=False):
    """Return the fine for one loan that is ``days`` late.

    The first days are free, unless somebody else has reserved the item: then every day counts, and double.
    No fine is above its limit. Staff pay nothing.
    """
    if days > 0:
        if reader == "staff":
            return 0
        else:
            if reader == "adult":
                if kind == "book":
                    if reserved == True:
                        total = days * 20 * 2
                    else:
                        if days > 2:
                            total = (days - 2) * 20
                        else:
                            total = 0
                    if total > 1000:
                        total = 1000
                    return total
                elif kind == "magazine":
                    if reserved == True:
                        total = days * 10 * 2
                    else:
                        if days > 1:
                            total = (days - 1) * 10
                        else:
                            total = 0
                    if total > 300:
                        total = 300
                    return total
                elif kind == "film":
                    if reserved == True:
                        total = days * 50 * 2
                    else:
                        total = days * 50
                    if total > 2000:
                        total = 2000
                    return total
                else:
                    raise ValueError("unknown kind: " + str(kind))
            elif reader == "child":
                if kind == "book":
                    if reserved == True:
                        total = days * 10 * 2
                    else:
                        if days > 5:
                            total = (days - 5) * 10
                        else:
                            total = 0
                    if total > 400:
                        total = 400
                    return total
                elif kind == "magazine":
                    if reserved == True:
                        total = days * 5 * 2
                    else:
                        if days > 5:
                            total = (days - 5) * 5
                        else:
                            total = 0
                    if total > 150:
                        total = 150
                    return total
                elif kind == "film":
                    if reserved == True:
                        total = days * 30 * 2
                    else:
                        if days > 1:
                            total = (days - 1) * 30
                        else:
                            total = 0
                    if total > 1000:
                        total = 1000
                    return total
                else:
                    raise ValueError("unknown kind: " + str(kind))
            else:
                raise ValueError("unknown reader: " + str(reader))
    else:
        return 0


def standing(reader, loans):
    """Return "blocked", "owing" or "clear" for a reader and loans, each (kind, days late, reserved)."""
    total = 0
    blocked = False
    for l in loans:
        total = total + fine(l[0], reader, l[1], l[2])
        if l[1] > 30:
            blocked = True
    if blocked == False:
        if total > 2500:
            blocked = True
    if blocked == True:
        return "blocked"
    else:
        if total > 0:
            return "owing"
        else:
            return "clear"
