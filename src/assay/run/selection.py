"""Which of the planned trials to run now: ``--tasks --arms --reps --limit``. The plan itself stays whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from assay.errors import InputError
from assay.evidence.lock import Lock
from assay.records import Trial, TrialId


@dataclass(frozen=True, slots=True)
class Selection:
    """Patterns of task ids and arm labels (``*`` works), the first ``reps`` repetitions, the first ``limit`` trials."""

    tasks: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    reps: int | None = None
    limit: int | None = None

    def choose(self, trials: Iterable[Trial], lock: Lock) -> frozenset[TrialId]:
        """Return the ids that fit. Raises ``InputError`` when a pattern fits nothing."""
        labels = {arm.id: arm.label for arm in lock.arms}
        _refuse_useless(self.tasks, [task.id for task in lock.tasks], "--tasks", "task")
        _refuse_useless(self.arms, [*labels.values(), *labels], "--arms", "arm")
        fitting = [
            trial
            for trial in trials
            if (not self.tasks or _fits(trial.task, self.tasks))
            and (not self.arms or _fits(labels[trial.arm], self.arms) or _fits(trial.arm, self.arms))
            and (self.reps is None or trial.repetition < self.reps)
        ]
        fitting.sort(key=lambda trial: trial.order)
        return frozenset(trial.id for trial in fitting[: self.limit])


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _refuse_useless(patterns: Iterable[str], names: Iterable[str], option: str, noun: str) -> None:
    known = list(names)
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise InputError(
                f"{option} {pattern!r} fits no {noun} of this run", remedy=f"There are: {', '.join(known)}"
            )
