"""Why a trial ended as it did: attempts, exits, calls, scores, the verifier's words and the diff, from evidence."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.errors import InputError
from assay.evidence.calls import read_calls
from assay.evidence.layout import is_as_sealed
from assay.evidence.normalise import Normalised, normalise
from assay.records import Arm, Attempt, Call, OwnerKind, Record, Score, Trial
from assay.run.opening import Run
from assay.sandboxes.base import Change
from assay.scorers.rebuild import MANIFEST, archived, read_changes
from assay.scorers.workspace import CACHES


@dataclass(frozen=True, slots=True)
class AttemptView(Record):
    """One attempt with what it left. ``steps`` are the ``status.json`` of its steps, oldest first.

    ``sealed``: a workspace was sealed at its end; without one, ``changes`` says nothing. ``intact``: its evidence is
    what the ledger says was sealed; None where the ledger knows of nothing sealed. ``kept``: its sandbox, if kept.
    ``facts`` are what normalisation made of all its sources.
    """

    attempt: Attempt
    steps: tuple[dict[str, Any], ...]
    changes: tuple[Change, ...]
    calls: tuple[Call, ...]
    scores: tuple[Score, ...]
    sealed: bool
    intact: bool | None
    kept: str | None = None
    facts: Normalised = field(default_factory=Normalised)


@dataclass(frozen=True, slots=True)
class TrialView(Record):
    """One trial with all its attempts."""

    trial: Trial
    arm: str
    attempts: tuple[AttemptView, ...]


def find_trial(trials: Sequence[Trial], labels: dict[str, str], wanted: str) -> Trial:
    """Find by id, start of an id, or ``arm/task/repetition``. Raises ``InputError`` when none or several fit."""
    fitting = [t for t in trials if t.id.startswith(wanted)]
    fitting = fitting or [t for t in trials if f"{labels[t.arm]}/{t.task}/{t.repetition}" == wanted]
    if len(fitting) == 1:
        return fitting[0]
    how = "no trial" if not fitting else f"{len(fitting)} trials"
    raise InputError(f"{how} of this run fit {wanted!r}", remedy="List them with: assay show RUN")


async def view_trial(run: Run, wanted: str) -> TrialView:
    """Collect everything that is known of one trial."""
    labels = {arm.id: arm.label for arm in run.lock.arms}
    trial = find_trial(await run.ledger.trials(), labels, wanted)
    scores = await run.ledger.scores()
    attempts = [a for a in await run.ledger.attempts() if a.owner_kind is OwnerKind.TRIAL and a.owner == trial.id]
    sealed = await run.ledger.evidence()
    arm = next(arm for arm in run.lock.arms if arm.id == trial.arm)
    views = tuple(_attempt_view(run, arm, attempt, scores, sealed.get(attempt.id)) for attempt in attempts)
    return TrialView(trial, labels[trial.arm], views)


def _attempt_view(run: Run, arm: Arm, attempt: Attempt, scores: Sequence[Score], evidence: str | None) -> AttemptView:
    folder = run.folder.attempt(attempt.owner, attempt.number)
    calls = read_calls(folder)
    steps = sorted((folder / "steps").glob("*/status.json"), key=lambda path: int(path.parent.name))
    sealed = bool(steps) and (steps[-1].parent / MANIFEST).is_file()
    kept = run.folder.kept / attempt.id
    return AttemptView(
        attempt=attempt,
        steps=tuple(_read_json(path) for path in steps),
        changes=read_changes(steps[-1].parent) if sealed else (),
        calls=calls,
        scores=tuple(score for score in scores if score.attempt == attempt.id),
        sealed=sealed,
        intact=None if evidence is None else is_as_sealed(folder, evidence),
        kept=str(kept) if kept.is_dir() else None,
        facts=normalise(folder, arm, calls),
    )


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def written(changes: Sequence[Change]) -> tuple[tuple[Change, ...], int]:
    """Return the changes outside folders that tools leave behind, and how many files changed inside such folders."""
    left = {one.path for one in changes if CACHES & set(Path(one.path).parts)}
    in_caches = sum(one.kind != "dir" for one in changes if one.path in left)
    return tuple(one for one in changes if one.path not in left), in_caches


def diff(run: Run, trial: Trial, view: AttemptView) -> str:
    """Return what the agent changed as a unified diff, derived for people; binary and huge files are named only.

    Folders that tools leave behind are left out (``written``).
    """
    folder = run.folder.step(view.attempt.owner, view.attempt.number, max(0, len(view.steps) - 1))
    start = run.tasks[trial.task_hash].start_files()
    now = {name: data for name, _, data in archived(folder) if data is not None}
    parts: list[str] = []
    for change in sorted(written(view.changes)[0], key=lambda one: one.path):
        old = None if change.change == "A" else start.get(change.path)
        new = None if change.change == "D" else now.get(change.path)
        parts.append(_file_diff(change.path, old, new, change.change))
    return "".join(parts)


def _file_diff(path: str, old: bytes | None, new: bytes | None, change: str) -> str:
    try:
        before = (old or b"").decode().splitlines(keepends=True)
        after = (new or b"").decode().splitlines(keepends=True)
    except UnicodeDecodeError:
        return f"{change} {path} (binary)\n"
    lines = difflib.unified_diff(
        before, after, "/dev/null" if old is None else f"a/{path}", "/dev/null" if new is None else f"b/{path}"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
