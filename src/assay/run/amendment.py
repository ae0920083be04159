"""Extending a run: what may change between two `assay run` of one folder, and what asks for a new run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from assay.errors import RunError
from assay.evidence.lock import Lock, LockedTask
from assay.records import Arm, Record

_REMEDY = "Start a new run (--new, or another --out), or undo the change"


@dataclass(frozen=True, slots=True)
class Amendment(Record):
    """What was added to a run after its start. ``seen`` counts the trials whose outcome was known by then."""

    number: int
    arms: tuple[Arm, ...]
    tasks: tuple[LockedTask, ...]
    repetitions: int
    experiment_id: str
    seen: int
    became_exploratory: bool

    @property
    def sentence(self) -> str:
        """For people."""
        parts = [
            f"{len(self.arms)} more arms" if self.arms else "",
            f"{len(self.tasks)} more tasks" if self.tasks else "",
            f"repetitions raised to {self.repetitions}",
        ]
        text = f"amendment {self.number}: {', '.join(part for part in parts if part)}; {self.seen} trials were settled"
        return text + ("; the run is exploratory from here on" if self.became_exploratory else "")


def amend(old: Lock, new: Lock, *, number: int, seen: int) -> Amendment | None:
    """Compare what a run resolved with what the file says now; None when nothing was added.

    Raises ``RunError`` when existing trials would no longer be what they were: a changed or removed task or arm,
    other limits, weights, seed, providers or primary measure. Fewer repetitions change nothing here: what is
    planned stays planned (see ``execute``).
    """
    _refuse_changed_tasks(old, new)
    _refuse_changed_arms(old, new)
    _refuse_changed_conditions(old.experiment.get("conditions", {}), new.experiment.get("conditions", {}))
    known = {arm.id for arm in old.arms}
    arms = tuple(arm for arm in new.arms if arm.id not in known)
    hashes = {task.hash for task in old.tasks}
    tasks = tuple(task for task in new.tasks if task.hash not in hashes)
    if not arms and not tasks and new.repetitions <= old.repetitions:
        return None
    confirmatory = old.experiment.get("mode") == "confirmatory"
    return Amendment(
        number, arms, tasks, max(old.repetitions, new.repetitions), new.experiment_id, seen, bool(confirmatory and seen)
    )


def effective_lock(lock: Lock, amendments: Iterable[Mapping[str, Any]]) -> Lock:
    """Return the lock with everything that amendments added; ``lock.json`` itself never changes."""
    for note in amendments:
        arms = tuple(Arm.from_json(arm) for arm in note["arms"])
        tasks = tuple(LockedTask.from_json({**task, "tags": tuple(task["tags"])}) for task in note["tasks"])
        lock = replace(
            lock,
            arms=lock.arms + arms,
            tasks=lock.tasks + tasks,
            repetitions=int(note["repetitions"]),
            experiment={**lock.experiment, **({"mode": "exploratory"} if note["became_exploratory"] else {})},
        )
    return lock


def _refuse_changed_tasks(old: Lock, new: Lock) -> None:
    now = {task.id: task.hash for task in new.tasks}
    for task in old.tasks:
        if task.id not in now:
            raise RunError(f"task {task.id!r} is in the run but no longer in the experiment", remedy=_REMEDY)
        if now[task.id] != task.hash:
            raise RunError(f"the content of task {task.id!r} has changed since the run started", remedy=_REMEDY)


def _refuse_changed_arms(old: Lock, new: Lock) -> None:
    now = {arm.id for arm in new.arms}
    for arm in old.arms:
        if arm.id in now:
            continue
        twin = next((other for other in new.arms if other.names == arm.names and other.agent == arm.agent), None)
        if twin is None:
            raise RunError(f"arm {arm.label!r} is in the run but no longer in the experiment", remedy=_REMEDY)
        before, after = arm.to_json(), twin.to_json()
        changed = [key for key in before if before[key] != after[key] and key not in {"label", "names"}]
        raise RunError(f"arm {arm.label!r} has changed since the run started: {', '.join(changed)}", remedy=_REMEDY)


def _refuse_changed_conditions(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            raise RunError(
                f"'{key}' has changed since the run started (was {old.get(key)}, is {new.get(key)})", remedy=_REMEDY
            )
