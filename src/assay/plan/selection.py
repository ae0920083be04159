"""A part of a plan, as people ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from assay.errors import InputError
from assay.names import suggestion
from assay.plan.sentinels import is_sentinel
from assay.records import Arm, ArmId, Record, Trial

SHORTEST_ID = 4


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
    """Return the selected trials, in the order given. Raises ``InputError`` for a pattern that fits nothing."""
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
    last = max((trial.order for trial in kept if not is_sentinel(trial)), default=-1)
    kept = tuple(trial for trial in kept if not is_sentinel(trial) or trial.order <= last)
    return kept if selection.limit is None else kept[: selection.limit]


def matches_arm(arm: Arm, pattern: str) -> bool:
    """Tell whether a person means this arm: by label, glob, name of a part, or start of the id."""
    parts = {*arm.names.values(), *(name.rpartition("/")[2] for name in arm.names.values())}
    by_id = len(pattern) >= SHORTEST_ID and arm.id.startswith(pattern)
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
