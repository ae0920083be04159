"""Times at which a schedule fires."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
DIGITS = set("0123456789")


class CronError(ValueError):
    """A text that is not a schedule."""


def _to_number(text: str) -> int:
    if not text or not set(text) <= DIGITS:
        raise CronError(f"not a number: {text!r}")
    return int(text)


def _to_value(text: str, low: int, high: int, names: list[str]) -> int:
    if text in names:
        return names.index(text) + low
    value = _to_number(text)
    if value < low or value > high:
        raise CronError(f"value {value} is not between {low} and {high}")
    return value


def _parse_item(item: str, low: int, high: int, names: list[str]) -> set[int]:
    base, slash, step_text = item.partition("/")
    step = 1
    if slash:
        step = _to_number(step_text)
        if step < 1:
            raise CronError(f"step must be at least 1: {item!r}")
    if base == "*":
        return set(range(low, high + 1, step))
    first_text, dash, last_text = base.partition("-")
    first = _to_value(first_text, low, high, names)
    if not dash:
        if slash:
            raise CronError(f"step without a range: {item!r}")
        return {first}
    last = _to_value(last_text, low, high, names)
    if first <= last:
        return set(range(first, last + 1, step))
    return set(range(first, high + 1, step)) | set(range(low, last + 1, step))


def _parse_field(text: str, low: int, high: int, names: list[str]) -> set[int]:
    values: set[int] = set()
    for item in text.split(","):
        values |= _parse_item(item, low, high, names)
    return values


class Schedule:
    """A repeating schedule, precise to the minute."""

    def __init__(self) -> None:
        self.minutes: set[int] = set()
        self.hours: set[int] = set()
        self.days: set[int] = set()
        self.days_from_end: set[int] = set()
        self.months: set[int] = set()
        self.weekdays: set[int] = set()
        self.nth_weekdays: set[tuple[int, int]] = set()
        self.last_weekdays: set[int] = set()
        self.both_restricted = False

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Return the schedule that ``text`` describes; raise ``CronError`` if it describes none."""
        fields = text.lower().split()
        if len(fields) != 5:
            raise CronError("a schedule has five fields")
        schedule = cls()
        schedule.minutes = _parse_field(fields[0], 0, 59, [])
        schedule.hours = _parse_field(fields[1], 0, 23, [])
        schedule.months = _parse_field(fields[3], 1, 12, MONTHS)
        schedule._parse_days(fields[2])
        schedule._parse_weekdays(fields[4])
        schedule.both_restricted = fields[2] != "*" and fields[4] != "*"
        return schedule

    def _parse_days(self, text: str) -> None:
        for item in text.split(","):
            if item == "l":
                self.days_from_end.add(0)
            elif item.startswith("l-"):
                offset = _to_number(item[2:])
                if offset < 1 or offset > 30:
                    raise CronError(f"wrong distance from the last day: {item!r}")
                self.days_from_end.add(offset)
            else:
                self.days |= _parse_item(item, 1, 31, [])

    def _parse_weekdays(self, text: str) -> None:
        for item in text.split(","):
            if "#" not in item:
                self.weekdays |= {value % 7 for value in _parse_item(item, 0, 7, WEEKDAYS)}
                continue
            day_text, _, nth_text = item.partition("#")
            day = _to_value(day_text, 0, 7, WEEKDAYS) % 7
            if nth_text == "l":
                self.last_weekdays.add(day)
                continue
            nth = _to_number(nth_text)
            if nth < 1 or nth > 5:
                raise CronError(f"wrong number of a weekday: {item!r}")
            self.nth_weekdays.add((day, nth))

    def _day_matches(self, year: int, month: int, day: int) -> bool:
        if month not in self.months:
            return False
        length = calendar.monthrange(year, month)[1]
        weekday = (calendar.weekday(year, month, day) + 1) % 7
        day_fits = day in self.days or (length - day) in self.days_from_end
        weekday_fits = (
            weekday in self.weekdays
            or (weekday, (day - 1) // 7 + 1) in self.nth_weekdays
            or (weekday in self.last_weekdays and day + 7 > length)
        )
        if self.both_restricted:
            return day_fits or weekday_fits
        return day_fits and weekday_fits

    def matches(self, moment: datetime) -> bool:
        """Whether it fires in the minute of ``moment``."""
        if moment.tzinfo is not None:
            raise ValueError("times must be naive")
        if moment.minute not in self.minutes or moment.hour not in self.hours:
            return False
        return self._day_matches(moment.year, moment.month, moment.day)

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time strictly after ``moment``, or None if there is none in the following 50 years."""
        if moment.tzinfo is not None:
            raise ValueError("times must be naive")
        last_year = min(moment.year + 50, 9999)
        try:
            current = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
            while current.year <= last_year:
                if current.month not in self.months:
                    if current.month == 12:
                        current = datetime(current.year + 1, 1, 1)
                    else:
                        current = datetime(current.year, current.month + 1, 1)
                elif not self._day_matches(current.year, current.month, current.day):
                    current = datetime(current.year, current.month, current.day) + timedelta(days=1)
                elif current.hour not in self.hours:
                    current = current.replace(minute=0) + timedelta(hours=1)
                elif current.minute not in self.minutes:
                    current += timedelta(minutes=1)
                else:
                    return current
        except OverflowError:
            return None
        return None

    def between(self, start: datetime, end: datetime) -> list[datetime]:
        """Return all times from ``start`` on and before ``end``."""
        if start.tzinfo is not None or end.tzinfo is not None:
            raise ValueError("times must be naive")
        times: list[datetime] = []
        if self.matches(start) and start.second == 0 and start.microsecond == 0 and start < end:
            times.append(start)
        current = self.next_after(start)
        while current is not None and current < end:
            times.append(current)
            current = self.next_after(current)
        return times
