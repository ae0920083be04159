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
    """Yield the usage between each two readings of one meter, and report every line that is wrong."""
    latest = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            reading = parse_reading(line)
            before = latest.get(reading.meter)
            if before is None:
                latest[reading.meter] = reading
            elif reading.at < before.at:
                on_error(number, f"{reading.meter}: {reading.at} is not after {before.at}")
            else:
                amount = reading.value - before.value
                if amount < 0:
                    amount += WRAP
                if amount > LARGEST:
                    on_error(number, f"{reading.meter}: a usage of {amount} is too large")
                else:
                    latest[reading.meter] = reading
                    yield Usage(reading.meter, before.at, reading.at, amount)
        except Exception as error:
            on_error(number, str(error))


def daily_totals(usages: Iterable[Usage]) -> Iterator[tuple[date, int]]:
    """Yield day and total of the usages of one day."""
    totals: dict[date, int] = {}
    for usage in usages:
        totals[usage.day] = totals.get(usage.day, 0) + usage.amount
    yield from totals.items()


def _parse_moment(text: str) -> datetime:
    """Return the moment, or raise ``ReadingError``."""
    try:
        return datetime.strptime(text, MOMENT)
    except ValueError:
        raise ReadingError(f"no moment: {text}") from None
