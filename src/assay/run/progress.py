"""What a run tells those who watch it."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from assay.records import NANO, Ended, Record


@dataclass(frozen=True, slots=True)
class Snapshot(Record):
    """Where a run stands. Money in USD; ``left_s`` is None until it can be estimated."""

    planned: int
    settled: int
    running: int
    scored: int
    to_score: int
    spent_usd: float
    max_cost: float | None
    simulated: bool
    elapsed_s: float
    left_s: float | None
    ended: dict[str, int]


class Observer(Protocol):
    """Shows progress somewhere."""

    def update(self, snapshot: Snapshot) -> None:
        """Take the newest state; called often, must return at once."""
        ...

    def message(self, text: str) -> None:
        """Show one line."""
        ...


class Silent:
    """An observer that shows nothing."""

    def update(self, snapshot: Snapshot) -> None:
        """Ignore."""

    def message(self, text: str) -> None:
        """Ignore."""


@dataclass
class Tally:
    """Counts while driving; ``snapshot`` freezes them."""

    planned: int
    settled: int
    to_score: int
    max_cost: float | None
    simulated: bool
    scored: int = 0
    before: int = 0  # scored before this session
    running: int = 0
    spent: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)
    finished_here: int = 0

    def trial_ended(self, ended: Ended | None) -> None:
        """Count one attempt that came to its end; None = the ledger gave no permission."""
        self.running -= 1
        if ended is not None:
            self.ended[ended.value] += 1

    def snapshot(self) -> Snapshot:
        """Freeze the counts and estimate the time left from the pace of this session."""
        elapsed = time.monotonic() - self.started
        return Snapshot(
            planned=self.planned,
            settled=self.settled,
            running=self.running,
            scored=self.before + self.scored,
            to_score=self.before + self.to_score,
            spent_usd=self.spent / NANO,
            max_cost=self.max_cost,
            simulated=self.simulated,
            elapsed_s=elapsed,
            left_s=self._left(elapsed),
            ended=dict(self.ended),
        )

    def _left(self, elapsed: float) -> float | None:
        """Seconds until the slower of the two, trials and their scoring, is through; None before there is a pace."""
        trials = self.planned - self.settled
        scores = trials + self.to_score - self.scored
        waits = [
            elapsed * owed / done
            for owed, done in ((trials, self.finished_here), (scores, self.scored))
            if owed > 0 and done > 0
        ]
        return max(waits, default=None)
