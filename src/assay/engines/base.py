"""The seam ``Engine``: where attempts execute. It owns placement only; the ledger owns truth and money."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from assay.records import TrialId

RunTrial: TypeAlias = Callable[[TrialId], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How many sandboxes may live at once."""

    sandboxes: int


class Engine(Protocol):
    """Delivers each trial at least once, in any order, until drained or done."""

    def run(self, trials: Sequence[TrialId], run_trial: RunTrial, limits: EngineLimits) -> AsyncIterator[TrialId]:
        """Yield each trial's id when its coroutine has come to an end."""
        ...

    def drain(self) -> None:
        """Start nothing more; what runs may finish."""
        ...
