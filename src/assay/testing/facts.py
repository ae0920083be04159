"""Synthetic facts of known truth: what a finished run leaves, without running one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from assay.evidence.facts import Anchor, CellFact, Facts, Health, Sums
from assay.evidence.lock import Lock, LockedTask
from assay.evidence.measures import MEASURES, PREFIX
from assay.identity import content_id
from assay.records import OURS, Arm, Ended, Tokens

TYPES = ("bug-fix", "code-generation", "instruction-following", "refactoring")
DIFFICULTIES = ("floor", "easy", "medium", "hard", "headroom")
MODELS = ("swift", "steady", "deep", "broad", "terse", "patient")
WEIGHTS = {"tests": 0.5, "lint": 0.25, "complexity": 0.25}


@dataclass(frozen=True, slots=True)
class _World:
    """Truth of one synthetic run: abilities and prices by arm, demands by task, in logits and USD."""

    ability: Sequence[float]
    price: Sequence[float]
    demand: Sequence[float]
    fit: np.ndarray
    reps: int
    failures: float
    timeouts: float
    unpriced: Sequence[str] = field(default_factory=tuple)


def unmeasured(cell: CellFact) -> CellFact:
    """Return the cell without what a clock of this machine said: what must be the same from run to run."""
    clocks = {PREFIX + name for name, measure in MEASURES.items() if measure.unit in {"s", "ms"}}
    metrics = {name: value for name, value in cell.metrics.items() if name not in clocks}
    return replace(cell, wall_s=Sums(), metrics=metrics)


def sums(values: Sequence[float | None]) -> Sums:
    """Return the sum statistics of ``values``; None counts as unknown."""
    known = [value for value in values if value is not None]
    return Sums(
        n=len(known),
        total=float(sum(known)),
        squares=float(sum(value * value for value in known)),
        least=min(known, default=None),
        most=max(known, default=None),
        unknown=len(values) - len(known),
    )


def make_facts(
    seed: int,
    *,
    n_arms: int = 3,
    n_tasks: int = 24,
    reps: int = 3,
    spread: float = 1.2,
    interaction: float = 0.7,
    effects: Mapping[tuple[str, str], float] | None = None,
    failures: float = 0.02,
    timeouts: float = 0.02,
    controls: Sequence[str] = (),
    unpriced: Sequence[str] = (),
    experiment: Mapping[str, Any] | None = None,
) -> tuple[Facts, Lock]:
    """Return facts and lock of a simulated run; equal arguments give equal results.

    ``spread`` is the step in ability from one arm to the next and ``interaction`` the standard deviation of
    arm x task effects, both in logits; ``effects`` adds logits by (model name, task type). ``failures`` and
    ``timeouts`` are rates per trial; ``controls`` may hold ``aa`` (the first arm twice) and ``sabotage`` (a degraded
    copy of it); arms whose model name is in ``unpriced`` have no cost. ``experiment`` adds keys to the lock's
    experiment, e.g. ``{"margin": 5}``.
    """
    rng = np.random.default_rng(seed)
    tasks = _tasks(n_tasks)
    arms = _arms(n_arms, controls)
    base = [spread * (index - (n_arms - 1) / 2) for index in range(n_arms)]
    price = [0.01 * 3.0**index for index in range(n_arms)]
    extra = [base[0] - (4.0 if arm.names.get("control") == "sabotage" else 0.0) for arm in arms[n_arms:]]
    fit = rng.normal(0.0, interaction, (len(arms), n_tasks))
    for index, arm in enumerate(arms[n_arms:], start=n_arms):
        if arm.names.get("control") == "aa":
            fit[index] = fit[0]
    for (model, kind), logits in (effects or {}).items():
        rows = [index for index, arm in enumerate(arms) if arm.names["model"] == model]
        fit[np.ix_(rows, [index for index, task in enumerate(tasks) if task.type == kind])] += logits
    demand = np.linspace(-3.0, 3.0, n_tasks) if n_tasks > 1 else np.zeros(1)
    world = _World(
        ability=[*base, *extra],
        price=[*price, *(price[0] for _ in extra)],
        demand=[float(value) for value in rng.permutation(demand)],
        fit=fit,
        reps=reps,
        failures=failures,
        timeouts=timeouts,
        unpriced=tuple(unpriced),
    )
    tasks = tuple(_with_difficulty(task, world.demand[index]) for index, task in enumerate(tasks))
    cells = tuple(
        _cell(rng, world, arm, task, (column, row)) for row, task in enumerate(tasks) for column, arm in enumerate(arms)
    )
    facts = Facts(cells=cells, health=_health(cells), anchors=_anchors(tasks))
    return facts, _lock(seed, arms, tasks, reps, dict(experiment or {}))


def _tasks(n_tasks: int) -> tuple[LockedTask, ...]:
    kinds = [TYPES[index * len(TYPES) // max(n_tasks, len(TYPES))] for index in range(n_tasks)]
    names = [f"{kind}-{kinds[:index].count(kind) + 1:02d}" for index, kind in enumerate(kinds)]
    return tuple(
        LockedTask(
            id=name,
            hash=content_id("task", name),
            type=kind,
            difficulty="medium",
            language="python",
            expects_start_to_pass=kind == "refactoring",
        )
        for name, kind in zip(names, kinds, strict=True)
    )


def _with_difficulty(task: LockedTask, demand: float) -> LockedTask:
    level = DIFFICULTIES[min(int((demand + 3.0) / 6.0 * len(DIFFICULTIES)), len(DIFFICULTIES) - 1)]
    return LockedTask(**{**task.to_json(), "difficulty": level})


def _arms(n_arms: int, controls: Sequence[str]) -> tuple[Arm, ...]:
    names = [MODELS[index] if index < len(MODELS) else f"model-{index}" for index in range(n_arms)]
    arms = [_arm(name) for name in names]
    if "aa" in controls:
        arms.append(_arm(names[0], replicate=1, control="aa"))
    if "sabotage" in controls:
        arms.append(_arm(names[0], control="sabotage"))
    return tuple(arms)


def _arm(name: str, *, replicate: int = 0, control: str = "") -> Arm:
    suffix = {"aa": " (twin)", "sabotage": " (sabotage)"}.get(control, "")
    return Arm(
        agent="api",
        agent_version="1",
        model=f"lab/{name}",
        provider="lab",
        settings={"sabotage": True} if control == "sabotage" else {},
        replicate=replicate,
        label=name + suffix,
        names={"model": name, "variant": "bare", "profile": "none"} | ({"control": control} if control else {}),
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """One drawn trial."""

    ended: Ended
    solved: bool | None
    metrics: Mapping[str, float | None]
    cost: float | None
    wall_s: float
    tokens: Tokens


def _draw(rng: np.random.Generator, world: _World, arm: Arm, where: tuple[int, int]) -> _Run:
    column, row = where
    chance = 1.0 / (1.0 + np.exp(-(world.ability[column] - world.demand[row] + world.fit[column, row])))
    luck, fate, noise = rng.random(), rng.random(), rng.normal(0.0, 1.0, 3)
    output = int(400 + 150 * abs(noise[0]) + 200 * column)
    tokens = Tokens(input_uncached=1500 + 10 * row, cache_read=300, output=output, reasoning=output // 4)
    cost = None if arm.names["model"] in world.unpriced else world.price[column] * (1.0 + 0.2 * abs(float(noise[0])))
    wall = 2.0 + column + abs(float(noise[1]))
    if fate < world.failures:
        return _Run(
            Ended.PROVIDER_ERROR if fate * 2 < world.failures else Ended.INFRASTRUCTURE, None, {}, cost, wall, tokens
        )
    timeout = fate > 1.0 - world.timeouts
    solved = bool(luck < chance) and not timeout
    tests = 100.0 if solved else round(100.0 * float(rng.random()) * 0.9, 1)
    lint = min(100.0, 88.0 + 6.0 * float(noise[2]))
    complexity = min(100.0, 80.0 + 8.0 * float(noise[1]))
    score = WEIGHTS["tests"] * tests + (WEIGHTS["lint"] * lint + WEIGHTS["complexity"] * complexity) * solved
    metrics = {"score": score, "tests": tests, "lint": lint, "complexity": complexity, "files_changed": 1.0}
    return _Run(Ended.TIMEOUT if timeout else Ended.COMPLETED, solved, metrics, cost, wall, tokens)


def outcome(ended: Ended, solved: bool | None) -> str:
    """Return the word under which a trial is counted in ``by_outcome``."""
    if ended in OURS:
        return str(ended)
    verdict = "solved" if solved else "failed"
    return verdict if ended is Ended.COMPLETED else f"{ended}+{verdict}"


def _cell(rng: np.random.Generator, world: _World, arm: Arm, task: LockedTask, where: tuple[int, int]) -> CellFact:
    runs = [_draw(rng, world, arm, where) for _ in range(world.reps)]
    names = ("score", "tests", "lint", "complexity", "files_changed")
    tokens = Tokens()
    for run in runs:
        tokens = tokens + run.tokens
    return CellFact(
        arm=arm.id,
        task=task.id,
        planned=world.reps,
        settled=len(runs),
        attempts=len(runs) + sum(run.ended in OURS for run in runs),
        lost_attempts=0,
        solved=sums([None if run.solved is None else float(run.solved) for run in runs]),
        cost=sums([run.cost for run in runs]),
        wall_s=sums([run.wall_s for run in runs]),
        simulated_s=sums([run.wall_s * 100 for run in runs]),
        metrics={name: sums([run.metrics.get(name) for run in runs]) for name in names},
        tokens=tokens,
        calls=len(runs),
        by_outcome=dict(sorted(Counter(outcome(run.ended, run.solved) for run in runs).items())),
    )


def _anchors(tasks: Sequence[LockedTask]) -> tuple[Anchor, ...]:
    rows = []
    for task in tasks:
        passes = task.expects_start_to_pass
        rows.append(Anchor(task.id, "reference", True, {"score": 97.0, "tests": 100.0}))
        rows.append(Anchor(task.id, "start", passes, {"score": 80.0 if passes else 20.0}))
        rows.append(Anchor(task.id, "empty", False, {"score": 0.0}))
    return tuple(rows)


def _health(cells: Sequence[CellFact]) -> Health:
    settled = sum(cell.settled for cell in cells)
    known = [cell.cost.total for cell in cells if cell.cost.n]
    return Health(
        planned=sum(cell.planned for cell in cells),
        attempted=settled,
        settled=settled,
        unsettled=0,
        attempts=sum(cell.attempts for cell in cells),
        lost_attempts=0,
        lost_usd=0.0,
        retried=sum(cell.attempts - cell.settled for cell in cells),
        excluded=0,
        ours=sum(cell.solved.unknown for cell in cells),
        spent_usd=sum(known) if known else None,
        spent_is_lower_bound=False,
        unpriced_calls=sum(cell.cost.unknown for cell in cells),
    )


def _lock(seed: int, arms: tuple[Arm, ...], tasks: tuple[LockedTask, ...], reps: int, extra: dict[str, Any]) -> Lock:
    predict = extra.pop("predict", {})
    experiment: dict[str, Any] = {"name": "synthetic", "question": "Which model solves more?"}
    experiment |= {"mode": "exploratory", "reps": reps}
    return Lock(
        run_id=f"synthetic-{seed}",
        name="synthetic",
        created=1_760_000_000_000,
        experiment_id=content_id("experiment", {**experiment, **extra}),
        experiment={**experiment, **extra},
        arms=arms,
        tasks=tasks,
        repetitions=reps,
        seed=seed,
        simulated=True,
        primary=str(extra.get("primary", "solved")),
        weights=dict(WEIGHTS),
        providers={"lab": {"kind": "lab"}},
        predict=predict,
        prediction_id=content_id("prediction", predict) if predict else None,
        machine={"assay": "0.1.0", "sandbox": "bubblewrap"},
    )
