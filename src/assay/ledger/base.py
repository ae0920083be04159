"""The seam ``Ledger``: the only truth about what was planned, run, paid and scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from assay.records import Attempt, NanoUSD, Order, Outcome, OwnerKind, Price, Progress, Score, Trial, TrialId


class Ledger(Protocol):
    """One run's books: durable, shared by any number of workers; every method is safe to call twice.

    Lease time is the ledger's own clock. ``claim`` is the only permission to spend. All methods raise
    ``LedgerError`` when the store refuses (a full disk, a damaged file), and then nothing was changed.
    """

    run_id: str

    async def plan(self, trials: Iterable[Trial]) -> int:
        """Record trials that are not there yet; return how many were new."""
        ...

    async def pending(self) -> Sequence[TrialId]:
        """Trials owed, in plan order: not settled for good and without a live lease."""
        ...

    async def open_item(self, kind: OwnerKind, owner: str) -> None:
        """Make a work item other than a trial claimable: whatever spends goes through ``claim``."""
        ...

    async def claim(
        self,
        owner: str,
        worker: str,
        ttl: float,
        *,
        kind: OwnerKind = OwnerKind.TRIAL,
        offers: frozenset[str] = frozenset(),
    ) -> Attempt | None:
        """Open the next attempt of a work item for ``ttl`` seconds.

        None when it is not owed, another worker holds it, or it requires what this worker does not offer.
        An expired lease found here marks the earlier attempt ``lost``; its spend stays.
        """
        ...

    async def heartbeat(self, attempt: Attempt, spent: NanoUSD | None, progress: Progress, ttl: float) -> Order:
        """Extend the lease and record spend so far; ``STOP`` when fenced off."""
        ...

    async def settle(self, attempt: Attempt, outcome: Outcome) -> bool:
        """Close the attempt. False = fenced: its spend is recorded, its outcome does not count.

        An outcome that is ours (``Ended.is_ours``) makes the item owed again while retries are left.
        """
        ...

    async def release(self, attempt: Attempt, outcome: Outcome) -> None:
        """Give the item back unsettled: the attempt counts as lost with its spend, and the item is owed again.

        For attempts that we ended for reasons of our own, such as the run's cost limit: not an outcome, and not one
        of the losses after which an item is closed. ``outcome.detail`` says why.
        """
        ...

    async def forfeit(self, worker_prefix: str = "") -> Sequence[Attempt]:
        """Mark the open attempts of workers known to be dead as lost, now; return them. "" = of all workers."""
        ...

    async def reconcile(
        self, attempt_id: str, spent: NanoUSD | None, *, lower_bound: bool, simulated: bool | None = None
    ) -> None:
        """Correct the spend of a closed or lost attempt from evidence; never below what is on record."""
        ...

    async def unsettled(self) -> Sequence[TrialId]:
        """Trials that are not settled for good, whoever holds them, in plan order."""
        ...

    async def attempts(self) -> Sequence[Attempt]:
        """All attempts, lost ones included, by owner and number."""
        ...

    async def latest_attempt(self, kind: OwnerKind, owner: str) -> Attempt | None:
        """The newest attempt of one work item; None when there is none."""
        ...

    async def is_owed(self, trial: TrialId) -> bool:
        """True when the trial may be claimed now."""
        ...

    async def trials(self) -> Sequence[Trial]:
        """All planned trials, in plan order."""
        ...

    async def trial(self, trial: TrialId) -> Trial:
        """Return one planned trial. Raises ``LedgerError`` when it is not in the plan."""
        ...

    async def record_scores(self, scores: Sequence[Score]) -> None:
        """Store scores; the first one for (attempt, step, scorer hash, metric) stays.

        But where an instrument had failed (``Score.is_instrument_failure``), the first result takes its place.
        """
        ...

    async def scores(self) -> Sequence[Score]:
        """All scores of the run."""
        ...

    async def evidence(self) -> Mapping[str, str]:
        """The ``evidence_id`` that each attempt was settled with, by attempt id; without those that sealed nothing."""
        ...

    async def record_price(self, price: Price) -> Price:
        """Freeze a price at first sight; the first one recorded for (provider, model) is returned ever after."""
        ...

    async def prices(self) -> Sequence[Price]:
        """The run's frozen prices."""
        ...

    async def note(self, kind: str, body: Mapping[str, Any]) -> None:
        """Append a dated entry to the run's journal: amendment, prediction, probe, drain."""
        ...

    async def notes(self, kind: str | None = None) -> Sequence[Mapping[str, Any]]:
        """Journal entries, oldest first: each ``at`` (UTC ms), ``kind`` and the body's keys."""
        ...

    async def close(self) -> None:
        """Release the store."""
        ...
