"""An experiment with every name resolved: arms, tasks, providers. Nothing is written, nothing is spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.agents.kinds import agent_infos
from assay.errors import ExperimentError
from assay.evidence.lock import Lock, LockedTask
from assay.experiment.arms import expand_arms, providers
from assay.experiment.model import Experiment
from assay.providers import Provider
from assay.records import Arm
from assay.suites.base import Task
from assay.suites.load import load_suite


@dataclass(frozen=True, slots=True)
class Design:
    """What an experiment comes to on this machine. ``base`` is the folder its relative paths start from."""

    experiment: Experiment
    base: Path
    arms: tuple[Arm, ...]
    tasks: tuple[Task, ...]
    providers: Mapping[str, Provider]

    @property
    def simulated(self) -> bool:
        """True when any arm's model is the Lab's."""
        return any(arm.provider and self.providers[arm.provider].simulated for arm in self.arms)

    def lock(self, run_id: str, created: int, machine: Mapping[str, object]) -> Lock:
        """Freeze: what is written as ``lock.json`` before the first claim."""
        experiment = self.experiment
        return Lock(
            run_id=run_id,
            name=experiment.name,
            created=created,
            experiment_id=experiment.id,
            experiment={**experiment.to_data(), "conditions": experiment.conditions()},
            arms=self.arms,
            tasks=tuple(locked_task(task) for task in self.tasks),
            repetitions=experiment.reps,
            seed=experiment.seed,
            simulated=self.simulated,
            primary=experiment.primary,
            weights=experiment.weights,
            providers={
                name: provider.to_json()
                for name, provider in sorted(self.providers.items())
                if any(arm.provider == name for arm in self.arms)
            },
            predict=experiment.predict.model_dump(mode="json"),
            prediction_id=experiment.prediction_id,
            excluded=tuple(entry.model_dump(mode="json", exclude_none=True) for entry in experiment.excluded),
            machine=machine,
        )


def locked_task(task: Task) -> LockedTask:
    """Return what the lock keeps of a task."""
    return LockedTask(
        id=task.id,
        hash=task.hash,
        type=task.type,
        difficulty=task.difficulty,
        language=task.language,
        tags=task.tags,
        expects_start_to_pass=task.expects_start_to_pass,
    )


def load_tasks(experiment: Experiment, base: Path) -> tuple[Task, ...]:
    """Load the experiment's suites and keep the tasks that it asks for, in the suites' order."""
    wanted = experiment.tasks
    found: dict[str, Task] = {}
    for entry in experiment.suite:
        spec = entry.model_dump(mode="json", exclude_none=True)
        if not spec.get("tasks"):
            spec.pop("tasks", None)
        for task in load_suite(
            spec,
            base,
            tasks=wanted.ids,
            types=wanted.types,
            tags=wanted.tags,
            difficulties=wanted.difficulties,
        ):
            if task.id in found:
                raise ExperimentError(f"two suites hold a task called {task.id!r}", where=experiment.place("suite"))
            found[task.id] = task
    return tuple(found.values())


def resolve(experiment: Experiment, base: Path) -> Design:
    """Resolve every name. Raises ``ExperimentError`` or ``TaskError`` naming file and line."""
    tasks = load_tasks(experiment, base)
    known = providers(experiment, base)
    arms = expand_arms(experiment, agent_infos())
    return Design(experiment=experiment, base=base, arms=arms, tasks=tasks, providers=known)
