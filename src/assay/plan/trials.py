"""Which trials there are, and in what order. Pure functions of arms, tasks and a seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

from assay.errors import InputError
from assay.experiment.names import suggestion
from assay.identity import content_id
from assay.records import Arm, ArmId, Record, Trial, trial_id


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


@dataclass(frozen=True, slots=True)
class Selection(Record):
    """Which part of a plan: ``--tasks --arms --reps --limit``. Empty or None = all.

    ``tasks`` are ids or globs. ``arms`` are labels, globs on labels, names of parts (``tuned``), or the start of an
    id. ``repetitions`` keeps the first so many rounds, ``limit`` the first so many trials of what is left.
    """

    tasks: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    repetitions: int | None = None
    limit: int | None = None

    @property
    def everything(self) -> bool:
        """True when nothing is left out."""
        return self == Selection()


def choose(trials: Iterable[Trial], arms: Sequence[Arm], selection: Selection) -> tuple[Trial, ...]:
    """Return the selected trials in plan order. Raises ``InputError`` for a pattern that fits nothing."""
    planned = tuple(trials)
    wanted_arms = _arms(arms, selection.arms)
    wanted_tasks = _tasks({trial.task for trial in planned}, selection.tasks)
    kept = tuple(
        trial
        for trial in planned
        if trial.arm in wanted_arms
        and trial.task in wanted_tasks
        and (selection.repetitions is None or trial.repetition < selection.repetitions)
    )
    return kept if selection.limit is None else kept[: selection.limit]


def matches_arm(arm: Arm, pattern: str) -> bool:
    """Tell whether a person means this arm: by label, glob, name of a part, or start of the id (4 digits or more)."""
    parts = {*arm.names.values(), *(name.rpartition("/")[2] for name in arm.names.values())}
    by_id = len(pattern) >= 4 and arm.id.startswith(pattern)  # noqa: PLR2004 - shorter ones would be words
    return pattern == arm.label or pattern in parts or fnmatchcase(arm.label, pattern) or by_id


def _arms(arms: Sequence[Arm], patterns: Sequence[str]) -> frozenset[ArmId]:
    if not patterns:
        return frozenset(arm.id for arm in arms)
    for pattern in patterns:
        if not any(matches_arm(arm, pattern) for arm in arms):
            raise InputError(f"no arm is called '{pattern}'", remedy=suggestion(pattern, [arm.label for arm in arms]))
    return frozenset(arm.id for arm in arms if any(matches_arm(arm, pattern) for pattern in patterns))


def _tasks(known: set[str], patterns: Sequence[str]) -> set[str]:
    if not patterns:
        return known
    for pattern in patterns:
        if not any(fnmatchcase(task, pattern) for task in known):
            raise InputError(f"no task is called '{pattern}'", remedy=suggestion(pattern, known))
    return {task for task in known if any(fnmatchcase(task, pattern) for pattern in patterns)}
