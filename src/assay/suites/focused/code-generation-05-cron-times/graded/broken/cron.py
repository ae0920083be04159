"""Times at which a schedule fires."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import MAXYEAR, date, datetime

_HORIZON_YEARS = 50
_MONTHS_IN_ORDER = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = {name: number for number, name in enumerate(_MONTHS_IN_ORDER, start=1)}
_DAY_NAMES = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_RANGE = re.compile(r"([0-9]+|[a-z]+)(?:-([0-9]+|[a-z]+)(?:/([0-9]+))?)?")
_STAR = re.compile(r"\*(?:/([0-9]+))?")
_LAST_DAY = re.compile(r"l(?:-([0-9]+))?")
_NTH_WEEKDAY = re.compile(r"([0-9]+|[a-z]+)#([1-5l])")


class CronError(ValueError):
    """A text that is not a schedule."""


def _number(text: str, low: int, high: int) -> int:
    value = int(text)
    if not low <= value <= high:
        raise CronError(f"{text} is not between {low} and {high}")
    return value


class _Field:
    """The values of one field, whose names are ``names``."""

    def __init__(self, low: int, high: int, names: dict[str, int] | None = None) -> None:
        self.low = low
        self.high = high
        self.names = names or {}

    def parse(self, text: str) -> set[int]:
        """Return the values of a list of items."""
        return {value for item in text.split(",") for value in self.parse_item(item)}

    def parse_item(self, item: str) -> list[int]:
        """Return the values of one item."""
        every = list(range(self.low, self.high + 1))
        if star := _STAR.fullmatch(item):
            return every[:: self.parse_step(star[1])]
        parts = _RANGE.fullmatch(item)
        if parts is None:
            raise CronError(f"cannot read {item!r}")
        first = self.parse_value(parts[1])
        length = (self.parse_value(parts[2] or parts[1]) - first) % len(every) + 1
        from_first = every[first - self.low :] + every[: first - self.low]
        return from_first[: length : self.parse_step(parts[3])

    def parse_value(self, text: str) -> int:
        """Return the value of a number or a name."""
        if text in self.names:
            return self.names[text]
        if not text.isdecimal():
            raise CronError(f"unknown name {text!r}")
        return _number(text, self.low, self.high)

    def parse_step(self, text: str | None) -> int:
        """Return a step; none is 1."""
        return _number(text or "1", 1, 10**9)


_MINUTES, _HOURS, _DATES, _MONTHS = _Field(0, 59), _Field(0, 23), _Field(1, 31), _Field(1, 12, _MONTH_NAMES)
_WEEKDAYS = _Field(0, 6, _DAY_NAMES | {"7": 0, "07": 0})


class _DayOfMonth:
    """Dates, counted from the start of the month or from its end."""

    def __init__(self, text: str) -> None:
        specials = [_LAST_DAY.fullmatch(item) for item in text.split(",")]
        plain = [item for item, special in zip(text.split(","), specials, strict=True) if special is None]
        self._dates = {date for item in plain for date in _DATES.parse_item(item)}
        self._before_last = {_number(special[1], 1, 30) if special[1] else 0 for special in specials if special}

    def fits(self, day: date) -> bool:
        remaining = monthrange(day.year, day.month)[1] - day.day
        return day.day in self._dates or remaining in self._before_last


class _DayOfWeek:
    """Weekdays; also the n-th or the last of a month."""

    def __init__(self, text: str) -> None:
        specials = [_NTH_WEEKDAY.fullmatch(item) for item in text.split(",")]
        plain = [item for item, special in zip(text.split(","), specials, strict=True) if special is None]
        self._weekdays = {weekday for item in plain for weekday in _WEEKDAYS.parse_item(item)}
        self._nth = {(_WEEKDAYS.parse_value(special[1]), special[2]) for special in specials if special}

    def fits(self, day: date) -> bool:
        weekday = day.isoweekday() % 7
        remaining = monthrange(day.year, day.month)[1] - day.day
        nth = (weekday, str((day.day + 6) // 7)) in self._nth
        last = remaining < 7 and (weekday, "l") in self._nth
        return weekday in self._weekdays or nth or last


class Schedule:
    """A repeating schedule, precise to the minute."""

    def __init__(self, minute: str, hour: str, day: str, month: str, weekday: str) -> None:
        self._minutes = sorted(_MINUTES.parse(minute))
        self._hours = sorted(_HOURS.parse(hour))
        self._months = sorted(_MONTHS.parse(month))
        self._day_of_month = _DayOfMonth(day)
        self._day_of_week = _DayOfWeek(weekday)
        self._one_is_enough = "*" not in (day, weekday)

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Return the schedule that ``text`` describes; raise ``CronError`` if it describes none."""
        fields = text.lower().split()
        if len(fields) != 5:
            raise CronError(f"{len(fields)} fields instead of five")
        return cls(*fields)

    def matches(self, moment: datetime) -> bool:
        """Whether it fires in the minute of ``moment``."""
        _refuse_aware(moment)
        in_time = moment.hour in self._hours and moment.minute in self._minutes
        return in_time and moment.month in self._months and self._day_fits(moment.date())

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time strictly after ``moment``, or None if there is none in the following 50 years."""
        _refuse_aware(moment)
        return next((time for time in self._times(moment, moment.year + _HORIZON_YEARS) if time > moment), None)

    def between(self, start: datetime, end: datetime) -> list[datetime]:
        """Return all times from ``start`` on and before ``end``."""
        _refuse_aware(start)
        _refuse_aware(end)
        times = []
        for time in self._times(start, end.year):
            if time >= end:
                break
            times.append(time)
        return [time for time in times if time >= start]

    def _day_fits(self, day: date) -> bool:
        fits = (self._day_of_month.fits(day), self._day_of_week.fits(day))
        return any(fits) if self._one_is_enough else all(fits)

    def _times(self, start: datetime, last_year: int) -> Iterator[datetime]:
        """Yield the times from the day of ``start`` on, to the end of ``last_year``."""
        for day in self._days(start.date(), min(last_year, MAXYEAR)):
            for hour in self._hours:
                for minute in self._minutes:
                    yield datetime(day.year, day.month, day.day, hour, minute)

    def _days(self, first: date, last_year: int) -> Iterator[date]:
        for year in range(first.year, last_year + 1):
            for month in self._months:
                days = [date(year, month, number + 1) for number in range(monthrange(year, month)[1])]
                yield from (day for day in days if day >= first and self._day_fits(day))


def _refuse_aware(moment: datetime) -> None:
    if moment.tzinfo is not None:
        raise ValueError("times must be naive")
