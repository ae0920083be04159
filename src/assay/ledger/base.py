"""The seam ``Ledger``: the only truth about what was planned, run, paid and scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from assay.records import Attempt, NanoUSD, Order, Outcome, OwnerKind, Price, Progress, Score, Trial, TrialId


class Ledger(Protocol):
    """Durable, shared by any number of workers; every method is safe to call twice.

    Lease time is the ledger's own clock. ``claim`` is the only permission to spend.
    """

    async def plan(self, trials: Iterable[Trial]) -> int:
        """Record trials that are not there yet; return how many were new."""
        ...

    async def pending(self, run_id: str) -> Sequence[TrialId]:
        """Trials owed, in plan order: not settled for good and without a live lease."""
        ...

    async def claim(
        self,
        owner: str,
        worker: str,
        ttl: float,
        *,
        owner_kind: OwnerKind = OwnerKind.TRIAL,
        requires: Sequence[str] = (),
    ) -> Attempt | None:
        """Open the next attempt of a work item for ``ttl`` seconds, or None when it is not owed or another holds it.

        An expired lease found here marks the earlier attempt ``lost``; its spend stays.
        """
        ...

    async def heartbeat(self, attempt: Attempt, spent: NanoUSD | None, progress: Progress, ttl: float) -> Order:
        """Extend the lease and record spend so far; ``STOP`` when fenced off or cancelled."""
        ...

    async def settle(self, attempt: Attempt, outcome: Outcome) -> bool:
        """Close the attempt. False = fenced: the evidence stays, the outcome does not count."""
        ...

    async def attempts(self, run_id: str) -> Sequence[Attempt]:
        """All attempts, lost ones included, by owner and number."""
        ...

    async def trials(self, run_id: str) -> Sequence[Trial]:
        """All planned trials, in plan order."""
        ...

    async def record_scores(self, scores: Sequence[Score]) -> None:
        """Store scores; the same (attempt, step, scorer hash, metric) again changes nothing."""
        ...

    async def scores(self, run_id: str) -> Sequence[Score]:
        """All scores of the run."""
        ...

    async def record_price(self, run_id: str, price: Price) -> Price:
        """Freeze a price at first sight; the first one recorded for (provider, model) is returned ever after."""
        ...

    async def prices(self, run_id: str) -> Sequence[Price]:
        """The run's frozen prices."""
        ...

    async def note(self, run_id: str, kind: str, body: Mapping[str, Any]) -> None:
        """Append a dated entry to the run's journal: amendment, prediction, probe, drain."""
        ...

    async def notes(self, run_id: str, kind: str | None = None) -> Sequence[Mapping[str, Any]]:
        """Journal entries, oldest first, each with ``at`` (UTC ms), ``kind`` and its body."""
        ...

    async def close(self) -> None:
        """Release the store."""
        ...
