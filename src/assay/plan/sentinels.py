"""Drift sentinels: the same few trials again and again over the run's course. Pure.

They are trials like any other, with a negative number in place of a repetition: -1 is the first round. So their ids
collide with no repetition and change with nothing, however much a run grows, and nobody counts them as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from assay.errors import ExperimentError
from assay.experiment.labels import ANCHORS
from assay.records import Arm, ArmId, Trial

UNTELLING = frozenset({"floor", "headroom"})
"""Difficulties whose outcome is known beforehand."""


class GradedTask(Protocol):
    """What choosing sentinels reads of a task: loaded ones have it, and locked ones."""

    @property
    def id(self) -> str:
        """Unique in the experiment."""
        ...

    @property
    def hash(self) -> str:
        """Content of the task's folder."""
        ...

    @property
    def difficulty(self) -> str:
        """One of the five words."""
        ...


@dataclass(frozen=True, slots=True)
class Sentinels:
    """(arm id, task id, task hash) of one round, and how many trials of the comparison lie between two rounds."""

    cells: tuple[tuple[ArmId, str, str], ...]
    every: int


def chosen_sentinels(
    declared: Mapping[str, Any] | None, arms: Sequence[Arm], tasks: Sequence[GradedTask]
) -> Sentinels | None:
    """Return the round that an experiment's ``sentinels`` asks for; None when it asks for none.

    Drift belongs to a model: of every model the first arm is repeated, without arms that are controls. Both orders
    are the declared ones, to which extending a run only appends. Raises ``ExperimentError`` for a task that is not
    there, and for more tasks than there are.
    """
    if not declared:
        return None
    firsts: dict[tuple[str, str], ArmId] = {}
    for arm in arms:
        if arm.agent not in ANCHORS and "control" not in arm.names:
            firsts.setdefault((arm.provider, arm.model), arm.id)
    chosen = _tasks(declared["tasks"], tasks)
    cells = tuple((arm, task.id, task.hash) for task in chosen for arm in firsts.values())
    return Sentinels(cells, int(declared["every"]))


def is_sentinel(trial: Trial) -> bool:
    """True for a trial that the comparison does not count."""
    return trial.repetition < 0


def _tasks(wanted: Any, tasks: Sequence[GradedTask]) -> Sequence[GradedTask]:
    if isinstance(wanted, int):
        telling = [task for task in tasks if task.difficulty not in UNTELLING]
        if len(telling) < wanted:
            what = f"'sentinels' asks for {wanted} tasks, but {len(telling)} are neither floor nor headroom"
            raise ExperimentError(what, remedy="Ask for fewer, or name them")
        return telling[:wanted]
    known = {task.id: task for task in tasks}
    for name in wanted:
        if name not in known:
            raise ExperimentError(f"'sentinels' names the task '{name}', which is not in the experiment")
    return [known[name] for name in wanted]
