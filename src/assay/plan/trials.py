"""Which trials there are, and in what order. Pure functions of arms, tasks and a seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assay.identity import content_id
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
) -> tuple[Trial, ...]:
    """Return every trial in the order in which to run it. ``without`` are (arm id, task id) cells left out.

    A round is one repetition of everything. In a round the tasks come in a seeded order, and at each task all arms,
    again in a seeded order: arms of one task run side by side, so that drift of a provider or machine falls on
    all of them alike and cannot look like an effect (randomised complete blocks). Places are drawn from hashes,
    so more repetitions, tasks or arms leave ids and relative order of earlier trials as they were.
    """
    trials: list[Trial] = []
    for repetition in range(repetitions):
        places = {content_id("task order", [seed, repetition, task.hash]): task for task in tasks}
        for place, task in sorted(places.items()):
            for arm in _shuffled([arm.id for arm in arms], place):
                if (arm, task.id) not in without:
                    identity = trial_id(arm, task.hash, repetition)
                    trials.append(Trial(identity, run_id, arm, task.id, task.hash, repetition, len(trials)))
    return tuple(trials)


def _shuffled(arms: Sequence[ArmId], place: str) -> list[ArmId]:
    return sorted(arms, key=lambda arm: content_id("arm order", [place, arm]))
