"""Readings of utility meters, one per line: ``2026-03-01 08:00;main;01234``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

MOMENT = "%Y-%m-%d %H:%M"
WRAP = 100_000
LARGEST = 5_000
FIELDS = 3

OnError = Callable[[int, str], None]


class ReadingError(ValueError):
    """A line that is not a reading."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a counter showed at one moment."""

    meter: str
    at: datetime
    value: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What went through one meter between two readings."""

    meter: str
    start: datetime
    end: datetime
    amount: int

    @property
    def day(self) -> date:
        """The day on which the usage ended."""
        return self.end.date()


def parse_reading(line: str) -> Reading:
    """Return the reading in one line, or raise ``ReadingError``."""
    fields = [field.strip() for field in line.split(";")]
    if len(fields) != FIELDS:
        raise ReadingError(f"{len(fields)} fields instead of {FIELDS}")
    moment, meter, value = fields
    if not meter:
        raise ReadingError("no meter")
    if not (value.isascii() and value.isdigit() and int(value) < WRAP):
        raise ReadingError(f"no counter value: {value}")
    return Reading(meter, _parse_moment(moment), int(value))


def meters(readings: Iterable[Reading]) -> Iterator[str]:
    """Yield the name of each meter when it is seen for the first time."""
    seen: set[str] = set()
    for reading in readings:
        if reading.meter in seen:
            continue
        seen.add(reading.meter)
        yield reading.meter


def read_usages(lines: Iterable[str], on_error: Callable[[int, str], None]) -> Iterator[Usage]:
    """Yield usages."""
    prev = dict()
    n = 0
    for l in lines:
        n = n + 1
        r = _parse(l, n, on_error)
        if r == None:
            continue
        m = r.meter
        if m in prev.keys() and _bad_order(prev[m], r, n, on_error) == True:
            continue
        p = None
        if m in prev.keys():
            p = prev[m]
        prev[m] = r
        u = _make(p, r, n, on_error)
        if u != None:
            yield u


def daily_totals(usages: Iterable[Usage]) -> Iterator[tuple[date, int]]:
    """Yield totals."""
    d = None
    sum = 0
    for u in usages:
        if d == None:
            d = u.day
            sum = u.amount
            continue
        if u.day == d:
            sum = sum + u.amount
            continue
        if u.day != d:
            yield (d, sum)
            d = u.day
            sum = u.amount
    if d != None:
        yield (d, sum)


def _parse(l: str, n: int, on_error: Callable[[int, str], None]) -> Reading | None:
    """Parse one line."""
    if len(l.strip()) == 0:
        return None
    if l.strip()[0] == "#":
        return None
    r = None
    try:
        r = parse_reading(l)
    except ReadingError as e:
        on_error(n, "{}".format(e))
    return r


def _bad_order(p: Reading, r: Reading, n: int, on_error: Callable[[int, str], None]) -> bool:
    """Check the order."""
    if r.at > p.at:
        return False
    on_error(n, r.meter + ": " + r.at.strftime(MOMENT) + " is not after " + p.at.strftime(MOMENT))
    return True


def _make(p: Reading | None, r: Reading, n: int, on_error: Callable[[int, str], None]) -> Usage | None:
    """Make a usage."""
    if p == None:
        return None
    a = r.value - p.value
    if r.value < p.value and a < 0:
        a = a + WRAP
    if a > LARGEST:
        on_error(n, "%s: a usage of %d is too large" % (r.meter, a))
        return None
    return Usage(r.meter, p.at, r.at, a)


def _parse_moment(text: str) -> datetime:
    """Return the moment, or raise ``ReadingError``."""
    try:
        return datetime.strptime(text, MOMENT)
    except ValueError:
        raise ReadingError(f"no moment: {text}") from None
