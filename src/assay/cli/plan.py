"""``assay plan``: what an experiment would run, cost and be able to show. Spends nothing, writes nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from assay.cli.experiments import read_experiment
from assay.cli.options import experiment_argument, json_option, without_file
from assay.cli.output import print_json
from assay.cli.plan_page import print_plan
from assay.cli.prospects import prospects
from assay.experiment.arm_models import all_models
from assay.experiment.load import experiment_schema
from assay.lab.models import MODELS
from assay.plan import LAB_TIME_SCALE, PlanSummary, Surroundings, describe_plan
from assay.prices.book import PriceBook
from assay.providers import Provider
from assay.records import Arm, Price
from assay.run.design import Design, resolve
from assay.run.simulations import refuse_unknown_simulations


@click.command()
@experiment_argument
@without_file
@click.option("--reps", type=click.IntRange(min=1), help="Repetitions of each arm on each task.")
@click.option("--concurrency", type=click.IntRange(min=1), help="Sandboxes at once.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of experiment files, for editors.")
@json_option
def plan(  # noqa: PLR0917 - one parameter per option
    experiment: Path | None,
    models: tuple[str, ...],
    agents: tuple[str, ...],
    suite: str | None,
    max_cost: float | None,
    seed: int | None,
    reps: int | None,
    concurrency: int | None,
    schema: bool,
    as_json: bool,
) -> None:
    """Say what EXPERIMENT would run, cost and be able to show. Spends nothing."""
    if schema:
        print_json(experiment_schema())
        return
    read = read_experiment(
        experiment,
        models=models,
        agents=agents,
        suite=suite,
        reps=reps,
        max_cost=max_cost,
        seed=seed,
        concurrency=concurrency,
    )
    summary = summarise(resolve(read))
    if as_json:
        print_json(summary.to_json())
    else:
        print_plan(summary)


def summarise(design: Design) -> PlanSummary:
    """Plan an experiment and sum the plan up."""
    experiment = design.experiment
    refuse_unknown_simulations(experiment, design.arms, design.providers)
    trials = design.trials("plan")
    surroundings = Surroundings(
        providers=design.providers,
        prices=_prices(design.arms, design.providers),
        workers=experiment.concurrency or os.cpu_count() or 1,
        lab_time_scale=_time_scale(design.arms),
    )
    hopes = prospects(design.arms, len(design.tasks), experiment.reps)
    return describe_plan(experiment, design.arms, design.tasks, trials, surroundings, hopes)


def _prices(arms: Sequence[Arm], providers: Mapping[str, Provider]) -> dict[tuple[str, str], Price | None]:
    """Look prices up once per model; simulated models have those of the Lab."""
    pairs = all_models(arms)
    lab = {name: dict(model.price) for name, model in MODELS.items()}
    priced = [
        (replace(provider, prices=lab) if provider.simulated and not provider.prices else provider, model)
        for provider, model in ((providers[name], model) for name, model in pairs)
    ]
    return dict(zip(pairs, PriceBook().resolve_all(priced), strict=True))


def _time_scale(arms: Sequence[Arm]) -> float:
    return max((float(str(arm.settings.get("time_scale", LAB_TIME_SCALE))) for arm in arms), default=LAB_TIME_SCALE)
