"""Times at which a schedule fires."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, date, datetime
from itertools import product, takewhile

_HORIZON_YEARS = 50
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ITEM = re.compile(r"(?:\*|(?P<first>[0-9a-z]+)(?:-(?P<last>[0-9a-z]+))?)(?:/(?P<step>[0-9]+))?")
_FROM_END = re.compile(r"l(?:-(?P<days>[0-9]+))?")
_NTH = re.compile(r"(?P<day>[0-9a-z]+)#(?P<nth>[1-5l])")
_LAST = 0


class CronError(ValueError):
    """A text that is not a schedule."""


@dataclass(frozen=True)
class _Field:
    """The values that a field may have, and their names."""

    low: int
    high: int
    names: Mapping[str, int] = field(default_factory=dict)

    def values(self, item: str) -> set[int]:
        """Return the values of one item of a list."""
        match = _ITEM.fullmatch(item)
        if match is None:
            raise CronError(f"not understood: {item!r}")
        first, last, step = match["first"], match["last"], match["step"]
        if step and (int(step) == 0 or (first and not last)):
            raise CronError(f"wrong step: {item!r}")
        if first is None:
            return set(range(self.low, self.high + 1, int(step or 1)))
        start = self.value(first)
        size = self.high - self.low + 1
        span = (self.value(last or first) - start) % size
        return {self.low + (start - self.low + more) % size for more in range(0, span + 1, int(step or 1))}

    def value(self, text: str) -> int:
        """Return the value of a number or name."""
        name = text.lstrip("0") or "0"  # leading zeros are allowed
        value = self.names.get(name, int(name) if name.isdecimal() else -1)
        if not self.low <= value <= self.high:
            raise CronError(f"out of range: {text!r}")
        return value


_MINUTE, _HOUR, _DAY = _Field(0, 59), _Field(0, 23), _Field(1, 31)
_MONTH = _Field(1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)})
_WEEKDAY = _Field(0, 6, {name: number for number, name in enumerate(_WEEKDAYS)} | {"7": 0})


class _Days:
    """Which days of a month fit."""

    def __init__(self, dates: str, weekdays: str) -> None:
        self._either = "*" not in (dates, weekdays)
        self._dates: set[int] = set()
        self._from_end: set[int] = set()
        self._weekdays: set[int] = set()
        self._nth: set[tuple[int, int]] = set()
        for item in dates.split(","):
            self._add_date(item)
        for item in weekdays.split(","):
            self._add_weekday(item)

    def _add_date(self, item: str) -> None:
        special = _FROM_END.fullmatch(item)
        if special is None:
            self._dates |= _DAY.values(item)
        elif special["days"] is None:
            self._from_end.add(0)
        elif 1 <= int(special["days"]) <= 30:
            self._from_end.add(int(special["days"]))
        else:
            raise CronError(f"out of range: {item!r}")

    def _add_weekday(self, item: str) -> None:
        special = _NTH.fullmatch(item)
        if special is None:
            self._weekdays |= _WEEKDAY.values(item)
        else:
            nth = _LAST if special["nth"] == "l" else int(special["nth"])
            self._nth.add((_WEEKDAY.value(special["day"]), nth))

    def fit(self, day: date) -> bool:
        left = monthrange(day.year, day.month)[1] - day.day
        weekday = day.isoweekday() % 7
        nths = {(weekday, (day.day - 1) // 7 + 1), (weekday, _LAST if left < 7 else -1)}
        by_date = day.day in self._dates or left in self._from_end
        by_weekday = weekday in self._weekdays or not self._nth.isdisjoint(nths)
        return by_date or by_weekday if self._either else by_date and by_weekday


class Schedule:
    """A repeating schedule, precise to the minute."""

    def __init__(self, minutes: set[int], hours: set[int], months: set[int], days: _Days) -> None:
        self._minutes = sorted(minutes)
        self._hours = sorted(hours)
        self._months = months
        self._days = days

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Return the schedule that ``text`` describes; raise ``CronError`` if it describes none."""
        fields = text.lower().split()
        if len(fields) != 5:
            raise CronError(f"five fields are needed, not {len(fields)}")
        minutes, hours, dates, months, weekdays = fields
        return cls(
            _values(minutes, _MINUTE), _values(hours, _HOUR), _values(months, _MONTH), _Days(dates, weekdays)
        )

    def matches(self, moment: datetime) -> bool:
        """Whether it fires in the minute of ``moment``."""
        _check_naive(moment)
        in_day = moment.hour in self._hours and moment.minute in self._minutes
        return in_day and moment.month in self._months and self._days.fit(moment.date())

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time strictly after ``moment``, or None if there is none in the following 50 years."""
        _check_naive(moment)
        return next((time for time in self._times_from(moment.date(), _HORIZON_YEARS) if time > moment), None)

    def between(self, start: datetime, end: datetime) -> list[datetime]:
        """Return all times from ``start`` on and before ``end``."""
        _check_naive(start)
        _check_naive(end)
        times = takewhile(lambda time: time < end, self._times_from(start.date(), end.year - start.year))
        return [time for time in times if time >= start]

    def _times_from(self, first: date, years: int) -> Iterator[datetime]:
        for day in self._days_from(first, years):
            for hour in self._hours:
                for minute in self._minutes:
                    yield datetime(day.year, day.month, day.day, hour, minute)

    def _days_from(self, first: date, years: int) -> Iterator[date]:
        last_year = min(first.year + years, MAXYEAR)
        for year, month in product(range(first.year, last_year + 1), sorted(self._months)):
            days = (date(year, month, number) for number in range(1, monthrange(year, month)[1] + 1))
            yield from (day for day in days if day >= first and self._days.fit(day))


def _values(text: str, kind: _Field) -> set[int]:
    return set().union(*(kind.values(item) for item in text.split(",")))


def _check_naive(moment: datetime) -> None:
    if moment.tzinfo is not None:
        raise ValueError("times must be naive")
