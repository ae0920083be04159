"""Facts as arrays: one task x arm table of sums per measure, in the lock's order whatever order the cells came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.evidence.facts import CellFact, Facts, Sums
from assay.evidence.lock import Lock, LockedTask
from assay.records import Arm, ArmId

Floats = npt.NDArray[np.float64]

ROUNDING = 1e-12

SOLVED = "solved"
SCORE = "score"
COST = "cost"
WALL = "wall_s"

BOUNDS: Mapping[str, tuple[float, float]] = {SOLVED: (0.0, 1.0), SCORE: (0.0, 100.0)}


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure as arm x task arrays: known values, their sum and sum of squares, and how many are unknown.

    ``means`` are NaN where nothing is known (missing is not zero), ``variances`` (n - 1) below two known values.
    """

    name: str
    n: Floats
    total: Floats
    squares: Floats
    unknown: Floats
    means: Floats
    variances: Floats

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Smallest and largest possible value of one trial, when the measure has them."""
        return BOUNDS.get(self.name)

    @property
    def difference_bounds(self) -> tuple[float, float] | None:
        """Range of a difference of two means."""
        return None if self.bounds is None else (self.bounds[0] - self.bounds[1], self.bounds[1] - self.bounds[0])

    @property
    def per_point(self) -> float:
        """How much of this measure is one point on a scale of 100: rates are fractions."""
        return 0.01 if self.name == SOLVED else 1.0


@dataclass(frozen=True, slots=True)
class Table:
    """All cells of a run by arm and task; ``ids`` are the arms' ids, hashed once.

    ``strays`` counts cells of arms or tasks that the lock does not name.
    """

    arms: tuple[Arm, ...]
    ids: tuple[ArmId, ...]
    tasks: tuple[LockedTask, ...]
    cells: Mapping[tuple[ArmId, str], CellFact]
    strays: int

    def measure(self, name: str) -> Measure:
        """Return ``solved``, ``cost``, ``wall_s``, or the metric of that name, as arrays."""
        arrays = np.zeros((4, len(self.arms), len(self.tasks)))
        for row, arm in enumerate(self.ids):
            for column, task in enumerate(self.tasks):
                sums = _sums(self.cells.get((arm, task.id)), name)
                arrays[:, row, column] = (sums.n, sums.total, sums.squares, sums.unknown)
        n, total, squares, unknown = arrays
        means = np.where(n > 0, total / np.maximum(n, 1), np.nan)
        rest = np.maximum(squares - total**2 / np.maximum(n, 1), 0.0)
        # What is left of a difference of large equal numbers is rounding, not spread.
        rest = np.where(rest <= ROUNDING * squares, 0.0, rest)
        variances = np.where(n > 1, rest / np.maximum(n - 1, 1), np.nan)
        return Measure(name, n, total, squares, unknown, means, variances)

    def of_arm(self, index: int) -> tuple[CellFact, ...]:
        """Cells of one arm in the lock's task order."""
        arm = self.ids[index]
        return tuple(self.cells[arm, task.id] for task in self.tasks if (arm, task.id) in self.cells)

    @property
    def ordinary(self) -> tuple[int, ...]:
        """Indices of the arms that are compared: twins and sabotaged arms are instruments, not candidates."""
        return tuple(index for index, arm in enumerate(self.arms) if not is_control(arm))


def is_control(arm: Arm) -> bool:
    """Return whether an arm is a control: an A/A twin or a sabotaged copy."""
    return arm.replicate > 0 or bool(arm.names.get("control"))


def primary_measure(lock: Lock) -> str:
    """Return the name of the measure that carries the verdict."""
    return SCORE if lock.primary == "composite" else lock.primary


def build_table(facts: Facts, lock: Lock) -> Table:
    """Arrange the cells; cells of arms or tasks outside the lock are counted and left out."""
    ids, tasks = tuple(arm.id for arm in lock.arms), {task.id for task in lock.tasks}
    known = set(ids)
    cells = {(cell.arm, cell.task): cell for cell in facts.cells if cell.arm in known and cell.task in tasks}
    return Table(lock.arms, ids, lock.tasks, cells, len(facts.cells) - len(cells))


def _sums(cell: CellFact | None, name: str) -> Sums:
    if cell is None:
        return Sums()
    own = {SOLVED: cell.solved, COST: cell.cost, WALL: cell.wall_s}
    return own[name] if name in own else cell.metrics.get(name, Sums())
