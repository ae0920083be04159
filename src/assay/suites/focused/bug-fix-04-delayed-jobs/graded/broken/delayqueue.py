"""Jobs that wait for their time. The queue has no clock: callers say what time it is."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Job:
    """What waits: a payload, and the interval after which it comes again (None = once)."""

    payload: Any = None
    interval: float | None = None


class DelayQueue:
    """Named jobs with the time when each is due; jobs due at the same time keep the order in which they came."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._pushed = 0

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, name: str) -> bool:
        return name in self._jobs

    def add(self, name: str, due: float, payload: Any = None, interval: float | None = None) -> None:
        """Put a job in. Raises ``ValueError`` if the name waits already or the interval is not above 0."""
        if name in self._jobs:
            raise ValueError(f"{name} waits already")
        if interval is not None and interval <= 0:
            raise ValueError(f"interval must be above 0, not {interval}")
        self._jobs[name] = Job(payload, interval)
        self._push(name, due)

    def cancel(self, name: str) -> bool:
        """Take a job out; return whether it was waiting."""
        return self._jobs.pop(name, None) is not None

    def reschedule(self, name: str, due: float) -> None:
        """Move a waiting job to another time, behind those due then. Raises ``KeyError`` if it does not wait."""
        job = self._jobs.pop(name)
        self.add(name, due, job.payload, job.interval)

    def payload(self, name: str) -> Any:
        """Return the payload of a waiting job. Raises ``KeyError`` if it does not wait."""
        return self._jobs[name].payload

    def next_due(self) -> float | None:
        """Return the time of the earliest waiting job, or None if nothing waits."""
        while self._heap and not self._waits(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def upcoming(self) -> list[tuple[str, float]]:
        """Return the names and times of all waiting jobs, in the order in which they are due."""
        return [(entry[2], entry[0]) for entry in sorted(self._heap) if self._waits(entry)]

    def pop_due(self, now: float) -> list[str]:
        """Take out the jobs that are due at ``now`` and return their names in order.

        A job with an interval is put in again, for the first of its times after ``now``: it comes out once,
        however many of them it missed.
        """
        names = []
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)
            if not self._waits(entry):
                continue
            due, _, name = entry
            names.append(name)
            job = self._jobs.pop(name)
            if job.interval is not None:
                missed = (now - due) // job.interval
                self.add(name, due + (missed + 1) * job.interval, job.payload, job.interval)
        return names

    def _push(self, name: str, due: float) -> None:
        self._pushed += 1
        heapq.heappush(self._heap, (due, self._pushed, name))

    def _waits(self, entry: tuple[float, int, str]) -> bool:
        return self._jobs[entry[2]].due == entry[0]
