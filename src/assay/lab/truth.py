"""The truth about a set of tasks, as a table: what an experiment on the Lab should find."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from assay.identity import Json
from assay.lab.models import DEEP, STEADY, SWIFT, LabModel, true_success
from assay.suites.base import Task

OVERALL = "all"


def truth_table(
    tasks: Sequence[Task],
    models: Iterable[LabModel] = (SWIFT, STEADY, DEEP),
    variant: Mapping[str, Json] | None = None,
) -> dict[str, dict[str, float]]:
    """Return model -> task type (and ``all``) -> mean of ``true_success`` over these tasks, each counted once."""
    table: dict[str, dict[str, float]] = {}
    for model in models:
        rates: dict[str, list[float]] = defaultdict(list)
        for task in tasks:
            truth = true_success(model, task.type, task.difficulty, task.id, variant)
            rates[task.type].append(truth)
            rates[OVERALL].append(truth)
        table[model.name] = {kind: fmean(values) for kind, values in sorted(rates.items())}
    return table


def routing_gain(table: Mapping[str, Mapping[str, float]], tasks: Sequence[Task]) -> float:
    """Return what sending each type to its truly best model gains over the truly best single model."""
    routed = fmean(max(rates[task.type] for rates in table.values()) for task in tasks)
    return routed - max(rates[OVERALL] for rates in table.values())
