"""Times at which a schedule fires."""

from __future__ import annotations

from datetime import datetime, timedelta

WEEKDAYS = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
LIMITS = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]


class CronError(ValueError):
    """A text that is not a schedule."""


def parse_field(text: str, low: int, high: int) -> set[int]:
    values = set()
    for item in text.lower().split(","):
        for name, number in WEEKDAYS.items():
            item = item.replace(name, str(number))
        if item == "*":
            values |= set(range(low, high + 1))
        elif item.startswith("*/"):
            values |= set(range(low, high + 1, int(item[2:])))
        elif "-" in item and not item.startswith("l"):
            first, last = item.split("-")
            values |= set(range(int(first), int(last) + 1))
        elif item == "l":
            values.add(-1)
        elif item.isdigit():
            values.add(int(item))
        else:
            raise CronError(item)
    if values and max(values) > high:
        raise CronError(text)
    return values


class Schedule:
    """A repeating schedule, precise to the minute."""

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Return the schedule that ``text`` describes; raise ``CronError`` if it describes none."""
        schedule = cls()
        fields = zip(text.split(), LIMITS)
        schedule.fields = [parse_field(part, low, high) for part, (low, high) in fields]
        return schedule

    def matches(self, moment: datetime) -> bool:
        """Whether it fires in the minute of ``moment``."""
        minutes, hours, days, months, weekdays = self.fields
        last = (moment + timedelta(days=1)).day == 1
        return (
            moment.minute in minutes
            and moment.hour in hours
            and (moment.day in days or (last and -1 in days))
            and moment.month in months
            and moment.weekday() in weekdays
        )

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time strictly after ``moment``, or None if there is none in the following 50 years."""
        moment = moment.replace(second=0, microsecond=0)
        for _ in range(60 * 24 * 62):
            moment += timedelta(minutes=1)
            if self.matches(moment):
                return moment
        return None

    def between(self, start: datetime, end: datetime) -> list[datetime]:
        """Return all times from ``start`` on and before ``end``."""
        times = []
        while start < end:
            if self.matches(start):
                times.append(start)
            start += timedelta(minutes=1)
        return times
