"""Anchors: the reference, the untouched start and an empty answer, scored by the same instruments.

The verdict on a known answer is a function of task, answer, instruments and kind of sandbox, so it is kept in the
user's cache and computed once for all runs; ``docs/decisions/0002`` says why this is not a trial.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from pathlib import Path

from assay.evidence.outcomes import ANCHOR
from assay.identity import content_id
from assay.records import Ended, Score
from assay.run.scoring import Scoring, has_result, record
from assay.sandboxes.toolchain import toolchain
from assay.scorers.composite import composite
from assay.scorers.executed import Executed, without_verdict
from assay.scorers.grading import scores
from assay.scorers.known_answers import ANCHORS, REFERENCE, grade_known_answer
from assay.scorers.verification import Bench
from assay.suites.base import Complaint, Task

# What may be otherwise the next time is not kept.
PASSING = frozenset({Complaint.VERIFICATION_FAILED.value, Ended.INFRASTRUCTURE.value})


def cache_folder() -> Path:
    """Where verdicts on known answers are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "assay" / "anchors"


async def score_anchors(scoring: Scoring, *, jobs: int) -> None:
    """Record the anchors' scores of every task of the run that has none from today's instruments."""
    executed = next(scorer for scorer in scoring.scorers if isinstance(scorer, Executed))
    known = has_result(await scoring.run.ledger.scores())
    gate = asyncio.Semaphore(jobs)

    async def one(task: Task, anchor: str) -> None:
        async with gate:
            found = await _scores(scoring, executed, task, anchor)
        await record(scoring.run.ledger, [*found, *composite(found, scoring.weights(task))])

    wanted = [
        (task, anchor)
        for task in sorted(scoring.run.tasks.values(), key=lambda task: task.id)
        for anchor in ANCHORS
        if (_owner(task, anchor), executed.hash) not in known
    ]
    await asyncio.gather(*(one(task, anchor) for task, anchor in wanted))


def _owner(task: Task, anchor: str) -> str:
    return f"{ANCHOR}{anchor}/{task.id}"


async def _scores(scoring: Scoring, executed: Executed, task: Task, anchor: str) -> tuple[Score, ...]:
    kind = scoring.sandboxes
    key = [executed.hash, task.hash, anchor, kind.name, kind.capabilities.mechanism]
    path = cache_folder() / f"{content_id('anchor', key)}.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return tuple(Score.from_json(row) for row in rows)
    except (OSError, ValueError, TypeError):
        found = await _verify(scoring, executed, task, anchor)
    if all(score.reason not in PASSING for score in found):
        await asyncio.to_thread(_keep, path, found)
    return found


def _keep(path: Path, found: tuple[Score, ...]) -> None:
    """Keep for the next run; a cache that cannot be written is only slower."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(f".{secrets.token_hex(4)}.half")
        half.write_text(json.dumps([score.to_json() for score in found]), encoding="utf-8")
        half.replace(path)
    except OSError:
        return


async def _verify(scoring: Scoring, executed: Executed, task: Task, anchor: str) -> tuple[Score, ...]:
    tools = toolchain(task.toolchain)
    bench = Bench(scoring.sandboxes, scoring.scratch, tools.mounts, tools.python, tools.env)
    graded = await grade_known_answer(task, anchor, bench)
    if anchor == REFERENCE and graded.verdict.reason == Complaint.VERIFICATION_FAILED:
        graded = without_verdict(graded)
    graded = await executed.checked(task, graded, bench)
    return tuple(scores(_owner(task, anchor), 0, executed.name, executed.hash, graded))
