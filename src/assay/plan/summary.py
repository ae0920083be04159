"""What a plan comes to, before a cent is spent: matrix, balance, cost, time, and what it can show at best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from assay.experiment.arm_models import all_models, arm_models
from assay.experiment.labels import ANCHORS, FOLLOWERS, OWNERS, factor_values
from assay.experiment.model import Experiment
from assay.identity import content_id
from assay.plan.sentinels import is_sentinel
from assay.plan.spend import Cell, Range, arm_cost, count_cells, guess_cells, minutes, total
from assay.providers import Provider
from assay.records import Arm, Price, Record, Trial
from assay.suites.base import Task


@dataclass(frozen=True, slots=True)
class Prospects(Record):
    """What the design can show at best; computed by those who may use statistics.

    ``minimum_p`` is the smallest p of a distribution-free paired test, ``minimum_p_corrected`` the same after Holm
    over ``comparisons``; ``tasks_needed`` the fewest tasks at which that can be significant. ``detectable`` is the
    difference in points that has an 80% chance to be shown, under ``assumptions``; None below two tasks.
    """

    minimum_p: float
    comparisons: int
    minimum_p_corrected: float
    tasks_needed: int
    detectable: float | None
    assumptions: str


@dataclass(frozen=True, slots=True)
class ArmPlan(Record):
    """One arm's part. ``cost_usd`` is None when a model is unpriced; simulated cost is never charged.

    ``beside`` are further models that it may name: its sub-agents' and the small one.
    """

    id: str
    label: str
    agent: str
    model: str
    provider: str
    trials: int
    simulated: bool
    cost_usd: Range | None
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BalanceRow(Record):
    """One kind of task: how many tasks, and the fewest and most trials that an arm has on one of them."""

    type: str
    difficulty: str
    tasks: int
    fewest: int
    most: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a summary needs beside the design: endpoints, prices by (provider, model), sandboxes at once."""

    providers: Mapping[str, Provider]
    prices: Mapping[tuple[str, str], Price | None]
    workers: int
    lab_time_scale: float


@dataclass(frozen=True, slots=True)
class PlanSummary(Record):
    """All that ``assay plan`` says. ``together`` are factors whose effects this design cannot tell apart.

    ``n_trials`` and the balance are those of the comparison; ``n_sentinels`` come on top, and cost and time hold both.
    """

    name: str
    question: str
    mode: str
    primary: str
    margin: float | None
    simulated: bool
    n_tasks: int
    repetitions: int
    n_trials: int
    n_sentinels: int
    left_out: int
    arms: tuple[ArmPlan, ...]
    varies: Mapping[str, tuple[str, ...]]
    constant: Mapping[str, str]
    together: tuple[tuple[str, str], ...]
    balance: tuple[BalanceRow, ...]
    balanced: bool
    cost_usd: Range | None
    simulated_usd: Range | None
    unpriced: tuple[str, ...]
    max_cost: float
    minutes: Range
    prospects: Prospects


def describe_plan(
    experiment: Experiment,
    arms: Sequence[Arm],
    tasks: Sequence[Task],
    trials: Sequence[Trial],
    surroundings: Surroundings,
    prospects: Prospects,
) -> PlanSummary:
    """Sum up a plan. Pure: nothing is looked up, nothing is spent."""
    compared_trials = [trial for trial in trials if not is_sentinel(trial)]
    cells, matrix = count_cells(trials), count_cells(compared_trials)
    guesses = guess_cells(arms, tasks, experiment.limits.max_output_tokens)
    known = surroundings.providers
    lines = tuple(
        ArmPlan(
            id=arm.id,
            label=arm.label,
            agent=arm.agent,
            model=arm.model,
            provider=arm.provider,
            trials=sum(count for (owner, _), count in matrix.items() if owner == arm.id),
            simulated=bool(arm.provider) and known[arm.provider].simulated,
            cost_usd=arm_cost(arm, cells, guesses, [surroundings.prices.get(named) for named in arm_models(arm)]),
            beside=tuple(f"{provider}/{model}" for provider, model in arm_models(arm)[1:]),
        )
        for arm in arms
    )
    compared = compared_arms(arms)
    values = factor_values(compared)
    varying = {key: found for key, found in values.items() if len(found) > 1}
    if "model" in varying:
        varying.pop("provider", None)  # it follows the model
    balance = _balance(arms, tasks, matrix)
    return PlanSummary(
        name=experiment.name,
        question=experiment.question,
        mode=experiment.mode,
        primary=experiment.primary,
        margin=experiment.margin,
        simulated=any(line.simulated for line in lines),
        n_tasks=len(tasks),
        repetitions=experiment.reps,
        n_trials=len(compared_trials),
        n_sentinels=len(trials) - len(compared_trials),
        left_out=len(arms) * len(tasks) * experiment.reps - len(compared_trials),
        arms=lines,
        varies=varying,
        constant={key: found[0] for key, found in values.items() if len(found) == 1},
        together=_together(compared, list(varying)),
        balance=balance,
        balanced=all(row.fewest == row.most for row in balance),
        cost_usd=total(line.cost_usd for line in lines if not line.simulated),
        simulated_usd=total(line.cost_usd for line in lines if line.simulated),
        unpriced=tuple(f"{x}/{y}" for x, y in all_models(arms) if surroundings.prices.get((x, y)) is None),
        max_cost=experiment.max_cost,
        minutes=minutes(
            arms, cells, guesses, known, workers=surroundings.workers, lab_time_scale=surroundings.lab_time_scale
        ),
        prospects=prospects,
    )


def compared_arms(arms: Sequence[Arm]) -> tuple[Arm, ...]:
    """Return the arms that the question is about: no controls, no anchors."""
    return tuple(arm for arm in arms if "control" not in arm.names and arm.agent not in ANCHORS)


def _balance(arms: Sequence[Arm], tasks: Sequence[Task], cells: Counter[Cell]) -> tuple[BalanceRow, ...]:
    kinds: dict[tuple[str, str], list[Task]] = {}
    for task in tasks:
        kinds.setdefault((task.type, task.difficulty), []).append(task)
    return tuple(
        BalanceRow(
            type=kind,
            difficulty=difficulty,
            tasks=len(members),
            fewest=min(cells[arm.id, task.id] for arm in arms for task in members),
            most=max(cells[arm.id, task.id] for arm in arms for task in members),
        )
        for (kind, difficulty), members in sorted(kinds.items())
    )


def _together(arms: Sequence[Arm], varying: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return pairs of factors that only ever change together: their effects are one."""
    follow = {follower for followers in FOLLOWERS.values() for follower in followers} | set(OWNERS)
    columns = {key: [_value(arm, key) for arm in arms] for key in varying if key not in follow}
    return tuple(
        (one, other)
        for one, other in combinations(columns, 2)
        if len(set(columns[one]))
        == len(set(columns[other]))
        == len(set(zip(columns[one], columns[other], strict=True)))
    )


def _value(arm: Arm, factor: str) -> str:
    """A factor's content for one arm, comparable. The text of a variant may depend on the model: its name counts."""
    parts = {"agent": arm.agent, "model": f"{arm.provider}/{arm.model}", "profile": content_id("value", arm.profile)}
    if factor == "variant":
        return arm.names.get("variant", "")
    return parts[factor] if factor in parts else content_id("value", arm.settings.get(factor))
