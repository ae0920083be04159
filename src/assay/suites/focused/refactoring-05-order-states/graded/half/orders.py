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


EVENTS = ("pay", "pack", "ship", "deliver", "lost", "return", "cancel", "close", "note")

# state: {event: next state}
TRANSITIONS = {
    "new": {"pay": "paid", "cancel": "cancelled", "note": "new"},
    "paid": {"pack": "packed", "cancel": "cancelled", "note": "paid"},
    "packed": {"ship": "shipped", "cancel": "cancelled", "note": "packed"},
    "shipped": {"ship": "shipped", "deliver": "delivered", "lost": "paid", "note": "shipped"},
    "delivered": {"return": "delivered", "close": "closed", "note": "delivered"},
    "cancelled": {"pay": "cancelled", "close": "closed", "note": "cancelled"},
    "closed": {},
}
DIGITAL = {"paid": {"ship": "delivered", "cancel": "cancelled", "note": "paid"}}
AGAIN = {("packed", "pack"), ("delivered", "deliver"), ("cancelled", "cancel")}
REASONS = {
    "pay": "is paid already",
    "pack": "is not paid",
    "ship": "is not packed",
    "deliver": "was not shipped",
    "lost": "was not shipped",
    "return": "was not delivered",
    "cancel": "has left",
    "close": "is still open",
}
FINAL_REASONS = {"cancelled": "is cancelled", "closed": "is closed", "shipped": "has left", "delivered": "has left"}


def handle(order: Order, event: str, amount: int = 0, code: str = "", text: str = "") -> list[str]:
    """Let ``event`` happen to the order; return the actions that follow. Raises ``OrderError`` or ``Refused``."""
    if event not in EVENTS:
        raise OrderError(f"unknown event: {event}")
    if (order.state, event) in AGAIN:
        return []
    following = _transitions(order)
    if event not in following:
        order.refusals += 1
        raise Refused(f"order {order.number} {FINAL_REASONS.get(order.state, REASONS[event])}")
    before = order.state
    order.state = following[event]
    actions = _act(order, before, event, amount, code.strip(), text)
    order.history.append(event)
    return actions


def _transitions(order: Order) -> dict[str, str]:
    if order.state not in TRANSITIONS:
        raise OrderError(f"unknown state: {order.state}")
    return DIGITAL.get(order.state, TRANSITIONS[order.state]) if order.digital else TRANSITIONS[order.state]


def _act(order: Order, before: str, event: str, amount: int, code: str, text: str) -> list[str]:
    if event in ("pay", "return") and amount <= 0:
        raise OrderError("amount must be above 0")
    match before, event:
        case "new", "pay":
            return _pay(order, amount)
        case "cancelled", "pay":
            order.paid += amount
            return _refund(order, amount)
        case "delivered", "return":
            return _return(order, amount)
        case "paid", "ship":
            return ["mail download"]
        case _, "ship":
            order.tracking = code
            return [f"mail tracking {code}"]
        case "packed", "cancel":
            return ["void label", *_refund(order, order.paid - 500)]
        case _, "cancel":
            return _refund(order, order.paid)
        case _, "lost":
            return _lose(order)
        case _, "note":
            order.notes.append(text)
            return []
    return {"pack": ["label"], "deliver": ["ask review"]}.get(event, [])


def _pay(order: Order, amount: int) -> list[str]:
    order.paid += amount
    if order.paid < order.total:
        order.state = "new"
        return [f"remind {order.total - order.paid}"]
    extra = order.paid - order.total
    return ["receipt"] + _refund(order, extra)


def _return(order: Order, amount: int) -> list[str]:
    rest = order.paid - order.refunded
    if amount > rest:
        raise OrderError(f"at most {rest} can be returned")
    if amount == rest:
        order.state = "closed"
    return _refund(order, amount)


def _lose(order: Order) -> list[str]:
    order.losses += 1
    order.tracking = ""
    if order.losses < 3:
        return ["apologise"]
    order.state = "cancelled"
    return ["apologise", *_refund(order, order.paid)]


def _refund(order: Order, amount: int) -> list[str]:
    if amount <= 0:
        return []
    order.refunded += amount
    return [f"refund {amount}"]


def possible(order: Order) -> list[str]:
    """Return the events that can change something now, always in the same order."""
    return list(_transitions(order))
