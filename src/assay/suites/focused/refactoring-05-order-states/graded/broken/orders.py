"""What happens to an order: events change it and lead to actions that others carry out. Money is in cents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


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


PACKING_FEE = 500
MOST_LOSSES = 3

# What can happen in each state ...
EFFECTS: dict = {
    "new": {"pay": _pay, "cancel": _cancel_new, "note": _note},
    "paid": {"pack": _pack, "cancel": _cancel_paid, "note": _note},
    "packed": {"pack": _again, "ship": _ship, "cancel": _cancel_packed, "note": _note},
    "shipped": {"ship": _ship_again, "deliver": _deliver, "lost": _lose, "note": _note},
    "delivered": {"deliver": _again, "return": _return, "close": _close, "note": _note},
    "cancelled": {"pay": _pay_too_late, "cancel": _again, "close": _close, "note": _note},
    "closed": {},
}
DIGITAL_EFFECTS: dict = {
    "paid": {"ship": _download, "cancel": _cancel_paid, "note": _note},
    "delivered": {"deliver": _again, "close": _close, "note": _note},
}

# ... and why other events are refused.
_OPEN = {"return": "was not delivered", "close": "is still open"}
_NOT_SHIPPED = {"deliver": "was not shipped", "lost": "was not shipped", **_OPEN}
_PAID = {"pay": "is paid already"}
_LEFT = {"pack": "has left", "ship": "has left", "cancel": "has left", **_PAID}
REASONS: dict[str, dict[str, str]] = {
    "new": {"pack": "is not paid", "ship": "is not paid", **_NOT_SHIPPED},
    "paid": {"ship": "is not packed", **_NOT_SHIPPED, **_PAID},
    "packed": {**_NOT_SHIPPED, **_PAID},
    "shipped": {**_LEFT, **_OPEN},
    "delivered": {"lost": "was delivered", **_LEFT},
    "cancelled": dict.fromkeys(("pack", "ship", "deliver", "lost", "return"), "is cancelled"),
}
DIGITAL_REASONS: dict[str, dict[str, str]] = {
    "paid": {"pack": "has nothing to pack", **_NOT_SHIPPED, **_PAID},
    "delivered": {"lost": "was delivered", "return": "cannot be returned", **_LEFT},
}


class Data(NamedTuple):
    """What came with an event."""

    amount: int
    code: str
    text: str


Effect = Callable[[Order, Data], list[str]]


def handle(order: Order, event: str, amount: int = 0, code: str = "", text: str = "") -> list[str]:
    """Let ``event`` happen to the order; return the actions that follow. Raises ``OrderError`` or ``Refused``."""
    effect = _effect(order, event)
    state = order.state
    actions = effect(order, Data(amount, code, text))
    if actions or order.state != state:
        order.history.append(event)
    return actions


def possible(order: Order) -> list[str]:
    """Return the events that can change something now, always in the same order."""
    _check_state(order)
    return [event for event, effect in _effects(order).items() if effect is not _again]


def _effect(order: Order, event: str) -> Effect:
    """Return what an event does now. Raises ``Refused`` if it is not possible, ``OrderError`` if it is unknown."""
    _check_state(order)
    effect = _effects(order).get(event)
    if effect:
        return effect
    why = "is closed" if order.state == "closed" else _reasons(order).get(event)
    if why is None:
        raise OrderError(f"unknown event: {event}")
    order.refusals += 1
    raise Refused(f"order {order.number} {why}")


def _check_state(order: Order) -> None:
    if order.state not in EFFECTS:
        raise OrderError(f"unknown state: {order.state}")


def _effects(order: Order) -> dict[str, Effect]:
    return (DIGITAL_EFFECTS if order.digital else {}).get(order.state, EFFECTS[order.state])


def _reasons(order: Order) -> dict[str, str]:
    return (DIGITAL_REASONS if order.digital else {}).get(order.state, REASONS[order.state])


def _again(_order: Order, _data: Data) -> list[str]:
    return []


def _note(order: Order, data: Data) -> list[str]:
    order.notes.append(data.text)
    return []


def _pay(order: Order, data: Data) -> list[str]:
    _check_amount(data)
    order.paid += data.amount
    if order.paid < order.total:
        return [f"remind {order.total - order.paid}"]
    extra = order.paid - order.total
    order.paid = order.total
    order.state = "paid"
    return ["receipt", f"refund {extra}"] if extra else ["receipt"]


def _pay_too_late(order: Order, data: Data) -> list[str]:
    _check_amount(data)
    order.paid += data.amount
    return _refund(order, data.amount)


def _pack(order: Order, _data: Data) -> list[str]:
    order.state = "packed"
    return ["label"]


def _ship(order: Order, data: Data) -> list[str]:
    order.tracking = _code(data)
    order.state = "shipped"
    return [f"mail tracking {order.tracking}"]


def _ship_again(order: Order, data: Data) -> list[str]:
    return [] if _code(data) == order.tracking else _ship(order, data)


def _download(order: Order, _data: Data) -> list[str]:
    order.state = "delivered"
    return ["mail download"]


def _deliver(order: Order, _data: Data) -> list[str]:
    order.state = "delivered"
    return ["ask review"]


def _lose(order: Order, data: Data) -> list[str]:
    order.losses += 1
    order.tracking = ""
    order.state = "paid"
    return ["apologise"] if order.losses < MOST_LOSSES else ["apologise", *_cancel_paid(order, data)]


def _return(order: Order, data: Data) -> list[str]:
    _check_amount(data)
    rest = order.paid - order.refunded
    if data.amount > rest:
        raise OrderError(f"at most {rest} can be returned")
    order.state = "closed" if data.amount == rest else order.state
    return _refund(order, data.amount)


def _cancel_new(order: Order, data: Data) -> list[str]:
    actions = _cancel_paid(order, data)
    return actions if order.paid > 0 else []


def _cancel_paid(order: Order, _data: Data) -> list[str]:
    order.state = "cancelled"
    return _refund(order, order.paid)


def _cancel_packed(order: Order, _data: Data) -> list[str]:
    order.state = "cancelled"
    refund = _refund(order, order.paid - PACKING_FEE) if order.paid > PACKING_FEE else []
    return ["void label", *refund]


def _close(order: Order, _data: Data) -> list[str]:
    order.state = "closed"
    return []


def _refund(order: Order, amount: int) -> list[str]:
    order.refunded += amount
    return [f"refund {amount}"]


def _check_amount(data: Data) -> None:
    if data.amount <= 0:
        raise OrderError("amount must be above 0")


def _code(data: Data) -> str:
    code = data.code.strip()
    if not code:
        raise OrderError("code is missing")
    return code
