"""``assay demo``: the whole job on simulated models."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from assay.cli.options import json_option, out_option, sandbox_option
from assay.cli.run import finish
from assay.cli.watching import observer
from assay.experiment.load import experiment_from
from assay.run.driver import DriveOptions
from assay.run.execute import choose_folder, execute

QUESTION = "Which of three simulated models is best for these kinds of task, and what does it cost?"


@click.command()
@out_option
@sandbox_option
@click.option(
    "--reps", type=click.IntRange(min=1), default=3, show_default=True, help="Repetitions per model and task."
)
@click.option("--tasks", multiple=True, metavar="ID", help="Task ids of the suite; * works; may be repeated.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the simulated models.")
@click.option("--concurrency", type=click.IntRange(min=1), help="Sandboxes at once.")
@click.option("--new", is_flag=True, help="A fresh run, even if an earlier demo can be resumed.")
@json_option
def demo(
    out: Path | None,
    sandbox: str | None,
    reps: int,
    tasks: tuple[str, ...],
    seed: int,
    concurrency: int | None,
    new: bool,
    as_json: bool,
) -> None:
    """Run 3 simulated models x 24 tasks x 3 repetitions in sandboxes and write the report. No key, no network."""
    experiment = experiment_from(
        name="demo",
        question=QUESTION,
        suite="focused",
        models={"swift": "lab/swift", "steady": "lab/steady", "deep": "lab/deep"},
        reps=reps,
        seed=seed,
        tasks=list(tasks) or None,
    )
    folder = choose_folder(experiment, out, new=new)
    with observer() as watch:
        options = DriveOptions(max_cost=None, concurrency=concurrency)
        done = asyncio.run(execute(experiment, folder, options, sandbox=sandbox, observer=watch))
    finish(done, as_json=as_json)
