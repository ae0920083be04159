"""What happens to an order: events change it and lead to actions that others carry out. Money is in cents."""

from __future__ import annotations

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
    history: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


FEE = 500

POSSIBLE = {
    "new": ["pay", "cancel", "note"],
    "paid": ["pack", "cancel", "note"],
    "packed": ["ship", "cancel", "note"],
    "shipped": ["ship", "deliver", "lost", "note"],
    "delivered": ["return", "close", "note"],
    "cancelled": ["pay", "close", "note"],
    "closed": [],
}
POSSIBLE_DIGITAL = {"paid": ["ship", "cancel", "note"], "delivered": ["close", "note"]}

REFUSALS = {
    "new": {
        "pack": "is not paid",
        "ship": "is not paid",
        "deliver": "was not shipped",
        "lost": "was not shipped",
        "return": "was not delivered",
        "close": "is still open",
    },
    "paid": {
        "pay": "is paid already",
        "deliver": "was not shipped",
        "lost": "was not shipped",
        "return": "was not delivered",
        "close": "is still open",
    },
    "packed": {
        "pay": "is paid already",
        "deliver": "was not shipped",
        "lost": "was not shipped",
        "return": "was not delivered",
        "close": "is still open",
    },
    "shipped": {
        "pay": "is paid already",
        "pack": "has left",
        "cancel": "has left",
        "return": "was not delivered",
        "close": "is still open",
    },
    "delivered": {
        "pay": "is paid already",
        "pack": "has left",
        "ship": "has left",
        "cancel": "has left",
        "lost": "was delivered",
    },
    "cancelled": {
        "pack": "is cancelled",
        "ship": "is cancelled",
        "deliver": "is cancelled",
        "lost": "is cancelled",
        "return": "is cancelled",
    },
    "closed": {},
}


def refuse(order: Order, why: str) -> None:
    """Count and raise a refusal."""
    order.refusals += 1
    raise Refused(f"order {order.number} {why}")


def check_amount(amount: int) -> None:
    """Raise ``OrderError`` if an amount is not above 0."""
    if amount <= 0:
        raise OrderError("amount must be above 0")


def refund(order: Order, amount: int) -> list[str]:
    """Give money back."""
    order.refunded += amount
    return [f"refund {amount}"]


def handle(order: Order, event: str, amount: int = 0, code: str = "", text: str = "") -> list[str]:
    """Let ``event`` happen to the order; return the actions that follow. Raises ``OrderError`` or ``Refused``."""
    if order.state not in REFUSALS:
        raise OrderError(f"unknown state: {order.state}")
    if order.state == "closed":
        refuse(order, "is closed")
    if event in REFUSALS[order.state]:
        refuse(order, REFUSALS[order.state][event])
    state = order.state
    if event == "note":
        order.notes.append(text)
        return []
    if event in ("pay", "return"):
        actions = handle_money(order, event, amount)
    elif event == "ship":
        actions = ship(order, code)
    elif event in HANDLERS:
        actions = HANDLERS[event](order)
    else:
        raise OrderError(f"unknown event: {event}")
    if actions or order.state != state:
        order.history.append(event)
    return actions


def handle_money(order: Order, event: str, amount: int) -> list[str]:
    """Handle payments and returns."""
    if event == "return":
        return take_back(order, amount)
    check_amount(amount)
    order.paid += amount
    if order.state == "cancelled":
        return refund(order, amount)
    if order.paid < order.total:
        return [f"remind {order.total - order.paid}"]
    order.state = "paid"
    extra = order.paid - order.total
    order.paid = order.total
    if extra > 0:
        return ["receipt", f"refund {extra}"]
    return ["receipt"]


def take_back(order: Order, amount: int) -> list[str]:
    """Handle a return."""
    if order.digital:
        refuse(order, "cannot be returned")
    check_amount(amount)
    rest = order.paid - order.refunded
    if amount > rest:
        raise OrderError(f"at most {rest} can be returned")
    if amount == rest:
        order.state = "closed"
    return refund(order, amount)


def pack(order: Order) -> list[str]:
    """Pack an order, or do nothing if it is packed."""
    if order.state == "packed":
        return []
    if order.digital:
        refuse(order, "has nothing to pack")
    order.state = "packed"
    return ["label"]


def ship(order: Order, code: str) -> list[str]:
    """Ship an order, or ship it again with another code."""
    if order.state == "paid":
        if not order.digital:
            refuse(order, "is not packed")
        order.state = "delivered"
        return ["mail download"]
    code = code.strip()
    if code == "":
        raise OrderError("code is missing")
    if order.state == "shipped" and code == order.tracking:
        return []
    order.state = "shipped"
    order.tracking = code
    return [f"mail tracking {code}"]


def deliver(order: Order) -> list[str]:
    """Deliver an order, or do nothing if it was delivered."""
    if order.state == "delivered":
        return []
    order.state = "delivered"
    return ["ask review"]


def lost(order: Order) -> list[str]:
    """Go back to packing, or cancel after the third loss."""
    order.losses += 1
    order.tracking = ""
    if order.losses >= 3:
        order.state = "cancelled"
        return ["apologise", *refund(order, order.paid)]
    order.state = "paid"
    return ["apologise"]


def cancel(order: Order) -> list[str]:
    """Cancel an order; what is given back depends on its state."""
    state = order.state
    order.state = "cancelled"
    if state == "cancelled":
        return []
    if state == "paid":
        return refund(order, order.paid)
    if state == "packed":
        if order.paid > FEE:
            return ["void label", *refund(order, order.paid - FEE)]
        return ["void label"]
    if order.paid > 0:
        return refund(order, order.paid)
    return []


def close(order: Order) -> list[str]:
    """Close an order."""
    order.state = "closed"
    return []


HANDLERS = {"pack": pack, "deliver": deliver, "lost": lost, "cancel": cancel, "close": close}


def possible(order: Order) -> list[str]:
    """Return the events that can change something now, always in the same order."""
    if order.state not in POSSIBLE:
        raise OrderError(f"unknown state: {order.state}")
    if order.digital and order.state in POSSIBLE_DIGITAL:
        return list(POSSIBLE_DIGITAL[order.state])
    return list(POSSIBLE[order.state])
