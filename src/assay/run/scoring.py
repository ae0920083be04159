"""Scoring settled attempts from their sealed evidence: verify, count, compose, record. Free and repeatable."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from assay.ledger.base import Ledger
from assay.records import Attempt, OwnerKind, Score
from assay.run.opening import Run
from assay.sandboxes.base import SandboxKind
from assay.sandboxes.toolchain import toolchain
from assay.scorers.base import Scorer, Subject
from assay.scorers.composite import composite, composite_hash
from assay.scorers.executed import Executed
from assay.scorers.workspace import Workspace
from assay.suites.base import Task

# Before an instrument that failed is asked once more.
PAUSE_S = 0.2


@dataclass(frozen=True, slots=True)
class Scoring:
    """The instruments of a run, ready to be pointed at attempts."""

    run: Run
    sandboxes: SandboxKind
    scratch: Path
    scorers: tuple[Scorer, ...]

    @classmethod
    def of(cls, run: Run, sandboxes: SandboxKind, scratch: Path) -> Self:
        """Take today's instruments; another version of one has another hash and its scores stand beside the old."""
        return cls(run, sandboxes, scratch, (Executed(toolchain().hash), Workspace()))

    async def unscored(self) -> list[Attempt]:
        """Settled attempts of trials for which an instrument of today has no result, in order.

        A null because the instrument failed is no result. For an attempt that a failed machine ended it is the last
        word: there is nothing to verify.
        """
        found = await self.run.ledger.scores()
        known, on_record = has_result(found), {(score.attempt, score.scorer_hash) for score in found}
        trials = {trial.id: trial for trial in await self.run.ledger.trials()}
        return [
            attempt
            for attempt in await self.run.ledger.attempts()
            if attempt.owner_kind is OwnerKind.TRIAL
            and attempt.ended is not None
            and any(
                (attempt.id, digest) not in (on_record if attempt.ended.is_ours else known)
                for digest in self._hashes(self._task(trials[attempt.owner].task_hash))
            )
        ]

    async def score(self, attempt: Attempt) -> None:
        """Run every instrument on one attempt and record the scores. A failing instrument gives null with a reason."""
        trial = await self.run.ledger.trial(attempt.owner)
        task = self._task(trial.task_hash)
        tools = toolchain(task.toolchain)
        scores: list[Score] = []
        for scorer in self.scorers:
            subject = Subject(
                attempt=attempt,
                task=task,
                evidence=self.run.folder.attempt(attempt.owner, attempt.number),
                output=self.run.folder.scores(scorer.name, scorer.hash, attempt.id),
                scratch=self.scratch,
                toolchain=tools.mounts,
                python=tools.python,
                environment=tools.env,
            )
            scores.extend(await self._guarded(scorer, subject))
        scores.extend(composite(scores, self.weights(task)))
        await record(self.run.ledger, scores)

    async def _guarded(self, scorer: Scorer, subject: Subject) -> Sequence[Score]:
        """Ask twice: what kept a sandbox from starting is often over in a moment."""
        scores = await self._asked(scorer, subject)
        ended = subject.attempt.ended
        if (ended is not None and ended.is_ours) or not any(score.is_instrument_failure for score in scores):
            return scores
        await asyncio.sleep(PAUSE_S)
        return await self._asked(scorer, subject)

    async def _asked(self, scorer: Scorer, subject: Subject) -> Sequence[Score]:
        try:
            return await scorer.score(subject, self.sandboxes)
        except Exception as error:  # noqa: BLE001 - a scorer's crash never loses a paid trial, and never ends a run
            reason = f"{scorer.name} failed: {type(error).__name__}: {error}"[:500]
            return [
                Score(subject.attempt.id, 0, scorer.name, scorer.hash, metric, None, reason)
                for metric in scorer.metrics
            ]

    def weights(self, task: Task) -> dict[str, float]:
        """The composite's weights for a task: its own, else the experiment's."""
        return dict(task.scoring or self.run.lock.weights)

    def _task(self, digest: str) -> Task:
        return self.run.tasks[digest]

    def _hashes(self, task: Task) -> tuple[str, ...]:
        return (*(scorer.hash for scorer in self.scorers), composite_hash(self.weights(task)))


def has_result(scores: Iterable[Score]) -> set[tuple[str, str]]:
    """Return (attempt, scorer hash) of instruments that gave more than the report of their own failure."""
    return {(score.attempt, score.scorer_hash) for score in scores if not score.is_instrument_failure}


async def record(ledger: Ledger, scores: Sequence[Score]) -> None:
    """Store scores; a second instrument that failed the same way is not stored twice."""
    unique: dict[tuple[str, int, str, str], Score] = {}
    for score in scores:
        unique.setdefault((score.attempt, score.step, score.scorer_hash, score.metric), score)
    await ledger.record_scores(list(unique.values()))
