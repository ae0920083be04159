"""Scoring a whole run again: fills in what is missing, and with ``rerun`` checks that what is on record repeats."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, replace

from assay.evidence.outcomes import latest_scores
from assay.ledger.sqlite import SqliteLedger
from assay.records import Attempt, OwnerKind, Record
from assay.run.anchors import score_anchors
from assay.run.opening import Run
from assay.run.scoring import Scoring
from assay.run.sealing import differing, name
from assay.run.services import scratch_folder
from assay.sandboxes.base import SandboxKind


@dataclass(frozen=True, slots=True)
class Rescored(Record):
    """How many attempts were scored, how many had a result, and which results did not repeat (``attempt metric``).

    ``altered`` are attempts (``trial/number``) whose evidence is not what was sealed: they were left as they are.
    """

    scored: int
    kept: int
    changed: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()


async def rescore(run: Run, kind: SandboxKind, *, jobs: int, rerun: bool = False) -> Rescored:
    """Score what today's instruments have no result for; with ``rerun`` everything, into a book beside, to compare.

    Nothing that is on record changes: the first score of an instrument stays. An attempt whose evidence is not what
    was sealed is not scored.
    """
    scratch = scratch_folder(f"{run.lock.run_id}-score")
    scratch.mkdir(mode=0o711, parents=True, exist_ok=True)
    scratch.parent.chmod(0o711)
    try:
        scoring = Scoring.of(run, kind, scratch)
        altered = await differing(run)
        unscored = await scoring.unscored()
        owed = [attempt for attempt in unscored if attempt not in altered]
        settled = [a for a in await run.ledger.attempts() if a.owner_kind is OwnerKind.TRIAL and a.ended is not None]
        await _score_all(scoring, owed, jobs)
        await score_anchors(scoring, jobs=jobs)
        intact = [attempt for attempt in settled if attempt not in altered]
        changed = await _differences(run, scoring, intact, jobs) if rerun else ()
        return Rescored(len(owed), len(settled) - len(unscored), changed, tuple(map(name, altered)))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


async def _score_all(scoring: Scoring, attempts: list[Attempt], jobs: int) -> None:
    gate = asyncio.Semaphore(jobs)

    async def one(attempt: Attempt) -> None:
        async with gate:
            await scoring.score(attempt)

    await asyncio.gather(*(one(attempt) for attempt in attempts))


async def _differences(run: Run, scoring: Scoring, attempts: list[Attempt], jobs: int) -> tuple[str, ...]:
    """Score into an empty book and compare with what is on record."""
    book = SqliteLedger(":memory:", run.lock.run_id)
    await book.plan(await run.ledger.trials())
    aside = replace(scoring, run=replace(run, ledger=book))
    try:
        await _score_all(aside, attempts, jobs)
        now, before = latest_scores(await book.scores()), latest_scores(await run.ledger.scores())
    finally:
        await book.close()
    return tuple(
        f"{attempt} {metric}"
        for attempt, by_metric in sorted(now.items())
        for metric, score in sorted(by_metric.items())
        if before[attempt][metric].value != score.value
    )
