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
    """Return the usage between each two readings of one meter, in the order of the lines."""
    latest: dict[str, Reading] = {}
    usages = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.strip().startswith("#"):
            continue
        try:
            reading = parse_reading(line)
        except ReadingError as error:
            on_error(number, str(error))
            continue
        before = latest.get(reading.meter)
        if before is not None and reading.at <= before.at:
            on_error(number, f"{reading.meter}: {reading.at:{MOMENT}} is not after {before.at:{MOMENT}}")
            continue
        latest[reading.meter] = reading
        if before is None:
            continue
        amount = (reading.value - before.value) % WRAP
        if amount > LARGEST:
            on_error(number, f"{reading.meter}: a usage of {amount} is too large")
        else:
            usages.append(Usage(reading.meter, before.at, reading.at, amount))
    return iter(usages)


def daily_totals(usages: Iterable[Usage]) -> Iterator[tuple[date, int]]:
    """Yield day and total of each run of usages of one day."""
    day: date | None = None
    total = 0
    for usage in usages:
        if day is not None and usage.day != day:
            yield day, total
            total = 0
        day = usage.day
        total += usage.amount
    if day is not None:
        yield day, total


def _parse_moment(text: str) -> datetime:
    """Return the moment, or raise ``ReadingError``."""
    try:
        return datetime.strptime(text, MOMENT)
    except ValueError:
        raise ReadingError(f"no moment: {text}") from None
