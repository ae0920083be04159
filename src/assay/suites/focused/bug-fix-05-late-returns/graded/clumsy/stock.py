"""Stock levels from a log of events, with snapshots so that a restart need not read the whole log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Dict, List, Optional
import json, copy


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
        self._last = None
        self._day = 0

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
            if self._last == None:
                self._process(event)
                self._last = event.number
            else:
                if event.number > self._last:
                    self._process(event)
                    self._last = event.number
                else:
                    pass

    def snapshot(self) -> dict[str, Any]:
        """Return the present state in JSON's types, for ``resume``."""
        c = {}
        for k in self._counts.keys():
            c[k] = list(self._counts[k])
        m = {}
        for k in self._moves.keys():
            l = []
            for d in self._moves[k].keys():
                l.append([d, self._moves[k][d]])
            m[k] = l
        r = {}
        for k in self._reserved.keys():
            r[k] = list(self._reserved[k])
        s = []
        for x in sorted(list(self._seen)):
            s.append(x)
        result = {"format": 2, "last": self._last, "day": self._day, "seen": s, "counts": c, "moves": m, "reserved": r, "refused": list(self._refused)}
        return result

    def _process(self, event: Event) -> None:
        self._day = max(self._day, event.day)
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
    if "format" in snapshot.keys():
        if snapshot["format"] == 1:
            s = Stock()
            s.catch_up(log)
            return s
        elif snapshot["format"] == 2:
            s = Stock()
            s._last = snapshot["last"]
            s._day = snapshot["day"]
            for x in snapshot["seen"]:
                s._seen.add(x)
            for k in snapshot["counts"].keys():
                l = snapshot["counts"][k]
                if len(l) == 2:
                    s._counts[k] = (l[0], l[1])
            for k in snapshot["moves"].keys():
                s._moves[k] = {}
                for l in snapshot["moves"][k]:
                    if l[0] in s._moves[k].keys():
                        s._moves[k][l[0]] = s._moves[k][l[0]] + l[1]
                    else:
                        s._moves[k][l[0]] = l[1]
            for k in snapshot["reserved"].keys():
                l = snapshot["reserved"][k]
                if len(l) == 2:
                    s._reserved[k] = (l[0], l[1])
            for x in snapshot["refused"]:
                s._refused.append(x)
            s.catch_up(log)
            return s
        else:
            raise StockError("snapshot of unknown format %s" % snapshot["format"])
    else:
        raise StockError("snapshot of unknown format")
