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
    """Yield what each meter used from one reading to the next."""
    previous: dict[str, Reading] = {}
    for number, reading in _numbered_readings(lines, on_error):
        last = previous.get(reading.meter)
        if last and reading.at <= last.at:
            on_error(number, f"{reading.meter}: {reading.at:{MOMENT}} is not after {last.at:{MOMENT}}")
            continue
        previous[reading.meter] = reading
        amount = (reading.value - last.value) % WRAP if last else 0
        if amount > LARGEST:
            on_error(number, f"{reading.meter}: a usage of {amount} is too large")
            continue
        if last:
            yield Usage(reading.meter, last.at, reading.at, amount)


def daily_totals(usages: Iterable[Usage]) -> Iterator[tuple[date, int]]:
    """Yield each day with the total of its usages."""
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


def _numbered_readings(lines: Iterable[str], on_error: OnError) -> Iterator[tuple[int, Reading]]:
    """Yield line number and reading; report lines that are none."""
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            reading = parse_reading(line)
        except ReadingError as error:
            on_error(number, str(error))
            continue
        yield number, reading


def _parse_moment(text: str) -> datetime:
    """Return the moment, or raise ``ReadingError``."""
    try:
        return datetime.strptime(text, MOMENT)
    except ValueError:
        raise ReadingError(f"no moment: {text}") from None
