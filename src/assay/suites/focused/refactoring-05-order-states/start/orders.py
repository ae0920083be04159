"""What happens to an order: events change it and lead to actions that others carry out. Money is in cents."""

from dataclasses import dataclass, field


class OrderError(ValueError):
    """An event that makes no sense, or that has wrong data."""


class Refused(OrderError):
    """An event that is not possible in the present state."""


@dataclass
class Order:
    """An order. ``history`` has the events that changed something, ``refusals`` counts those that were refused."""

    number: int
    total: int
    digital: bool = False
    state: str = "new"
    paid: int = 0
    refunded: int = 0
    tracking: str = ""
    losses: int = 0
    refusals: int = 0
    history: list = field(default_factory=list)
    notes: list = field(default_factory=list)


def refuse(order, why):
    order.refusals += 1
    raise Refused("order " + str(order.number) + " " + why)


def handle(order, event, amount=0, code="", text=""):
    """Let ``event`` happen to the order; return the actions that follow. Raises ``OrderError`` or ``Refused``."""
    if order.state not in ["new", "paid", "packed", "shipped", "delivered", "cancelled", "closed"]:
        raise OrderError("unknown state: " + order.state)
    if order.state == "closed":
        refuse(order, "is closed")
    if event == "note":
        order.notes.append(text)
        return []
    before = order.state
    actions = []
    if order.state == "new":
        if event == "pay":
            if amount <= 0:
                raise OrderError("amount must be above 0")
            order.paid += amount
            if order.paid < order.total:
                actions.append("remind " + str(order.total - order.paid))
            else:
                order.state = "paid"
                actions.append("receipt")
                if order.paid > order.total:
                    actions.append("refund " + str(order.paid - order.total))
                    order.paid = order.total
        elif event == "cancel":
            order.state = "cancelled"
            if order.paid > 0:
                order.refunded += order.paid
                actions.append("refund " + str(order.paid))
        elif event == "pack" or event == "ship":
            refuse(order, "is not paid")
        elif event == "deliver" or event == "lost":
            refuse(order, "was not shipped")
        elif event == "return":
            refuse(order, "was not delivered")
        elif event == "close":
            refuse(order, "is still open")
        else:
            raise OrderError("unknown event: " + event)
    elif order.state == "paid":
        if event == "pay":
            refuse(order, "is paid already")
        elif event == "pack":
            if order.digital == True:
                refuse(order, "has nothing to pack")
            order.state = "packed"
            actions.append("label")
        elif event == "ship":
            if order.digital == False:
                refuse(order, "is not packed")
            order.state = "delivered"
            actions.append("mail download")
        elif event == "cancel":
            order.state = "cancelled"
            order.refunded += order.paid
            actions.append("refund " + str(order.paid))
        elif event == "deliver" or event == "lost":
            refuse(order, "was not shipped")
        elif event == "return":
            refuse(order, "was not delivered")
        elif event == "close":
            refuse(order, "is still open")
        else:
            raise OrderError("unknown event: " + event)
    elif order.state == "packed":
        if event == "pay":
            refuse(order, "is paid already")
        elif event == "pack":
            pass
        elif event == "ship":
            if code.strip() == "":
                raise OrderError("code is missing")
            order.tracking = code.strip()
            order.state = "shipped"
            actions.append("mail tracking " + order.tracking)
        elif event == "cancel":
            order.state = "cancelled"
            actions.append("void label")
            if order.paid > 500:
                order.refunded += order.paid - 500
                actions.append("refund " + str(order.paid - 500))
        elif event == "deliver" or event == "lost":
            refuse(order, "was not shipped")
        elif event == "return":
            refuse(order, "was not delivered")
        elif event == "close":
            refuse(order, "is still open")
        else:
            raise OrderError("unknown event: " + event)
    elif order.state == "shipped":
        if event == "pay":
            refuse(order, "is paid already")
        elif event == "ship":
            if code.strip() == "":
                raise OrderError("code is missing")
            if code.strip() != order.tracking:
                order.tracking = code.strip()
                actions.append("mail tracking " + order.tracking)
        elif event == "deliver":
            order.state = "delivered"
            actions.append("ask review")
        elif event == "lost":
            order.losses += 1
            order.tracking = ""
            actions.append("apologise")
            if order.losses >= 3:
                order.state = "cancelled"
                order.refunded += order.paid
                actions.append("refund " + str(order.paid))
            else:
                order.state = "paid"
        elif event == "pack" or event == "cancel":
            refuse(order, "has left")
        elif event == "return":
            refuse(order, "was not delivered")
        elif event == "close":
            refuse(order, "is still open")
        else:
            raise OrderError("unknown event: " + event)
    elif order.state == "delivered":
        if event == "pay":
            refuse(order, "is paid already")
        elif event == "deliver":
            pass
        elif event == "return":
            if order.digital == True:
                refuse(order, "cannot be returned")
            if amount <= 0:
                raise OrderError("amount must be above 0")
            if amount > order.paid - order.refunded:
                raise OrderError("at most " + str(order.paid - order.refunded) + " can be returned")
            order.refunded += amount
            actions.append("refund " + str(amount))
            if order.refunded == order.paid:
                order.state = "closed"
        elif event == "close":
            order.state = "closed"
        elif event == "pack" or event == "ship" or event == "cancel":
            refuse(order, "has left")
        elif event == "lost":
            refuse(order, "was delivered")
        else:
            raise OrderError("unknown event: " + event)
    elif order.state == "cancelled":
        if event == "pay":
            if amount <= 0:
                raise OrderError("amount must be above 0")
            order.paid += amount
            order.refunded += amount
            actions.append("refund " + str(amount))
        elif event == "cancel":
            pass
        elif event == "close":
            order.state = "closed"
        elif event in ("pack", "ship", "deliver", "lost", "return"):
            refuse(order, "is cancelled")
        else:
            raise OrderError("unknown event: " + event)
    if len(actions) > 0 or order.state != before:
        order.history.append(event)
    return actions


def possible(order):
    """Return the events that can change something now, always in the same order."""
    if order.state == "new":
        return ["pay", "cancel", "note"]
    elif order.state == "paid":
        if order.digital == True:
            return ["ship", "cancel", "note"]
        else:
            return ["pack", "cancel", "note"]
    elif order.state == "packed":
        return ["ship", "cancel", "note"]
    elif order.state == "shipped":
        return ["ship", "deliver", "lost", "note"]
    elif order.state == "delivered":
        if order.digital == True:
            return ["close", "note"]
        else:
            return ["return", "close", "note"]
    elif order.state == "cancelled":
        return ["pay", "close", "note"]
    elif order.state == "closed":
        return []
    else:
        raise OrderError("unknown state: " + order.state)
