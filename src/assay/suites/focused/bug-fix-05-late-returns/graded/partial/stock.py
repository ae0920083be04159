"""Stock levels from a log of events, with snapshots so that a restart need not read the whole log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


class StockError(ValueError):
    """A snapshot that cannot be used, or an event of unknown kind."""


@dataclass(frozen=True)
class Event:
    """One entry of the log.

    ``number`` is its place in the log and rises, with gaps. ``day`` is the business day that it is about, from 1;
    entries made late have a day in the past. ``id`` is that of the message it came with: a message that was delivered
    twice is in the log twice, and counts at its first delivery only, even if it was refused then.

    Kinds: ``received`` and ``shipped`` move stock. ``counted`` says how much there was at the end of ``day``.
    ``reserved`` sets ``amount`` aside under the name ``reference``; ``released`` ends that.
    A shipment of more than the level, and a reservation of more than what is available, is refused.
    """

    number: int
    id: str
    day: int
    kind: str
    sku: str
    amount: int = 0
    reference: str = ""


class Stock:
    """What is in store. A level is the latest count plus everything that was moved on later days."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, int]] = {}
        self._moves: dict[str, dict[int, int]] = {}
        self._reserved: dict[str, tuple[str, int]] = {}
        self._refused: list[str] = []
        self._seen: set[str] = set()
        self._number = 0

    def level(self, sku: str) -> int:
        """Return how much there is."""
        counted_on, amount = self._counts.get(sku, (0, 0))
        moves = self._moves.get(sku, {})
        return amount + sum(moved for day, moved in moves.items() if day > counted_on)

    def available(self, sku: str) -> int:
        """Return how much there is and not set aside."""
        return self.level(sku) - sum(amount for name, amount in self._reserved.values() if name == sku)

    def refused(self) -> list[str]:
        """Return the ids of the refused messages, in the order of the log."""
        return list(self._refused)

    def catch_up(self, log: Iterable[Event]) -> None:
        """Process what is new in ``log``."""
        for event in log:
            if event.number > self._number:
                self._number = event.number
                self._process(event)

    def snapshot(self) -> dict[str, Any]:
        """Return the present state in JSON's types, for ``resume``."""
        return {
            "format": 2,
            "number": self._number,
            "counts": {sku: list(count) for sku, count in self._counts.items()},
            "moves": {sku: list(moves.items()) for sku, moves in self._moves.items()},
            "reserved": {name: list(what) for name, what in self._reserved.items()},
            "refused": list(self._refused),
        }

    def _process(self, event: Event) -> None:
        if event.id in self._seen:
            return
        self._seen.add(event.id)
        if event.kind == "received":
            self._move(event, event.amount)
        elif event.kind == "shipped":
            self._ship(event)
        elif event.kind == "counted":
            self._count(event)
        elif event.kind == "reserved":
            self._reserve(event)
        elif event.kind == "released":
            self._reserved.pop(event.reference, None)
        else:
            raise StockError(f"event {event.number} is of unknown kind {event.kind}")

    def _move(self, event: Event, amount: int) -> None:
        moves = self._moves.setdefault(event.sku, {})
        moves[event.day] = moves.get(event.day, 0) + amount

    def _ship(self, event: Event) -> None:
        if event.amount > self.level(event.sku):
            self._refused.append(event.id)
        else:
            self._move(event, -event.amount)

    def _count(self, event: Event) -> None:
        counted_on, _ = self._counts.get(event.sku, (0, 0))
        if event.day >= counted_on:
            self._counts[event.sku] = (event.day, event.amount)

    def _reserve(self, event: Event) -> None:
        if event.amount > self.available(event.sku):
            self._refused.append(event.id)
        else:
            self._reserved[event.reference] = (event.sku, event.amount)


def replay(log: Iterable[Event]) -> Stock:
    """Return the stock after all of ``log``."""
    stock = Stock()
    stock.catch_up(log)
    return stock


def resume(snapshot: Mapping[str, Any], log: Iterable[Event]) -> Stock:
    """Return the stock after all of ``log``, beginning with ``snapshot``.

    Raises ``StockError`` for an unknown format.
    """
    stock = Stock()
    if snapshot.get("format") == 2:
        stock._number = snapshot["number"]
        stock._counts = {sku: (day, amount) for sku, (day, amount) in snapshot["counts"].items()}
        stock._moves = {sku: dict(moves) for sku, moves in snapshot["moves"].items()}
        stock._reserved = {name: (sku, amount) for name, (sku, amount) in snapshot["reserved"].items()}
        stock._refused = list(snapshot["refused"])
    elif snapshot.get("format") != 1:
        raise StockError(f"snapshot of unknown format {snapshot.get('format')}")
    stock.catch_up(log)
    return stock
