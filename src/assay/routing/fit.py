"""Fit a policy to a finished run: per task type a route or the default, with support and a back-test."""

from __future__ import annotations

import math

from assay.analysis.findings import margin_of
from assay.analysis.table import build_table, primary_measure
from assay.errors import PolicyError
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.policy import DEFAULT, POLICY_VERSION, ROUTE, Policy, PolicyArm, Route
from assay.records import Arm, Target
from assay.routing.backtest import back_test
from assay.routing.choice import NOT_SEPARABLE, NOT_WORSE_CHEAPER, SAME, SUPERIOR, Choice, Picked, Rules, choose
from assay.routing.grid import Grid, build_grid
from assay.stats import fewest_tasks, more_tasks, sd


def fit_policy(
    facts: Facts,
    lock: Lock,
    *,
    target: Target = Target.TASKS_LIKE_THESE,
    value_usd: float | None = None,
    margin: float | None = None,
) -> Policy:
    """Return the policy that the run supports.

    ``value_usd`` is what a solved task is worth: with it arms are valued in dollars, ``value * solved - cost``.
    ``margin`` (points of 100; USD with ``value_usd``; default: the experiment's) allows "not worse and cheaper"; the
    policy holds it in its measure's unit. A type is routed only when its arm is shown superior, or not worse and
    cheaper; else it says ``default`` and why. Raises ``PolicyError`` when no task has a verdict for every arm.
    """
    grid = build_grid(facts, lock, value_usd)
    if not grid.arms or not grid.tasks:
        raise PolicyError(
            "no policy can be fitted: no task has a result for every arm",
            remedy="Finish the run with `assay run`, or drop the arm that has no results",
        )
    if value_usd is None:
        declared = lock.experiment if margin is None else {"margin": margin}
        margin = margin_of(declared, build_table(facts, lock).measure(primary_measure(lock)))
    rules = Rules(target, margin)
    choice = choose(grid, rules)
    routes = tuple(_route(grid, choice, kind, picked, target) for kind, picked in enumerate(choice.picked))
    return Policy(
        version=POLICY_VERSION,
        runs=(lock.run_id,),
        simulated=lock.simulated,
        measure=grid.measure,
        target=str(target),
        default=grid.arms[choice.default].id,
        default_label=_label(grid.arms[choice.default]),
        default_reason=_default_reason(grid, choice),
        shrinkage=choice.shrinkage,
        routes=routes,
        backtest=back_test(grid, rules, choice),
        arms=tuple(_policy_arm(grid, index) for index in range(len(grid.arms))),
        margin=margin,
        value_usd=value_usd,
        notes=_notes(grid, lock),
    )


def _route(grid: Grid, choice: Choice, kind: int, picked: Picked, target: Target) -> Route:
    interval = picked.interval
    return Route(
        task_type=grid.types[kind],
        decision=ROUTE if picked.arm != choice.default else DEFAULT,
        arm=grid.arms[picked.arm].id,
        label=_label(grid.arms[picked.arm]),
        n_tasks=int((grid.kinds == kind).sum()),
        target=str(target),
        support=picked.support,
        reason=_reason(grid, choice, kind, picked),
        considered=None if picked.considered is None else grid.arms[picked.considered].id,
        difference=interval.mean if interval else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        p_corrected=picked.p_corrected,
        expected=float(choice.expected[picked.arm, kind]),
    )


def _reason(grid: Grid, choice: Choice, kind: int, picked: Picked) -> str:
    default = _label(grid.arms[choice.default])
    considered = None if picked.considered is None else _label(grid.arms[picked.considered])
    n = int((grid.kinds == kind).sum())
    if n == 0:
        return "no task of this type has a result for every arm"
    if picked.support == SUPERIOR:
        return f"{considered} is better than {default} on {n} tasks of this type, corrected over all types and arms"
    if picked.support == NOT_WORSE_CHEAPER:
        return f"{considered} is not worse than {default} within the margin on {n} tasks of this type, and costs less"
    if picked.support == SAME:
        return f"no arm is expected to do better than {default} here"
    said = f"{considered} looks better than {default} and is not shown to be"
    if n < fewest_tasks():
        return f"{said}: {n} tasks of this type are too few"
    return f"{said}{_settling(grid, choice, kind, picked)}"


def _settling(grid: Grid, choice: Choice, kind: int, picked: Picked) -> str:
    """How many more tasks of the type would show the difference, corrected like the routes are."""
    if picked.considered is None or picked.support != NOT_SEPARABLE:
        return ""
    here = grid.kinds == kind
    d = grid.values[picked.considered, here] - grid.values[choice.default, here]
    alpha = 0.05 / max(1, len(grid.types) * (len(grid.arms) - 1))
    more = more_tasks(float(d.mean()), sd(d) or 0.0, int(here.sum()), alpha=alpha)
    return "" if more is None else f"; about {more} more tasks of this type would show it"


def _default_reason(grid: Grid, choice: Choice) -> str:
    mean = float(grid.values[choice.default].mean())
    shown = f"${mean:.3g}" if grid.measure == "value" else f"{mean:.3g}"
    return f"{choice.default_support}: {shown} over {len(grid.tasks)} tasks"


def _notes(grid: Grid, lock: Lock) -> tuple[str, ...]:
    said = []
    if lock.simulated:
        said.append("Simulated models: this policy says nothing about real ones.")
    if grid.dropped:
        tasks = "1 task was" if grid.dropped == 1 else f"{grid.dropped} tasks were"
        said.append(f"{tasks} left out because an arm has no result there.")
    thin = [name for kind, name in enumerate(grid.types) if int((grid.kinds == kind).sum()) < fewest_tasks()]
    if thin:
        said.append(f"Too few tasks to expect a route (fewer than {fewest_tasks()}): {', '.join(thin)}.")
    unpriced = [_label(arm) for arm, cost in zip(grid.arms, grid.cost, strict=True) if not math.isfinite(cost)]
    if unpriced:
        said.append(f"Cost unknown, so never chosen for being cheaper: {', '.join(unpriced)}.")
    return tuple(said)


def _policy_arm(grid: Grid, index: int) -> PolicyArm:
    arm, cost = grid.arms[index], float(grid.cost[index])
    return PolicyArm(
        id=arm.id,
        label=_label(arm),
        agent=arm.agent,
        model=arm.model,
        provider=arm.provider,
        variant=arm.names.get("variant", ""),
        profile=arm.names.get("profile", ""),
        cost_per_trial_usd=cost if math.isfinite(cost) else None,
    )


def _label(arm: Arm) -> str:
    return arm.label or arm.id
