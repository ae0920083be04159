"""Scorer ``executed``, the verifier: hidden tests, lint and complexity of the workspace as the attempt left it."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from assay.errors import EvidenceError
from assay.identity import content_id, file_hash
from assay.records import Score
from assay.sandboxes.base import SandboxKind
from assay.scorers.base import Subject
from assay.scorers.grading import METRICS, Grade, grade, scores, unscored, write_output
from assay.scorers.known_answers import REFERENCE, grade_known_answer
from assay.scorers.rebuild import Rebuilt, last_step, rebuild
from assay.scorers.verdict import INFRASTRUCTURE
from assay.scorers.verification import Bench
from assay.suites.base import Complaint, Task

# Complaints of the agent's reader that settle the matter when the workspace is as it was.
UNANSWERED = frozenset({Complaint.FORMAT_ERROR, Complaint.NO_ANSWER})
MAX_KNOWN = 1000


def instrument_id() -> str:
    """Return the content id of the code that verifies: every module of this package and its inside programs."""
    here = Path(__file__).parent
    return content_id(
        "instrument", {path.relative_to(here).as_posix(): file_hash(path) for path in sorted(here.rglob("*.py"))}
    )


class Executed:
    """One sandbox per attempt. ``toolchain_hash`` names interpreter, pytest, ruff and lizard."""

    name: ClassVar[str] = "executed"
    metrics: ClassVar[tuple[str, ...]] = METRICS

    def __init__(self, toolchain_hash: str) -> None:
        self._hash = content_id("scorer", ["executed", instrument_id(), toolchain_hash])
        self._reference_passes: dict[str, bool] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def hash(self) -> str:
        """Content id of the instrument: code, tool versions, rules."""
        return self._hash

    async def score(self, subject: Subject, sandboxes: SandboxKind) -> Sequence[Score]:
        """Return ``solved``, ``tests``, ``lint``, ``lint_per_100``, ``complexity``, ``complexity_mean``.

        A machine that failed gives None with the reason; ``verifier.json`` in ``subject.output`` holds the rest.
        """
        ended = subject.attempt.ended
        if ended is None or ended.is_ours:
            return self._unscored(subject, 0, str(ended or Complaint.NOT_VERIFIED), None)
        try:
            step = last_step(subject.evidence)
        except EvidenceError as error:
            return self._unscored(subject, 0, f"{Complaint.NOT_VERIFIED}: {error.what}", None)
        workspace = subject.scratch / f"graded-{secrets.token_hex(8)}"
        try:
            return await self._verified(subject, sandboxes, step, workspace)
        except EvidenceError as error:
            return self._unscored(subject, int(step.name), f"{Complaint.NOT_VERIFIED}: {error.what}", None)
        finally:
            await asyncio.to_thread(shutil.rmtree, workspace, ignore_errors=True)

    async def _verified(self, subject: Subject, sandboxes: SandboxKind, step: Path, workspace: Path) -> Sequence[Score]:
        rebuilt = await asyncio.to_thread(rebuild, subject.task, step, workspace)
        complaint = _complaint(step)
        if not rebuilt.graded and (complaint in UNANSWERED or subject.task.expects_start_to_pass):
            # An untouched start that passes the tests by design is no answer.
            return self._unscored(subject, int(step.name), complaint or Complaint.NO_ANSWER, 0.0)
        bench = Bench(sandboxes, subject.scratch, subject.toolchain, subject.python, subject.environment)
        graded = await grade(subject.task, workspace, [one.path for one in rebuilt.graded], bench)
        graded = await self.checked(subject.task, graded, bench)
        content = {"attempt": subject.attempt.id, "task": subject.task.id, **graded.to_json(), **_made_of(rebuilt)}
        await asyncio.to_thread(write_output, subject.output, content)
        return scores(subject.attempt.id, int(step.name), self.name, self.hash, graded)

    async def checked(self, task: Task, graded: Grade, bench: Bench) -> Grade:
        """Take a verification that came to grief as a verdict only where the reference passes, here and now.

        On a machine where nothing can be verified, every answer would be wrong. The reference is verified once per
        task in the life of this scorer; nothing that was known before is believed.
        """
        if graded.verdict.reason != Complaint.VERIFICATION_FAILED:
            return graded
        async with self._asking[task.hash]:
            if task.hash not in self._reference_passes:
                reference = await grade_known_answer(task, REFERENCE, bench)
                self._reference_passes[task.hash] = bool(reference.verdict.solved)
        return graded if self._reference_passes[task.hash] else without_verdict(graded)

    def _unscored(self, subject: Subject, step: int, reason: str, solved: float | None) -> Sequence[Score]:
        write_output(subject.output, {"attempt": subject.attempt.id, "task": subject.task.id, "reason": reason})
        return unscored(subject.attempt.id, step, self.name, self.hash, reason, solved)


def without_verdict(graded: Grade) -> Grade:
    """Return a grade that blames the machine and keeps what was seen."""
    detail = f"the reference does not pass here either: {graded.verdict.detail}"
    return replace(
        graded, verdict=replace(graded.verdict, solved=None, tests=None, reason=INFRASTRUCTURE, detail=detail)
    )


def _complaint(step: Path) -> str | None:
    """Return what the agent's reader complained of, from ``status.json``."""
    try:
        status = json.loads((step / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    for holder in (status, status.get("reading")) if isinstance(status, dict) else ():
        if isinstance(holder, dict) and isinstance(holder.get("complaint"), str):
            return str(holder["complaint"])
    return None


def _made_of(rebuilt: Rebuilt) -> dict[str, Any]:
    return {
        "graded": [one.to_json() for one in rebuilt.graded],
        "dropped": list(rebuilt.dropped),
        "refused": dict(rebuilt.refused),
    }
