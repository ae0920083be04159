"""Times at which a schedule fires."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta

MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
WEEKDAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
LIMIT_DAYS = 50 * 366


class CronError(ValueError):
    """A text that is not a schedule."""


def _value(text: str, low: int, high: int, names: dict[str, int]) -> int:
    try:
        value = names[text] if text in names else int(text)
    except ValueError as error:
        raise CronError(f"not a number: {text!r}") from error
    if not low <= value <= high:
        raise CronError(f"{value} is not between {low} and {high}")
    return value


def _expand(text: str, low: int, high: int, names: dict[str, int]) -> set[int]:
    values: set[int] = set()
    for item in text.split(","):
        base, _, step = item.partition("/")
        if base == "*":
            first, last = low, high
        elif "-" in base:
            first_text, last_text = base.split("-", 1)
            first, last = _value(first_text, low, high, names), _value(last_text, low, high, names)
        else:
            first = _value(base, low, high, names)
            last = high if step else first
        width = _value(step, 1, 1000, {}) if step else 1
        if first > last:
            raise CronError(f"the range {item!r} goes backwards")
        values.update(range(first, last + 1, width))
    return values


class Schedule:
    """A repeating schedule, precise to the minute."""

    def __init__(self, fields: list[str]) -> None:
        self.minutes = _expand(fields[0], 0, 59, {})
        self.hours = _expand(fields[1], 0, 23, {})
        self.last_day = fields[2] == "l"
        self.days = set() if self.last_day else _expand(fields[2], 1, 31, {})
        self.months = _expand(fields[3], 1, 12, MONTHS)
        weekday, _, nth = fields[4].partition("#")
        self.nth = _value(nth, 1, 5, {}) if nth else None
        self.weekdays = {day % 7 for day in _expand(weekday, 0, 7, WEEKDAYS)}
        self.either = not fields[2].startswith("*") and not fields[4].startswith("*")

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Return the schedule that ``text`` describes; raise ``CronError`` if it describes none."""
        fields = text.lower().split()
        if len(fields) != 5:
            raise CronError("a schedule has five fields")
        return cls(fields)

    def _day_matches(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        length = calendar.monthrange(day.year, day.month)[1]
        by_date = day.day == length if self.last_day else day.day in self.days
        by_weekday = day.isoweekday() % 7 in self.weekdays
        if self.nth is not None:
            by_weekday = by_weekday and (day.day - 1) // 7 + 1 == self.nth
        return (by_date or by_weekday) if self.either else (by_date and by_weekday)

    def matches(self, moment: datetime) -> bool:
        """Whether it fires in the minute of ``moment``."""
        return moment.minute in self.minutes and moment.hour in self.hours and self._day_matches(moment)

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time strictly after ``moment``, or None if there is none in the following 50 years."""
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        for _ in range(LIMIT_DAYS):
            if self._day_matches(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        candidate = day.replace(hour=hour, minute=minute)
                        if candidate > moment:
                            return candidate
            day += timedelta(days=1)
        return None

    def between(self, start: datetime, end: datetime) -> list[datetime]:
        """Return all times from ``start`` on and before ``end``."""
        times = []
        current = self.next_after(start - timedelta(seconds=1))
        while current is not None and current < end:
            times.append(current)
            current = self.next_after(current)
        return times
