"""The report as a table: one row per arm and task, for a spreadsheet or a data frame."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from typing import TypeAlias

from assay.analysis.base import Analysis
from assay.evidence.facts import CellFact, Facts, Sums
from assay.evidence.lock import Lock, LockedTask
from assay.report.material import Material, in_order, shown

Value: TypeAlias = "str | int | float | bool | None"

# A spreadsheet runs a text that begins so as a formula.
FORMULA = ("=", "+", "-", "@")

NO_CELL = CellFact(arm="", task="", planned=0, settled=0, attempts=0, lost_attempts=0)


def render_csv(analysis: Analysis, lock: Lock, facts: Facts) -> str:
    """Return RFC 4180 text with a header. An empty field is a missing value; ``simulated`` is in every row."""
    made = shown(analysis, lock, facts)
    tasks = {task.id: task for task in made.lock.tasks}
    outcomes = list(made.by_outcome())
    metrics = sorted({metric for cell in made.facts.cells for metric in cell.metrics})
    rows = [_row(made, cell, tasks.get(cell.task), outcomes, metrics) for cell in made.facts.cells]
    header = list(_row(made, NO_CELL, None, outcomes, metrics))
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, header)
    writer.writeheader()
    writer.writerows({key: _field(value) for key, value in row.items()} for row in rows)
    return stream.getvalue()


def _field(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return repr(value)


def _row(
    made: Material, cell: CellFact, task: LockedTask | None, outcomes: list[str], metrics: list[str]
) -> dict[str, Value]:
    counted = in_order(cell.by_outcome)
    row: dict[str, Value] = {
        "run_id": made.lock.run_id,
        "simulated": made.analysis.simulated,
        "arm_id": cell.arm,
        "arm": made.name(cell.arm),
        "task": cell.task,
        "type": task.type if task else None,
        "difficulty": task.difficulty if task else None,
        "planned": cell.planned,
        "settled": cell.settled,
        "attempts": cell.attempts,
        "lost_attempts": cell.lost_attempts,
        **_sums("solved", cell.solved),
        "cost_usd": cell.cost.total if cell.cost.n else None,
        "cost_unknown": cell.cost.unknown,
        "cost_is_lower_bound": bool(cell.cost_is_lower_bound),
        "wall_s_mean": cell.wall_s.mean,
        "simulated_s_mean": cell.simulated_s.mean,
        **cell.tokens.to_json(),
        "tokens_unknown": cell.tokens_unknown,
        "calls": cell.calls,
    }
    for metric in metrics:
        row |= _sums(metric, cell.metrics.get(metric, Sums()))
    row |= {f"outcome_{outcome}": counted.get(outcome, 0) for outcome in outcomes}
    row["complaints"] = _counts(cell.complaints)
    return row


def _sums(name: str, sums: Sums) -> dict[str, Value]:
    variance = sums.variance
    return {
        f"{name}_n": sums.n,
        f"{name}_unknown": sums.unknown,
        f"{name}_mean": sums.mean,
        f"{name}_sd": None if variance is None else math.sqrt(variance),
    }


def _counts(counts: Mapping[str, int]) -> str:
    return " ".join(f"{key}={counts[key]}" for key in sorted(counts) if counts[key])
