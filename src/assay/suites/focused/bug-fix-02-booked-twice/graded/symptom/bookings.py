"""When a meeting room is taken and when it is free, within one day.

Times are whole minutes after midnight. Slots are half-open: the start belongs to the slot, the end does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Slot:
    """A stretch of time; never empty."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a slot must end after it starts: {self.start} to {self.end}")

    @property
    def minutes(self) -> int:
        """Length of the slot."""
        return self.end - self.start


def busy_slots(bookings: Iterable[Slot]) -> list[Slot]:
    """Return the taken times in order, with bookings that overlap or touch joined into one slot."""
    merged: list[Slot] = []
    for slot in sorted(bookings):
        if merged and slot.start <= merged[-1].end:
            merged[-1] = Slot(merged[-1].start, slot.end)
        else:
            merged.append(slot)
    return merged


def free_slots(bookings: Iterable[Slot], opens: int, closes: int) -> list[Slot]:
    """Return the free times between ``opens`` and ``closes``, in order."""
    free: list[Slot] = []
    cursor = opens
    for slot in sorted(bookings):
        gap_end = min(slot.start, closes)
        if gap_end > cursor:
            free.append(Slot(cursor, gap_end))
        cursor = max(cursor, slot.end)
    if cursor < closes:
        free.append(Slot(cursor, closes))
    return free


def first_free(bookings: Iterable[Slot], opens: int, closes: int, minutes: int) -> Slot | None:
    """Return the earliest slot of exactly ``minutes`` that is still free, or None."""
    for slot in free_slots(bookings, opens, closes):
        if slot.minutes >= minutes:
            return Slot(slot.start, slot.start + minutes)
    return None


def is_free(bookings: Iterable[Slot], wanted: Slot) -> bool:
    """Whether no booking overlaps ``wanted``."""
    return all(slot.end <= wanted.start or wanted.end <= slot.start for slot in busy_slots(bookings))


def usage(bookings: Iterable[Slot], opens: int, closes: int) -> float:
    """Return the share of the opening time that is taken, from 0 to 1."""
    taken = 0
    for slot in busy_slots(bookings):
        taken += max(0, min(slot.end, closes) - max(slot.start, opens))
    return taken / (closes - opens)
