"""A plan, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assay.cli.output import counted, duration, page, table, usd
from assay.plan import PlanSummary, Prospects, Range

MANY = 6
SIGNIFICANT = 0.05


def print_plan(plan: PlanSummary) -> None:
    """Print matrix, factors, balance, cost and prospects."""
    console = page()
    console.print(f"{plan.name}{f': {plan.question}' if plan.question else ''}", style="bold")
    console.print(_matrix(plan))
    if plan.simulated:
        console.print("Simulated models: their results say nothing about real ones.", style="yellow")
    console.print()
    arms = table(["arm", "agent", "model", "trials", "cost (low / likely / high)"], numbers=["trials"])
    for arm in plan.arms:
        model = ", ".join((f"{arm.provider}/{arm.model}", *arm.beside)) if arm.model else "-"
        arms.add_row(arm.label, arm.agent, model, str(arm.trials), _cost(arm.cost_usd, simulated=arm.simulated))
    console.print(arms)
    console.print()
    balance = table(["task type", "difficulty", "tasks", "trials per arm and task"], numbers=["tasks"])
    for row in plan.balance:
        trials = str(row.most) if row.fewest == row.most else f"{row.fewest} to {row.most}: not balanced"
        balance.add_row(row.type, row.difficulty, str(row.tasks), trials)
    console.print(balance)
    console.print()
    facts = table(["", ""])
    facts.show_header = False
    for name, text in _facts(plan):
        facts.add_row(name, text)
    console.print(facts)
    for warning in warnings(plan):
        console.print(f"Note: {warning}", style="yellow")


def warnings(plan: PlanSummary) -> tuple[str, ...]:
    """What somebody should know before spending."""
    return tuple(_warnings(plan))


def _matrix(plan: PlanSummary) -> str:
    factors = ((len(plan.arms), "arm"), (plan.n_tasks, "task"), (plan.repetitions, "repetition"))
    size = f"{' x '.join(counted(*one) for one in factors)} = {plan.n_trials:,} trials"
    left = f", {plan.left_out:,} left out" if plan.left_out else ""
    left += f", and {plan.n_sentinels:,} sentinels against drift" if plan.n_sentinels else ""
    return f"{size}{left} ({plan.mode}, primary measure: {plan.primary})"


def _facts(plan: PlanSummary) -> Iterator[tuple[str, str]]:
    for factor, values in plan.varies.items():
        yield "varies", f"{factor}: {_list(values)}"
    if plan.constant:
        yield "constant", ", ".join(f"{factor} = {value}" for factor, value in plan.constant.items())
    yield "cost", _total(plan)
    low, likely, high = (duration(m) for m in (plan.minutes.low, plan.minutes.likely, plan.minutes.high))
    yield "time", f"{likely} (roughly {low} to {high})"
    yield "smallest p", _smallest_p(plan.prospects)
    if plan.prospects.detectable is None:
        yield "can show", "no difference at all: one task gives no interval"
    else:
        yield "can show", f"{plan.prospects.detectable:g} points with 80% chance, if {plan.prospects.assumptions}"


def _smallest_p(prospects: Prospects) -> str:
    text = f"{prospects.minimum_p:.2g} for one pair"
    if prospects.comparisons > 1:
        text += f", {prospects.minimum_p_corrected:.2g} after correction for {prospects.comparisons} pairs"
    return f"{text} (paired by task, distribution-free)"


def _total(plan: PlanSummary) -> str:
    parts = []
    if plan.cost_usd is not None and any(not arm.simulated and arm.model for arm in plan.arms):
        parts.append(f"{_range(plan.cost_usd)}, cap {usd(plan.max_cost)}")
    if plan.simulated_usd is not None:
        parts.append(f"{_range(plan.simulated_usd)} simulated, nothing is charged")
    if plan.unpriced:
        parts.append(f"unknown for {_list(plan.unpriced)}")
    return "; ".join(parts) or "$0: no arm has a model"


def _warnings(plan: PlanSummary) -> Iterator[str]:
    hopes = plan.prospects
    if hopes.minimum_p_corrected > SIGNIFICANT:
        yield (
            f"with {counted(plan.n_tasks, 'task')} no distribution-free test of {counted(hopes.comparisons, 'pair')} "
            "can reach p < 0.05; "
            f"{hopes.tasks_needed} tasks can"
        )
    if plan.repetitions == 1:
        yield "one repetition gives no spread within a task: 'these tasks' cannot be told from luck"
    for one, other in plan.together:
        yield f"{one} and {other} only change together: this design cannot tell their effects apart"
    if plan.cost_usd is not None and plan.max_cost and plan.cost_usd.likely > plan.max_cost:
        yield f"the likely cost {usd(plan.cost_usd.likely)} is above max_cost {usd(plan.max_cost)}: the run would stop"
    if plan.unpriced:
        yield "a money cap cannot hold for a model without a price: state its price, or limits: {tokens: N}"
    if not plan.balanced:
        yield "arms do not have equal numbers of trials on every task"


def _cost(cost: Range | None, *, simulated: bool) -> str:
    if cost is None:
        return "unknown: unpriced"
    return f"{_range(cost)}{' simulated' if simulated else ''}"


def _range(cost: Range) -> str:
    return f"{usd(cost.low)} / {usd(cost.likely)} / {usd(cost.high)}"


def _list(values: Sequence[str]) -> str:
    more = len(values) - MANY
    return ", ".join(values[:MANY]) + (f" and {more} more" if more > 0 else "")
