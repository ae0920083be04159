"""``assay route``: from a run to a routing policy, and from a policy to an arm."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import click

from assay.cli.options import PATH, json_option, run_argument
from assay.cli.output import page, print_json, table
from assay.cli.report import read_folder
from assay.names import suggestion
from assay.policy import Policy, decide, read_policy, write_policy
from assay.records import Target
from assay.routing.fit import fit_policy

TARGETS = {"new": Target.TASKS_LIKE_THESE, "these": Target.THESE_TASKS}


@click.group(no_args_is_help=True)
def route() -> None:
    """Which arm for which kind of task (docs/routing.md)."""


@route.command("fit")
@run_argument
@click.option("-o", "--output", type=PATH, help="Where to write the policy; default: policy.yaml in the run folder.")
@click.option(
    "--for",
    "target",
    type=click.Choice(list(TARGETS)),
    default="new",
    show_default=True,
    help="'new' tasks like these, or 'these' very tasks again.",
)
@click.option("--value", type=click.FloatRange(min=0), metavar="USD", help="What a solved task is worth to you.")
@click.option("--margin", type=click.FloatRange(min=0, min_open=True), help="Points that do not matter to you.")
@json_option
def fit(run: Path, output: Path | None, target: str, value: float | None, margin: float | None, as_json: bool) -> None:
    """Write the policy that RUN supports: per task type a route or the default, with its held-out gain."""
    reading = asyncio.run(read_folder(run))
    stored = output is not None or os.access(run, os.W_OK)
    fitted = fit_policy(reading.facts, reading.lock, target=TARGETS[target], value_usd=value, margin=margin)
    path = output or run / "policy.yaml"
    if stored:
        write_policy(fitted, path)
    else:
        click.echo(f"not written: {run} cannot be written; choose a file with -o", err=True)
    if as_json:
        print_json(fitted.to_json())
        return
    show_policy(fitted)
    if stored:
        click.echo(f"policy: {path}")


@route.command("decide")
@click.argument("policy", type=PATH)
@click.argument("task_type", required=False)
@json_option
def decide_command(policy: Path, task_type: str | None, as_json: bool) -> None:
    """Say which arm POLICY picks for TASK_TYPE; unknown types go to the default."""
    read = read_policy(policy)
    arm = decide(read, task_type)
    known = [one.task_type for one in read.routes]
    if task_type is not None and task_type not in known:
        hint = suggestion(task_type, known)
        click.echo(f"{task_type!r} is no task type of this policy: its default. {hint}".rstrip(), err=True)
    if as_json:
        print_json(arm.to_json())
        return
    click.echo(arm.label)


def show_policy(policy: Policy) -> None:
    """Print the routes with their support, and what the back-test says."""
    console = page()
    if policy.simulated:
        console.print("Simulated results: this policy says nothing about real models.\n")
    console.print(f"default: {policy.default_label} ({policy.default_reason})")
    grid = table(("task type", "decision", "arm", "tasks", "difference", "95%", "why"), numbers=("tasks", "difference"))
    for one in policy.routes:
        interval = "" if one.low is None or one.high is None else f"{one.low:+.2f} to {one.high:+.2f}"
        difference = "" if one.difference is None else f"{one.difference:+.2f}"
        grid.add_row(one.task_type, one.decision, one.label, str(one.n_tasks), difference, interval, one.reason)
    console.print(grid)
    console.print(f"\n{policy.backtest.says}")
    for note in policy.notes:
        console.print(f"note: {note}")
