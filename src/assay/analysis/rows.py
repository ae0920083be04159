"""The plain rows of a report: heatmap squares, task rows, and what became of predictions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assay.analysis.base import Finding, HeatCell, PredictionRow, TaskRow
from assay.analysis.table import SCORE, SOLVED, Measure, Table
from assay.records import Target, Verdict
from assay.stats import mean

# "Nearly all arms solve it" and "few do", as rates averaged over arms.
FLOOR = 0.9
HEADROOM = 1 / 3


def heatmap(table: Table) -> tuple[HeatCell, ...]:
    """Return task type x arm squares (``column`` is the arm's id) for ``solved`` and ``score``."""
    types = list(dict.fromkeys(task.type for task in table.tasks))
    return tuple(
        _square(table, measure, kind, index)
        for measure in (table.measure(SOLVED), table.measure(SCORE))
        for kind in types
        for index in range(len(table.arms))
    )


def _square(table: Table, measure: Measure, kind: str, index: int) -> HeatCell:
    columns = [place for place, task in enumerate(table.tasks) if task.type == kind]
    n = measure.n[index][columns]
    value = mean(measure.means[index][columns])
    unknown = int(measure.unknown[index][columns].sum())
    reason = None
    if value is None:
        reason = f"all {unknown} trials are without a verdict" if unknown else "no trial"
    return HeatCell(
        row=kind,
        column=table.ids[index],
        measure=measure.name,
        mean=value,
        n_tasks=int((n > 0).sum()),
        n_trials=int(n.sum()),
        reason=reason,
    )


def task_rows(table: Table) -> tuple[TaskRow, ...]:
    """Return one row per task, arm and measure (``solved`` and ``score``), in the lock's order."""
    rows = []
    for name in (SOLVED, SCORE):
        for task in table.tasks:
            for arm in table.ids:
                cell = table.cells.get((arm, task.id))
                sums = None if cell is None else (cell.solved if name == SOLVED else cell.metrics.get(SCORE))
                variance = sums.variance if sums else None
                rows.append(
                    TaskRow(
                        task=task.id,
                        type=task.type,
                        difficulty=task.difficulty,
                        arm=arm,
                        measure=name,
                        mean=sums.mean if sums else None,
                        sd=None if variance is None else math.sqrt(variance),
                        least=sums.least if sums else None,
                        most=sums.most if sums else None,
                        n=sums.n if sums else 0,
                        unknown=sums.unknown if sums else 0,
                    )
                )
    return tuple(rows)


def predictions(table: Table, predict: Mapping[str, Any], findings: Sequence[Finding]) -> tuple[PredictionRow, ...]:
    """Score what was predicted before the run: ``floor`` and ``headroom`` tasks, and hypotheses ``A > B``."""
    rows = [_level(table, "floor", str(task)) for task in predict.get("floor") or ()]
    rows += [_level(table, "headroom", str(task)) for task in predict.get("headroom") or ()]
    return (*rows, *(_hypothesis(table, str(text), findings) for text in predict.get("hypotheses") or ()))


def _level(table: Table, kind: str, task: str) -> PredictionRow:
    predicted = "nearly all arms solve it" if kind == "floor" else "few arms solve it"
    places = [place for place, each in enumerate(table.tasks) if each.id == task]
    solved = table.measure(SOLVED)
    rate = mean([solved.means[index][place] for index in table.ordinary for place in places])
    if rate is None:
        observed = "no trial has a verdict" if places else "no such task in this run"
        return PredictionRow(kind, task, predicted, observed, None)
    held = rate >= FLOOR if kind == "floor" else rate <= HEADROOM
    return PredictionRow(kind, task, predicted, f"solved in {rate:.0%} of trials, averaged over arms", held)


def _hypothesis(table: Table, text: str, findings: Sequence[Finding]) -> PredictionRow:
    """``A > B`` with labels or model names is scored; any other sentence is repeated for the reader to judge."""
    names = {
        name: arm.id for arm in reversed(table.arms) for name in (arm.model, arm.names.get("model", ""), arm.label)
    }
    sign = ">" if ">" in text else "<"
    left, _, right = (part.strip() for part in text.partition(sign))
    if left not in names or right not in names:
        return PredictionRow("hypothesis", text, text, "in words: to be judged by the reader", None)
    first, second = (names[left], names[right]) if sign == ">" else (names[right], names[left])
    for finding in findings:
        if finding.target is Target.TASKS_LIKE_THESE and {finding.a, finding.b} == {first, second}:
            forward = finding.a == first
            better = finding.verdict is (Verdict.BETTER if forward else Verdict.WORSE)
            worse = finding.verdict is (Verdict.WORSE if forward else Verdict.BETTER)
            observed = "shown" if better else ("the opposite was shown" if worse else "not established")
            return PredictionRow("hypothesis", text, text, observed, True if better else (False if worse else None))
    return PredictionRow("hypothesis", text, text, "not compared", None)
