"""From a command's arguments to an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from assay.experiment.load import changed, experiment_from, load_experiment
from assay.experiment.model import Experiment


def read_experiment(
    path: Path | None,
    *,
    models: Sequence[str] = (),
    agents: Sequence[str] = (),
    suite: str | None = None,
    reps: int | None = None,
    max_cost: float | None = None,
    seed: int | None = None,
    concurrency: int | None = None,
) -> Experiment:
    """Read the file, or build an experiment from options; options that are given replace the file's values.

    ``--model``, ``--agent`` and ``--suite`` build an experiment; with a file they would silently change what it says,
    so they are refused there.
    """
    values: dict[str, Any] = {"reps": reps, "max_cost": max_cost, "seed": seed, "concurrency": concurrency}
    if path is None:
        if suite is None or not (models or agents):
            raise click.UsageError("give an experiment file, or --model MODEL ... --suite SUITE")
        return experiment_from(models=list(models) or None, agents=list(agents) or None, suite=suite, **values)
    if models or agents or suite:
        raise click.UsageError("--model, --agent and --suite make an experiment without a file: edit the file instead")
    return changed(load_experiment(path), **values)
