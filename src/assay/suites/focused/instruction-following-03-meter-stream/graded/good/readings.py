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
    """Yield the usage between consecutive readings of each meter."""
    previous: dict[str, Reading] = {}
    for number, line in enumerate(lines, start=1):
        if _is_skipped(line):
            continue
        reading = _try_parse(number, line, on_error)
        if reading is None:
            continue
        before = previous.get(reading.meter)
        if not _is_in_order(number, before, reading, on_error):
            continue
        previous[reading.meter] = reading
        if before is None:
            continue
        usage = _usage_between(before, reading)
        if usage.amount > LARGEST:
            on_error(number, f"{usage.meter}: a usage of {usage.amount} is too large")
            continue
        yield usage


def daily_totals(usages: Iterable[Usage]) -> Iterator[tuple[date, int]]:
    """Yield the total of each run of usages that end on the same day."""
    current: date | None = None
    total = 0
    for usage in usages:
        if current is None:
            current = usage.day
        if usage.day != current:
            yield current, total
            current = usage.day
            total = 0
        total = total + usage.amount
    if current is not None:
        yield current, total


def _is_skipped(line: str) -> bool:
    """Tell whether a line is blank or a comment."""
    stripped = line.strip()
    if not stripped:
        return True
    if stripped.startswith("#"):
        return True
    return False


def _try_parse(number: int, line: str, on_error: OnError) -> Reading | None:
    """Return the reading in a line, or report the error and return None."""
    try:
        return parse_reading(line)
    except ReadingError as error:
        on_error(number, str(error))
        return None


def _is_in_order(number: int, before: Reading | None, reading: Reading, on_error: OnError) -> bool:
    """Tell whether a reading is later than the one before it."""
    if before is None:
        return True
    if reading.at > before.at:
        return True
    old = before.at.strftime(MOMENT)
    new = reading.at.strftime(MOMENT)
    on_error(number, f"{reading.meter}: {new} is not after {old}")
    return False


def _usage_between(before: Reading, reading: Reading) -> Usage:
    """Return the usage between two readings of one meter."""
    amount = reading.value - before.value
    if amount < 0:
        amount += WRAP
    return Usage(reading.meter, before.at, reading.at, amount)


def _parse_moment(text: str) -> datetime:
    """Return the moment, or raise ``ReadingError``."""
    try:
        return datetime.strptime(text, MOMENT)
    except ValueError:
        raise ReadingError(f"no moment: {text}") from None
