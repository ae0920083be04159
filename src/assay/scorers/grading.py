"""A workspace graded: hidden tests, lint and complexity from one verification, as scores."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.records import Record, Score
from assay.scorers.protected import measured_files
from assay.scorers.quality import Part, complexity, lint, source_lines
from assay.scorers.verdict import Verdict, judge
from assay.scorers.verification import Bench, Manner, verify
from assay.suites.base import Task

METRICS = ("solved", "tests", "lint", "lint_per_100", "complexity", "complexity_mean")
LOWER_IS_BETTER = frozenset({"lint_per_100", "complexity_mean"})


@dataclass(frozen=True, slots=True)
class Grade(Record):
    """What one verification says about one workspace. Times in seconds, ``cpu_s`` of the whole sandbox."""

    verdict: Verdict
    lint: Part
    complexity: Part
    measured: tuple[str, ...] = ()
    output: str = ""
    measure_s: float | None = None
    check_s: float | None = None
    cpu_s: float | None = None
    wall_s: float | None = None


async def grade(
    task: Task, workspace: Path, changed: Iterable[str], bench: Bench, manner: Manner | None = None
) -> Grade:
    """Verify ``workspace`` in a fresh sandbox. ``changed`` are the paths by which it differs from the start."""
    present = [path.relative_to(workspace).as_posix() for path in _regular_files(workspace)]
    measured = measured_files(task, present, changed, lambda path: (workspace / path).read_bytes())
    verification = await verify(task, workspace, measured, bench, manner)
    report = verification.report or {}
    answers = report.get("measured", {})
    ended = verification.exit
    cpu = None if ended is None or ended.user_s is None else ended.user_s + (ended.system_s or 0.0)
    return Grade(
        verdict=judge(task, verification),
        lint=lint(task.language, measured, source_lines(workspace, measured), answers.get("lint")),
        complexity=complexity(task.language, measured, answers.get("complexity")),
        measured=measured,
        output=report.get("output", ""),
        measure_s=report.get("measure_s"),
        check_s=report.get("check_s"),
        cpu_s=cpu,
        wall_s=None if ended is None else ended.wall_s,
    )


def _regular_files(workspace: Path) -> Iterator[Path]:
    return (path for path in sorted(workspace.rglob("*")) if path.is_file() and not path.is_symlink())


def scores(attempt: str, step: int, scorer: str, scorer_hash: str, graded: Grade) -> tuple[Score, ...]:
    """Return the Score records of a grade: ``solved`` 0 or 1, ``tests`` 0..1, the parts 0..100, and raw numbers."""
    verdict = graded.verdict
    solved = None if verdict.solved is None else float(verdict.solved)
    parts = (graded.lint, graded.complexity)
    values = (solved, verdict.tests, *(value for part in parts for value in (part.score, part.raw)))
    reasons = (verdict.reason, verdict.reason, *(part.reason for part in parts for _ in range(2)))
    if solved is None:
        # Without a verdict the trial leaves the denominator, and so do its parts.
        values, reasons = (None,) * len(METRICS), (verdict.reason or "not_verified",) * len(METRICS)
    return tuple(
        Score(attempt, step, scorer, scorer_hash, name, value, reason, higher_is_better=name not in LOWER_IS_BETTER)
        for name, value, reason in zip(METRICS, values, reasons, strict=True)
    )


def unscored(
    attempt: str, step: int, scorer: str, scorer_hash: str, reason: str, solved: float | None
) -> tuple[Score, ...]:
    """Return scores where nothing was verified: all None, or ``solved`` and ``tests`` 0 by rule, with the reason."""
    return tuple(
        Score(
            attempt,
            step,
            scorer,
            scorer_hash,
            name,
            solved if name in {"solved", "tests"} else None,
            reason,
            higher_is_better=name not in LOWER_IS_BETTER,
        )
        for name in METRICS
    )


def write_output(folder: Path, content: dict[str, Any]) -> Path:
    """Write ``verifier.json`` into the scorer's own folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "verifier.json"
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
