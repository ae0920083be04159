"""Times at which a schedule fires."""

from __future__ import annotations

from datetime import datetime


class CronError(ValueError):
    """A text that is not a schedule."""


class Schedule:
    """A repeating schedule, precise to the minute."""

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Return the schedule that ``text`` describes; raise ``CronError`` if it describes none."""
        ...

    def matches(self, moment: datetime) -> bool:
        """Whether it fires in the minute of ``moment``."""
        ...

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time strictly after ``moment``, or None if there is none in the following 50 years."""
        ...

    def between(self, start: datetime, end: datetime) -> list[datetime]:
        """Return all times from ``start`` on and before ``end``."""
        ...
