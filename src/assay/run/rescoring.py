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

    ``failed`` counts attempts for which an instrument failed now: nothing new is known of them, and they may be tried
    again.
    ``altered`` are attempts (``trial/number``) whose evidence is not what was sealed: they were left as they are.
    """

    scored: int
    kept: int
    changed: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    failed: int = 0


async def rescore(run: Run, kind: SandboxKind, *, jobs: int, rerun: bool = False) -> Rescored:
    """Score what today's instruments have no result for; with ``rerun`` everything, into a book beside, to compare.

    No score that is on record changes: only where an instrument had failed, its result is filled in. An attempt whose
    evidence is not what was sealed is not scored.
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
        failed = {attempt.id for attempt in await scoring.unscored()} & {attempt.id for attempt in owed}
        scored = len(owed) - len(failed)
        changed: tuple[str, ...] = ()
        if rerun:
            changed, unknown = await _differences(run, scoring, intact, jobs)
            failed |= unknown
        kept = len(settled) - len(unscored)
        return Rescored(scored, kept, changed, tuple(map(name, altered)), len(failed))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


async def _score_all(scoring: Scoring, attempts: list[Attempt], jobs: int) -> None:
    gate = asyncio.Semaphore(jobs)

    async def one(attempt: Attempt) -> None:
        async with gate:
            await scoring.score(attempt)

    await asyncio.gather(*(one(attempt) for attempt in attempts))


async def _differences(
    run: Run, scoring: Scoring, attempts: list[Attempt], jobs: int
) -> tuple[tuple[str, ...], set[str]]:
    """Score into an empty book and compare with what is on record.

    Returns what differs, and the attempts for which an instrument failed: those cannot be compared.
    """
    book = SqliteLedger(":memory:", run.lock.run_id)
    await book.plan(await run.ledger.trials())
    aside = replace(scoring, run=replace(run, ledger=book))
    try:
        await _score_all(aside, attempts, jobs)
        now, before = latest_scores(await book.scores()), latest_scores(await run.ledger.scores())
    finally:
        await book.close()
    ours = {attempt.id for attempt in attempts if attempt.ended is not None and attempt.ended.is_ours}
    changed, unknown = [], set()
    for attempt, by_metric in sorted(now.items()):
        if attempt not in ours and any(score.is_instrument_failure for score in by_metric.values()):
            unknown.add(attempt)
            continue
        known = before.get(attempt, {})
        changed += [
            f"{attempt} {metric}"
            for metric, score in sorted(by_metric.items())
            if metric not in known or known[metric].value != score.value
        ]
    return tuple(changed), unknown
