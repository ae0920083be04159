"""What happens to an order: events change it and lead to actions that others carry out. Money is in cents."""

from __future__ import annotations

from collections.abc import Callable
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


CANCELLATION_FEE = 500
MOST_LOSSES = 3


@dataclass(frozen=True)
class Data:
    """What came with an event."""

    amount: int
    code: str
    text: str


# Changes the order and returns the actions that follow, or None if nothing happened that belongs into the history.
Effect = Callable[[Order, Data], list[str] | None]


def handle(order: Order, event: str, amount: int = 0, code: str = "", text: str = "") -> list[str]:
    """Let ``event`` happen to the order; return the actions that follow. Raises ``OrderError`` or ``Refused``."""
    rule = _rule(order, event)
    if isinstance(rule, str):
        order.refusals += 1
        raise Refused(f"order {order.number} {rule}")
    actions = rule(order, Data(amount, code, text))
    if actions is None:
        return []
    order.history.append(event)
    return actions


def possible(order: Order) -> list[str]:
    """Return the events that can change something now, always in the same order."""
    rules = {event: _rule(order, event) for event in EVENTS}
    return [event for event, rule in rules.items() if rule is not _nothing and not isinstance(rule, str)]


def _rule(order: Order, event: str) -> Effect | str:
    """Return what an event does now, or why it is refused. Raises ``OrderError`` if it or the state is unknown."""
    if order.state == "closed":
        return "is closed"
    if order.state not in RULES:
        raise OrderError(f"unknown state: {order.state}")
    if event not in EVENTS:
        raise OrderError(f"unknown event: {event}")
    exceptions = DIGITAL.get(order.state, {}) if order.digital else {}
    return exceptions.get(event) or RULES[order.state][event]


def _nothing(_order: Order, _data: Data) -> None:
    """Change nothing: it has happened already."""


def _note(order: Order, data: Data) -> None:
    order.notes.append(data.text)


def _pay(order: Order, data: Data) -> list[str]:
    order.paid += _positive(data.amount)
    missing = order.total - order.paid
    if missing > 0:
        return [f"remind {missing}"]
    order.state = "paid"
    order.paid = order.total
    return ["receipt", f"refund {-missing}"] if missing else ["receipt"]


def _pay_back(order: Order, data: Data) -> list[str]:
    order.paid += _positive(data.amount)
    return _refund(order, data.amount)


def _pack(order: Order, _data: Data) -> list[str]:
    order.state = "packed"
    return ["label"]


def _ship(order: Order, data: Data) -> list[str] | None:
    code = data.code.strip()
    if not code:
        raise OrderError("code is missing")
    if (order.state, order.tracking) == ("shipped", code):
        return None
    order.state = "shipped"
    order.tracking = code
    return [f"mail tracking {code}"]


def _download(order: Order, _data: Data) -> list[str]:
    order.state = "delivered"
    return ["mail download"]


def _deliver(order: Order, _data: Data) -> list[str]:
    order.state = "delivered"
    return ["ask review"]


def _lose(order: Order, _data: Data) -> list[str]:
    order.losses += 1
    order.tracking = ""
    if order.losses < MOST_LOSSES:
        order.state = "paid"
        return ["apologise"]
    order.state = "cancelled"
    return ["apologise", *_refund(order, order.paid)]


def _return(order: Order, data: Data) -> list[str]:
    rest = order.paid - order.refunded
    if _positive(data.amount) > rest:
        raise OrderError(f"at most {rest} can be returned")
    if data.amount == rest:
        order.state = "closed"
    return _refund(order, data.amount)


def _cancel_new(order: Order, _data: Data) -> list[str]:
    order.state = "cancelled"
    return _refund(order, order.paid) if order.paid > 0 else []


def _cancel_paid(order: Order, _data: Data) -> list[str]:
    order.state = "cancelled"
    return _refund(order, order.paid)


def _cancel_packed(order: Order, _data: Data) -> list[str]:
    order.state = "cancelled"
    rest = order.paid - CANCELLATION_FEE
    return ["void label", *(_refund(order, rest) if rest > 0 else [])]


def _close(order: Order, _data: Data) -> list[str]:
    order.state = "closed"
    return []


def _refund(order: Order, amount: int) -> list[str]:
    order.refunded += amount
    return [f"refund {amount}"]


def _positive(amount: int) -> int:
    if amount <= 0:
        raise OrderError("amount must be above 0")
    return amount


EVENTS = ("pay", "pack", "ship", "deliver", "lost", "return", "cancel", "close", "note")

_OPEN: dict[str, Effect | str] = {"return": "was not delivered", "close": "is still open", "note": _note}
_HERE: dict[str, Effect | str] = {**_OPEN, "deliver": "was not shipped", "lost": "was not shipped"}
_LEFT = dict.fromkeys(("pack", "ship", "cancel"), "has left")
_OVER = dict.fromkeys(EVENTS, "is cancelled")

# What an event does in a state, or why it is refused there. A closed order refuses everything.
RULES: dict[str, dict[str, Effect | str]] = {
    "new": {
        **_HERE,
        "pay": _pay,
        "pack": "is not paid",
        "ship": "is not paid",
        "cancel": _cancel_new,
    },
    "paid": {
        **_HERE,
        "pay": "is paid already",
        "pack": _pack,
        "ship": "is not packed",
        "cancel": _cancel_paid,
    },
    "packed": {
        **_HERE,
        "pay": "is paid already",
        "pack": _nothing,
        "ship": _ship,
        "cancel": _cancel_packed,
    },
    "shipped": {**_OPEN, **_LEFT, "pay": "is paid already", "ship": _ship, "deliver": _deliver, "lost": _lose},
    "delivered": {
        **_LEFT,
        "pay": "is paid already",
        "deliver": _nothing,
        "lost": "was delivered",
        "return": _return,
        "close": _close,
        "note": _note,
    },
    "cancelled": {**_OVER, "pay": _pay_back, "cancel": _nothing, "close": _close, "note": _note},
}

# Where orders without a parcel differ.
DIGITAL: dict[str, dict[str, Effect | str]] = {
    "paid": {"pack": "has nothing to pack", "ship": _download},
    "delivered": {"return": "cannot be returned"},
}
