"""``assay try``: from a key in the environment to a first verdict, with what it costs said before."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml

from assay.cli.options import PATH, json_option, sandbox_option
from assay.cli.output import duration, page, print_json, progress, table, usd
from assay.cli.plan import summarise
from assay.cli.run import finish, try_agents
from assay.cli.try_repo import Wanted, write_suite
from assay.cli.watching import observer
from assay.errors import InputError
from assay.evidence.layout import RunFolder
from assay.experiment.load import load_experiment, parse_experiment
from assay.experiment.model import Experiment
from assay.plan import PlanSummary
from assay.report.json_report import report_data
from assay.run.design import resolve
from assay.run.driver import DriveOptions
from assay.run.execute import RUNS, execute
from assay.run.preflight import preflight
from assay.run.trying import PROPOSED, Fitting, first_calls, fit, keys_found, proposed
from assay.sandboxes.kinds import sandbox_kind


@click.command("try")
@click.argument("models", nargs=-1, metavar="MODEL...")
@click.option("--agent", "agents", multiple=True, metavar="AGENT", help="May be repeated; default: api.")
@click.option("--max-cost", type=click.FloatRange(min=0), default=1.0, show_default=True, metavar="USD")
@click.option("--repo", type=PATH, help="Your own repository in place of the built-in tasks; needs --verify.")
@click.option("--verify", metavar="COMMAND", help='What fails before and passes after, for example "pytest -q".')
@click.option("--prompt", metavar="TEXT", help="The task, in words, or @FILE.")
@click.option("--commits", metavar="A..B", help="Or tasks from commits: each one's message, its tests hidden.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--out", type=PATH, help="Where to put experiment file and run; default: below runs/.")
@sandbox_option
@json_option
def try_models(  # noqa: PLR0917 - one parameter per option
    models: tuple[str, ...],
    agents: tuple[str, ...],
    max_cost: float,
    repo: Path | None,
    verify: str | None,
    prompt: str | None,
    commits: str | None,
    yes: bool,
    out: Path | None,
    sandbox: str | None,
    as_json: bool,
) -> None:
    """Compare MODELs now: one tiny call each, then trials, dollars and minutes, your yes, and a verdict.

    Keys come from the environment. Without a MODEL it says which could be tried. The experiment file that was run is
    left behind, for 'assay run'.
    """
    if not models:
        _propose(as_json=as_json)
        return
    if not yes and not sys.stdin.isatty():
        raise InputError("nobody can be asked here, and this spends money", remedy="Give --yes")
    wanted = Wanted.of(repo, verify, prompt, commits)
    folder = out or RUNS / time.strftime("try-%Y%m%d-%H%M%S", time.gmtime())
    if folder.exists() and any(folder.iterdir()):
        raise InputError("holds something already", where=folder, remedy="Give an empty or new folder with --out")
    asked = Asked(tuple(models), tuple(agents) or ("api",), max_cost, wanted)
    _check(asked, folder)
    chosen = _prepare(asked, folder, sandbox)
    _go(chosen, folder, sandbox, yes=yes, as_json=as_json)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked on the command line."""

    models: tuple[str, ...]
    agents: tuple[str, ...]
    max_cost: float
    repo: Wanted | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What will be run, and why this much of it."""

    experiment: Experiment
    path: Path
    fitting: Fitting
    anchors: bool


def _propose(*, as_json: bool) -> None:
    """Say which models the keys that are here could compare."""
    found = keys_found()
    models = proposed(found)
    command = f"assay try {' '.join(models)}"
    if as_json:
        print_json({"keys": list(found), "proposed": list(models), "command": command})
        return
    console = page()
    names = ", ".join(PROPOSED)
    said = f"keys found for {', '.join(found)}" if found else f"no key found (looked for: {names}); simulated models"
    console.print(f"{said[0].upper()}{said[1:]}. For example:\n  {command}")


def _check(asked: Asked, folder: Path) -> None:
    """Look at names, keys and prices first: before a repository is proved, a folder made or a call sent."""
    built_in = Asked(asked.models, asked.agents, asked.max_cost, None)
    design = resolve(parse_experiment(_text(built_in, None), folder / "experiment.yaml"))
    preflight(design, DriveOptions(max_cost=asked.max_cost))


def _prepare(asked: Asked, folder: Path, sandbox: str | None) -> Chosen:
    """Choose what fits and write the experiment file. Spends nothing."""
    path = folder / "experiment.yaml"
    if asked.repo is not None:
        with tempfile.TemporaryDirectory(prefix="assay-try-") as scratch:
            write_suite(asked.repo, folder / "suite", Path(scratch), sandbox)
    fitting = fit(parse_experiment(_text(asked, None), path), asked.max_cost)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(asked, fitting), encoding="utf-8")
    anchors = asked.repo is None or asked.repo.prompt is None  # nobody knows the solution of a prompt
    return Chosen(load_experiment(path), path, fitting, anchors)


def _text(asked: Asked, fitting: Fitting | None) -> str:
    """Return the experiment file."""
    data: dict[str, Any] = {
        "name": "try",
        "question": "Which of these solves more of these tasks, and at what cost?",
        "suite": "focused" if asked.repo is None else "suite",
        "agents": list(asked.agents),
        "models": list(asked.models),
        "max_cost": asked.max_cost,
    }
    head = "# Written by 'assay try'. What can stand here: docs/experiment.md\n"
    if fitting is not None:
        data |= {"reps": fitting.reps, "tasks": list(fitting.tasks)}
        head += f"# Tasks: {fitting.why}.\n"
    return head + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)


def _go(chosen: Chosen, folder: Path, sandbox: str | None, *, yes: bool, as_json: bool) -> None:
    """Call each model once, show what comes, ask, and run."""
    experiment = chosen.experiment
    options = DriveOptions(max_cost=experiment.max_cost, concurrency=experiment.concurrency, anchors=chosen.anchors)
    run = RunFolder(folder / "run")
    kind = sandbox_kind(sandbox)
    calls = asyncio.run(first_calls(experiment, run, options, kind, chosen.path))
    plan = summarise(resolve(experiment))
    _show(calls, plan, chosen.fitting, experiment.max_cost)
    later = f"assay run {chosen.path} --out {run.root}"
    if not yes and not click.confirm("Run it?", default=True, err=True):
        progress().print(f"Nothing more was spent. Later: {later}")
        return
    with observer() as watch:
        try_agents(experiment, sandbox, watch)
        done = asyncio.run(execute(experiment, run, options, source=chosen.path, sandbox=sandbox, observer=watch))
    if as_json:
        tried = {"experiment": str(chosen.path), "run": str(run.root), "why": chosen.fitting.why, "calls": list(calls)}
        print_json({"tried": tried, **report_data(done.reading.analysis, done.reading.lock, done.reading.facts)})
    else:
        finish(done, as_json=False)
        progress().print(f"Experiment: {chosen.path}. More of it: {later} --reps N")


def _show(calls: Sequence[Mapping[str, Any]], plan: PlanSummary, fitting: Fitting, max_cost: float) -> None:
    """Say what the models answered and what the run would come to, on stderr."""
    console = page(sys.stderr)
    shown = table(["model", "answers as", "after", "limits", "this call"])
    for call in calls:
        limits = ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in call["limits"].items())
        cost = None if call["cost"] is None else call["cost"] / 1e9
        served = call["served"] or "it does not say"
        name = f"{call['provider']}/{call['model']}"
        shown.add_row(name, served, f"{call['latency_ms']:.0f} ms", limits or "not stated", usd(cost))
    console.print(shown)
    money = plan.cost_usd
    real = any(arm.model and not arm.simulated for arm in plan.arms)
    cost_text = (
        f"{usd(money.low)} to {usd(money.high)}, likely {usd(money.likely)}; never above {usd(max_cost)} but for calls "
        "under way"
        if real and money is not None
        else "$0: simulated models"
    )
    minutes = f"{duration(plan.minutes.low)} to {duration(plan.minutes.high)}, likely {duration(plan.minutes.likely)}"
    console.print(f"{plan.n_trials} trials: {fitting.why}")
    console.print(f"cost: {cost_text}")
    console.print(f"time: {minutes} (rough guesses, with {os.cpu_count() or 1} processors)")
