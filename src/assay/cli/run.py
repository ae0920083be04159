"""``assay run``: run an experiment, or resume it; the same command."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from assay.agents.catalogue import TOOLS
from assay.cli.experiments import read_experiment
from assay.cli.options import experiment_argument, json_option, out_option, sandbox_option, selection, without_file
from assay.cli.output import page, print_json
from assay.cli.plan import summarise
from assay.cli.plan_page import print_plan
from assay.cli.watching import observer
from assay.errors import InputError
from assay.evidence.layout import RunFolder
from assay.experiment.load import changed
from assay.experiment.model import Experiment
from assay.plan import Selection
from assay.report.json_report import report_data
from assay.report.terminal import print_report
from assay.run.design import resolve
from assay.run.driver import DriveOptions
from assay.run.execute import Executed, choose_folder, execute
from assay.run.progress import Observer
from assay.run.selftest import require_self_tests

_ASK_OTHERWISE = set(TOOLS) - {"aider"}
"""Agents that put dates, random ids or times of commands into their requests."""
EXIT_UNFINISHED = 5
EXIT_INTERRUPTED = 130


@click.command()
@experiment_argument
@without_file
@selection
@out_option
@sandbox_option
@click.option("--new", is_flag=True, help="A fresh run, even if one of that name can be resumed.")
@click.option("--concurrency", type=click.IntRange(min=1), help="Sandboxes at once.")
@click.option("--dry-run", is_flag=True, help="Say what would be run, like 'assay plan'; spend nothing.")
@click.option("--keep-sandbox", is_flag=True, help="Leave the sandboxes' files, to look into them.")
@click.option("--no-probe", is_flag=True, help="Do not make the one tiny call per model at the start.")
@click.option(
    "--replay",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Answer every call from this earlier run: no provider is asked, nothing is spent; what it lacks is an error.",
)
@click.option("--no-self-test", is_flag=True, help="Run agents even when their version fails its self-test.")
@json_option
def run(  # noqa: PLR0917 - one parameter per option
    experiment: Path | None,
    models: tuple[str, ...],
    agents: tuple[str, ...],
    suite: str | None,
    max_cost: float | None,
    seed: int | None,
    tasks: tuple[str, ...],
    arms: tuple[str, ...],
    reps: int | None,
    limit: int | None,
    out: Path | None,
    sandbox: str | None,
    new: bool,
    concurrency: int | None,
    dry_run: bool,
    keep_sandbox: bool,
    no_probe: bool,
    no_self_test: bool,
    replay: Path | None,
    as_json: bool,
) -> None:
    """Run EXPERIMENT, or resume it: the same command. Ctrl-C finishes what runs and leaves a resumable run."""
    read = read_experiment(experiment, models=models, agents=agents, suite=suite, max_cost=max_cost, seed=seed)
    if reps is not None and (experiment is None or reps > read.reps):
        read = changed(read, reps=reps)  # more than the file plans: an extension
    if dry_run:
        summary = summarise(resolve(read))
        if as_json:
            print_json(summary.to_json())
        else:
            print_plan(summary)
        return
    options = DriveOptions(
        max_cost=read.max_cost,
        concurrency=concurrency,
        keep_sandbox=keep_sandbox,
        probe=not no_probe and replay is None,
        replay=replay,
        selection=Selection(tasks, arms, reps, limit),
    )
    folder = choose_folder(read, out, new=new or replay is not None)
    if replay is not None and folder.lock.exists():
        raise InputError("a replay is not mixed with a run that exists", where=folder.root, remedy="Name another --out")
    with observer() as watch:
        if not no_self_test and replay is None:
            try_agents(read, sandbox, watch)
        if replay is not None:
            _say_who_asks_otherwise(read, watch)
        done = asyncio.run(execute(read, folder, options, source=experiment, sandbox=sandbox, observer=watch))
    if keep_sandbox:
        _say_kept(folder)
    finish(done, as_json=as_json)


def try_agents(experiment: Experiment, sandbox: str | None, watch: Observer) -> None:
    """Refuse agents whose installed version fails its self-test. Raises ``MachineError``."""
    names = {arm.agent for arm in resolve(experiment).arms}
    asyncio.run(require_self_tests(names, sandbox, watch))


def _say_who_asks_otherwise(experiment: Experiment, watch: Observer) -> None:
    """A recording answers equal requests only."""
    names = sorted({arm.agent for arm in resolve(experiment).arms} & _ASK_OTHERWISE)
    if names:
        watch.message(f"note: {', '.join(names)}: no two runs send equal requests, so that a replay has no answers")


def _say_kept(folder: RunFolder) -> None:
    kept = sorted(folder.kept.glob("*")) if folder.kept.is_dir() else []
    what = f"sandboxes kept: {len(kept)}, each a folder with workspace and home below {folder.kept}"
    click.echo(what if kept else "no sandbox was kept: nothing was run", err=True)


def finish(done: Executed, *, as_json: bool) -> None:
    """Print what a run came to and leave with the exit code that says how it ended."""
    if as_json:
        print_json(report_data(done.reading.analysis, done.reading.lock, done.reading.facts))
    else:
        console = page()
        print_report(done.reading.analysis, done.reading.lock, done.reading.facts, console)
        console.print(f"report: {done.report}")
    if done.end.reason == "drained":
        click.echo(f"stopped with {done.end.left} trials left; the same command goes on", err=True)
        sys.exit(EXIT_INTERRUPTED)
    if done.end.reason == "max_cost":
        remedy = "raise it with --max-cost and give the same command again"
        click.echo(f"stopped at the cost limit with {done.end.left} trials left; {remedy}", err=True)
        sys.exit(EXIT_UNFINISHED)
