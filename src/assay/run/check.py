"""``tasks check``: proof that a task measures what it says, by the verifier that will grade it."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

from assay.errors import SandboxError, TaskError
from assay.records import Record, Score
from assay.scorers.composite import DEFAULT_WEIGHTS, composite
from assay.scorers.grading import Grade, grade, scores
from assay.scorers.rebuild import overlay
from assay.scorers.verification import Bench, Manner
from assay.suites.base import Task, VerifierKind
from assay.suites.native import load_task, write_lock
from assay.suites.soundness import Fault, faults

# Five runs of the reference: other orders of sets and dictionaries, and once another order of tests.
MANNERS = (
    Manner(),
    Manner(hash_seed=1, measure=False),
    Manner(hash_seed=2, measure=False),
    Manner(hash_seed=3, shuffle=3, measure=False),
    Manner(hash_seed=4, measure=False),
)
RECORDED = frozenset({VerifierKind.PYTEST, VerifierKind.JUNIT})


@dataclass(frozen=True, slots=True)
class Scored(Record):
    """What the scorers give one known answer: anchors and graded solutions."""

    name: str
    solved: bool | None
    tests: float | None
    score: float | None
    lint: float | None = None
    complexity: float | None = None
    reason: str | None = None
    cpu_s: float | None = None


@dataclass(frozen=True, slots=True)
class TaskCheck(Record):
    """The outcome for one task; ``faults`` is empty when it holds."""

    task: str
    faults: tuple[Fault, ...]
    test_ids: tuple[str, ...] = ()
    answers: tuple[Scored, ...] = ()
    recorded: bool = False
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return not self.faults


# Whether over the start, how, for which test ids, and the files.
Answer: TypeAlias = "tuple[bool, Manner, tuple[str, ...], tuple[tuple[str, bytes], ...]]"


@dataclass(slots=True)
class _Examination:
    """One task under examination: its bench, what is known so far, and how many sandboxes may run."""

    task: Task
    bench: Bench
    gate: asyncio.Semaphore
    faults: list[Fault] = field(default_factory=list)
    answers: list[Scored] = field(default_factory=list)
    known: dict[Answer, asyncio.Task[Grade]] = field(default_factory=dict)

    async def graded(self, files: Mapping[str, bytes], *, start: bool = True, manner: Manner | None = None) -> Grade:
        """Verify known files over the start, or over nothing; equal answers once.

        Raises ``SandboxError`` when the machine cannot.
        """
        how = manner or Manner()
        answer = (start, how, self.task.verifier.test_ids, tuple(sorted(files.items())))
        if answer not in self.known:
            self.known[answer] = asyncio.ensure_future(self._verified(files, start=start, manner=how))
        return await asyncio.shield(self.known[answer])

    async def _verified(self, files: Mapping[str, bytes], *, start: bool, manner: Manner) -> Grade:
        async with self.gate:
            workspace = self.bench.scratch / f"known-{secrets.token_hex(8)}"
            try:
                changes = await asyncio.to_thread(overlay, self.task, files, workspace, start=start)
                found = await grade(self.task, workspace, [one.path for one in changes], self.bench, manner)
            finally:
                await asyncio.to_thread(shutil.rmtree, workspace, ignore_errors=True)
        if found.verdict.reason == "infrastructure":
            raise SandboxError(f"the verifier's sandbox did not start: {found.verdict.detail}")
        return found

    async def close(self) -> None:
        """Leave no verification behind, whatever happened."""
        for one in self.known.values():
            one.cancel()
        await asyncio.gather(*self.known.values(), return_exceptions=True)

    async def scored(self, name: str, files: Mapping[str, bytes], *, start: bool = True) -> Scored:
        """Verify a known answer once and keep its scores."""
        return self.keep(name, await self.graded(files, start=start))

    def keep(self, name: str, found: Grade) -> Scored:
        """Turn a grade into scores, the composite among them."""
        records = scores("known", 0, "check", "", found)
        by_metric = {one.metric: one.value for one in (*records, *_composite(records, self.task))}
        one = Scored(
            name,
            found.verdict.solved,
            found.verdict.tests,
            by_metric["score"],
            by_metric["lint"],
            by_metric["complexity"],
            _why(found),
            found.cpu_s,
        )
        self.answers.append(one)
        return one

    def fault(self, what: str, remedy: str) -> None:
        """Note one thing that is wrong."""
        self.faults.append(Fault(what, remedy))


def _composite(records: Sequence[Score], task: Task) -> tuple[Score, ...]:
    return composite(records, task.scoring or DEFAULT_WEIGHTS)


def _why(found: Grade) -> str | None:
    verdict = found.verdict
    if verdict.solved:
        return None
    failed = [one for one in verdict.outcomes if one.outcome != "passed"]
    first = f"; first: {failed[0].id} {failed[0].outcome}" if failed else ""
    return f"{verdict.reason or 'failed'}: {verdict.detail or ''}{first}"


async def check_suite(
    folders: Sequence[Path], bench: Bench, *, record: bool = False, jobs: int = 2
) -> AsyncIterator[TaskCheck]:
    """Check tasks, ``jobs`` sandboxes at once, and yield each as it is done."""
    gate, turn = asyncio.Semaphore(jobs), asyncio.Semaphore(jobs)

    async def in_turn(folder: Path) -> TaskCheck:
        async with turn:
            return await check_task(folder, bench, record=record, gate=gate)

    running = [asyncio.ensure_future(in_turn(folder)) for folder in folders]
    try:
        for done in asyncio.as_completed(running):
            yield await done
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def check_task(
    folder: Path, bench: Bench, *, record: bool = False, gate: asyncio.Semaphore | None = None
) -> TaskCheck:
    """Check one task folder; ``record`` writes the ids of the tests that its reference passes.

    What is wrong with the task is in the result. Raises ``SandboxError`` only: without sandboxes nothing is known.
    """
    began = time.monotonic()
    try:
        task = load_task(folder, need_recorded=False)
    except TaskError as error:
        remedy = error.remedy or "Correct the file"
        return TaskCheck(folder.name, (Fault(str(TaskError(error.what, where=error.where)), remedy),))
    look = _Examination(task, bench, gate or asyncio.Semaphore(2), list(faults(task)))
    try:
        recorded = await _identify(look, record=record)
        if look.task.verifier.test_ids or task.verifier.kind not in RECORDED:
            await _prove(look)
    finally:
        await look.close()
    return TaskCheck(
        task.id,
        tuple(look.faults),
        look.task.verifier.test_ids,
        tuple(look.answers),
        recorded,
        round(time.monotonic() - began, 2),
    )


async def _identify(look: _Examination, *, record: bool) -> bool:
    """Find the ids of the tests that the reference passes; return whether they were written down."""
    task = look.task
    if task.verifier.kind not in RECORDED or (task.verifier.test_ids and not record):
        return False
    look.task = replace(task, verifier=replace(task.verifier, test_ids=()))
    found = (await look.graded(task.solution_files(), manner=Manner(measure=False))).verdict
    failed = [one for one in found.outcomes if one.outcome != "passed"]
    if failed or not found.outcomes:
        what = (
            f"{failed[0].id} {failed[0].outcome}: {failed[0].text[-200:]}" if failed else found.detail or "no test ran"
        )
        look.fault(f"the reference does not pass its tests ({what})", "Correct solution/ or tests/")
        return False
    ids = tuple(sorted(one.id for one in found.outcomes))
    look.task = replace(task, verifier=replace(task.verifier, test_ids=ids))
    if not record:
        look.fault("the ids of the tests are not recorded", "Run again with --record")
        return False
    await asyncio.to_thread(write_lock, task.root, ids)
    return True


async def _prove(look: _Examination) -> None:
    """Run everything that is known about the task, and compare it with what the task says."""
    task = look.task
    reference = task.solution_files()
    runs = asyncio.gather(*(look.graded(reference, manner=manner) for manner in MANNERS))
    empty = look.scored("empty", {}, start=False)
    start = look.scored("start", {})
    graded = asyncio.gather(*(look.scored(one.name, task.graded_files(one.name)) for one in task.graded))
    grades, empty_score, start_score, graded_scores = await asyncio.gather(runs, empty, start, graded)
    reference_score = look.keep("reference", grades[0])
    look.answers.sort(key=_order(task))
    _compare_runs(look, grades)
    _compare_anchors(look, reference_score, start_score, empty_score)
    _compare_graded(look, graded_scores)


def _order(task: Task) -> Callable[[Scored], int]:
    names = ["reference", "start", "empty", *(one.name for one in task.graded)]
    return lambda scored: names.index(scored.name)


def _compare_runs(look: _Examination, grades: Sequence[Grade]) -> None:
    if not grades[0].verdict.solved:
        look.fault(f"the reference does not solve the task ({_why(grades[0])})", "Correct solution/ or tests/")
        return
    for number, (manner, found) in enumerate(zip(MANNERS, grades, strict=True), 1):
        if not found.verdict.solved:
            shuffled = ", shuffled" if manner.shuffle is not None else ""
            look.fault(
                f"the tests are flaky: run {number} (hash seed {manner.hash_seed}{shuffled}) failed ({_why(found)})",
                "Remove what depends on order, time or chance",
            )


def _compare_anchors(look: _Examination, reference: Scored, start: Scored, empty: Scored) -> None:
    if empty.solved:
        look.fault("an empty workspace solves the task", "Test what only an answer can do")
    if look.task.expects_start_to_pass:
        if not start.solved:
            look.fault(f"the start should pass and does not ({start.reason})", "Correct start/, tests/ or the flag")
        elif start.score is None or reference.score is None or start.score >= reference.score:
            look.fault(
                f"the start scores {_shown(start.score)}, not lower than the reference ({_shown(reference.score)})",
                "Make the start worse or the reference simpler",
            )
    elif start.solved:
        look.fault("the start solves the task already", "Test what is asked for, or set expects_start_to_pass")


def _compare_graded(look: _Examination, found: Sequence[Scored]) -> None:
    for said, scored in zip(look.task.graded, found, strict=True):
        if said.solves and not scored.solved:
            look.fault(f"graded/{said.name} should solve the task ({scored.reason})", "Correct it, or 'solves'")
        elif not said.solves and scored.solved:
            look.fault(f"graded/{said.name} solves the task and should not", "Strengthen the tests, or set 'solves'")
    for better, worse in pairwise(found):
        if better.score is None or worse.score is None:
            look.fault(f"graded/{better.name} or graded/{worse.name} has no score", "See --json for the reason")
        elif better.score < worse.score:
            scores_shown = f"{_shown(better.score)} and {_shown(worse.score)}"
            look.fault(
                f"graded/{better.name} scores below graded/{worse.name} ({scores_shown})",
                "Swap them, or change the code so that the order holds",
            )


def _shown(score: float | None) -> str:
    return "nothing" if score is None else f"{score:.1f}"
