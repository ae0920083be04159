"""Where a run stands, from its ledger alone: for those who watch from another process."""

from __future__ import annotations

import time
from collections import Counter

from assay.evidence.layout import RunFolder
from assay.records import NANO, OwnerKind
from assay.run.opening import open_run
from assay.run.progress import Snapshot


async def standing(folder: RunFolder) -> Snapshot:
    """Read the books and sum them up; the time left is judged from the pace since the run's first attempt."""
    run = await open_run(folder)
    try:
        trials = await run.ledger.trials()
        every = await run.ledger.attempts()
        owed = set(await run.ledger.pending())
        scored = {score.attempt for score in await run.ledger.scores()}
    finally:
        await run.ledger.close()
    attempts = [a for a in every if a.owner_kind is OwnerKind.TRIAL]
    open_now = {a.owner for a in attempts if a.ended is None and not a.lost}
    settled = len({a.owner for a in attempts if a.ended is not None} - owed - open_now)
    started = min((a.started for a in attempts), default=None)
    ended = [a.finished for a in attempts if a.finished is not None]
    busy = 0.0 if started is None or not ended else (max(ended) - started) / 1000
    running = len(open_now - owed)
    elapsed = max(0.0, time.time() - started / 1000) if started is not None and running else busy
    return Snapshot(
        planned=len(trials),
        settled=settled,
        running=running,
        scored=len(scored & {a.id for a in attempts}),
        to_score=len(ended),
        spent_usd=sum(a.spent or 0 for a in every) / NANO,
        max_cost=run.lock.experiment.get("max_cost"),
        simulated=run.lock.simulated,
        elapsed_s=elapsed,
        left_s=busy / settled * (len(trials) - settled) if settled and settled < len(trials) else None,
        ended=dict(Counter(str(a.ended) for a in attempts if a.ended is not None)),
    )
