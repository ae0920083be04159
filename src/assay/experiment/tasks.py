"""Which tasks an experiment is about."""

from __future__ import annotations

from collections.abc import Sequence

from assay.errors import ExperimentError, TaskError
from assay.experiment.model import Experiment
from assay.names import suggestion
from assay.records import Arm, ArmId
from assay.suites.base import Task
from assay.suites.load import load_suite, select


def experiment_tasks(experiment: Experiment) -> tuple[Task, ...]:
    """Load the experiment's suites and keep what its filter asks for, in suite order.

    Raises ``TaskError`` from the suites, and ``ExperimentError`` for ids that two suites share, for names that no task
    has, and for a filter that fits nothing.
    """
    found: dict[str, Task] = {}
    for number, suite in enumerate(experiment.suite):
        try:
            spec = {"path": suite.path, "format": suite.format, "tasks": list(suite.tasks)}
            loaded = load_suite(spec, experiment.folder)
        except TaskError as error:
            where = error.where or experiment.place("suite", number)
            raise TaskError(error.what, where=where, remedy=error.remedy) from error
        for task in loaded:
            if task.id in found:
                where = experiment.place("suite", number)
                raise ExperimentError(f"two suites have a task '{task.id}'", where=where)
            found[task.id] = task
    kept = _filtered(experiment, tuple(found.values()))
    _check_names(experiment, kept)
    return kept


def left_out(experiment: Experiment, arms: Sequence[Arm], tasks: Sequence[Task]) -> frozenset[tuple[ArmId, str]]:
    """Return the (arm id, task id) cells that ``excluded`` takes out of the plan."""
    cells: set[tuple[ArmId, str]] = set()
    for number, entry in enumerate(experiment.excluded):
        labels = [arm.label for arm in arms]
        for label in entry.arm:
            if label not in labels:
                where = experiment.place("excluded", number, "arm")
                raise ExperimentError(f"there is no arm '{label}'", where=where, remedy=suggestion(label, labels))
        cells |= {
            (arm.id, task.id)
            for arm in arms
            for task in tasks
            if (not entry.arm or arm.label in entry.arm) and (not entry.task or task.id in entry.task)
        }
    return frozenset(cells)


def _filtered(experiment: Experiment, tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    wanted = experiment.tasks
    try:
        kept = select(
            tasks,
            tasks=wanted.ids,
            types=wanted.types,
            tags=wanted.tags,
            difficulties=wanted.difficulties,
        )
    except TaskError as error:
        raise ExperimentError(error.what, where=experiment.place("tasks"), remedy=error.remedy) from error
    kept = tuple(task for task in kept if not wanted.languages or task.language in wanted.languages)
    if not kept:
        raise ExperimentError("no task fits 'tasks'", where=experiment.place("tasks"))
    return kept


def _check_names(experiment: Experiment, tasks: Sequence[Task]) -> None:
    """Every task that a prediction or an exclusion names must be there."""
    ids = [task.id for task in tasks]
    predicted = [(("predict", key), getattr(experiment.predict, key)) for key in ("floor", "headroom")]
    excluded = [(("excluded", number, "task"), entry.task) for number, entry in enumerate(experiment.excluded)]
    for path, names in (*predicted, *excluded):
        for name in names:
            if name not in ids:
                where = experiment.place(*path, name)
                raise ExperimentError(f"there is no task '{name}'", where=where, remedy=suggestion(name, ids))
