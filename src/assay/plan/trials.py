"""Which trials there are, and in what order. Pure functions of arms, tasks and a seed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from assay.identity import content_id
from assay.plan.sentinels import Sentinels
from assay.records import Arm, ArmId, Trial, trial_id


class PlannedTask(Protocol):
    """What a plan reads of a task: loaded ones have it, and locked ones."""

    @property
    def id(self) -> str:
        """Unique in the experiment."""
        ...

    @property
    def hash(self) -> str:
        """Content of the task's folder."""
        ...


def make_plan(
    arms: Sequence[Arm],
    tasks: Sequence[PlannedTask],
    repetitions: int,
    seed: int,
    run_id: str,
    *,
    without: frozenset[tuple[ArmId, str]] = frozenset(),
    sentinels: Sentinels | None = None,
) -> tuple[Trial, ...]:
    """Return every trial in the order in which to run it. ``without`` are (arm id, task id) cells left out.

    A round is one repetition of everything. In a round the tasks come in a seeded order, and at each task all arms,
    again in a seeded order: arms of one task run side by side, so that drift of a provider or machine falls on
    all of them alike and cannot look like an effect (randomised complete blocks). Places are drawn from hashes,
    so more repetitions, tasks or arms leave ids and relative order of earlier trials as they were.

    ``sentinels`` come first, again after so many trials, and at the end.
    """
    compared: list[tuple[ArmId, str, str, int]] = []
    for repetition in range(repetitions):
        places = {content_id("task order", [seed, repetition, task.hash]): task for task in tasks}
        for place, task in sorted(places.items()):
            shuffled = _shuffled([arm.id for arm in arms], place)
            compared += [(arm, task.id, task.hash, repetition) for arm in shuffled if (arm, task.id) not in without]
    planned = compared if sentinels is None else _interleaved(compared, sentinels)
    return tuple(
        Trial(trial_id(arm, task_hash, number), run_id, arm, task, task_hash, number, order)
        for order, (arm, task, task_hash, number) in enumerate(planned)
    )


def _interleaved(
    compared: Sequence[tuple[ArmId, str, str, int]], sentinels: Sentinels
) -> list[tuple[ArmId, str, str, int]]:
    """Put a round of sentinels before every so many trials, and one behind them all."""
    planned: list[tuple[ArmId, str, str, int]] = []
    starts = [*range(0, len(compared), sentinels.every), len(compared)]
    for number, (start, end) in enumerate(pairwise([*starts, len(compared)]), start=1):
        planned += [(*cell, -number) for cell in sentinels.cells]
        planned += compared[start:end]
    return planned


def _shuffled(arms: Sequence[ArmId], place: str) -> list[ArmId]:
    return sorted(arms, key=lambda arm: content_id("arm order", [place, arm]))
