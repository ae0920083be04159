"""What routing is estimated from: arm x task values, their noise, and what each arm costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.analysis.table import SOLVED, Table, build_table, primary_measure
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.records import Arm

VALUE = "value"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Complete tasks only: every candidate arm has data on each. ``kinds[t]`` indexes ``types``.

    ``values`` are means per arm and task in ``measure`` (a rate, a score, or USD of value minus cost);
    ``noise`` their within-cell variances (NaN = one run); ``cost`` is USD per trial by arm, NaN when unknown.
    ``dropped`` counts tasks that some arm has no data on.
    """

    measure: str
    arms: tuple[Arm, ...]
    tasks: tuple[str, ...]
    types: tuple[str, ...]
    kinds: npt.NDArray[np.int64]
    values: Floats
    noise: Floats
    runs: Floats
    cost: Floats
    cell_cost: Floats
    bounds: tuple[float, float] | None
    dropped: int

    def only(self, keep: npt.NDArray[np.bool_]) -> Grid:
        """Return the same grid with some of its tasks."""
        return Grid(
            measure=self.measure,
            arms=self.arms,
            tasks=tuple(task for task, kept in zip(self.tasks, keep, strict=True) if kept),
            types=self.types,
            kinds=self.kinds[keep],
            values=self.values[:, keep],
            noise=self.noise[:, keep],
            runs=self.runs[:, keep],
            cost=self.cost,
            cell_cost=self.cell_cost[:, keep],
            bounds=self.bounds,
            dropped=self.dropped,
        )


def build_grid(facts: Facts, lock: Lock, value_usd: float | None) -> Grid:
    """Arrange the compared arms' cells. With ``value_usd``, a task's value is that much per solve minus its cost."""
    table = build_table(facts, lock)
    name = SOLVED if value_usd is not None else primary_measure(lock)
    measure = table.measure(name)
    rows = [index for index in table.ordinary if measure.n[index].any()]
    money, charged = _costs(table)
    values, noise = measure.means, measure.variances
    if value_usd is not None:
        spread = value_usd * np.sqrt(measure.variances) + np.sqrt(_cost_variances(table))
        # The covariance of solving and cost is not in the sums: the bound takes the worst one.
        values, noise = value_usd * values - money, spread**2
    complete = np.isfinite(values[rows]).all(axis=0) & bool(rows)
    tasks = [table.tasks[place] for place in np.flatnonzero(complete)]
    types = tuple(dict.fromkeys(task.type for task in table.tasks))
    bounds = None if value_usd is not None else measure.difference_bounds
    return Grid(
        measure=VALUE if value_usd is not None else name,
        arms=tuple(table.arms[index] for index in rows),
        tasks=tuple(task.id for task in tasks),
        types=types,
        kinds=np.array([types.index(task.type) for task in tasks], dtype=np.int64),
        values=values[rows][:, complete],
        noise=noise[rows][:, complete],
        runs=measure.n[rows][:, complete],
        cost=charged[rows],
        cell_cost=money[rows][:, complete],
        bounds=bounds,
        dropped=len(table.tasks) - len(tasks),
    )


def _costs(table: Table) -> tuple[Floats, Floats]:
    """Return mean known cost per trial by (arm, task) and by arm; NaN where unknown."""
    cells = np.full((len(table.arms), len(table.tasks)), np.nan)
    whole = np.full(len(table.arms), np.nan)
    for row, arm in enumerate(table.ids):
        for column, task in enumerate(table.tasks):
            cell = table.cells.get((arm, task.id))
            if cell is not None and cell.cost.mean is not None:
                cells[row, column] = cell.cost.mean
        known = cells[row][np.isfinite(cells[row])]
        # The mean over tasks, so that an arm with a missing dear task does not look cheap for having more cheap runs.
        whole[row] = float(np.sort(known).mean()) if known.size else np.nan
    return cells, whole


def _cost_variances(table: Table) -> Floats:
    out = np.full((len(table.arms), len(table.tasks)), np.nan)
    for row, arm in enumerate(table.ids):
        for column, task in enumerate(table.tasks):
            cell = table.cells.get((arm, task.id))
            if cell is not None and cell.cost.variance is not None:
                out[row, column] = cell.cost.variance
    return out
