"""One row of the arm table per arm: rates for both targets, money, tokens, outcomes, ranks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from assay.analysis.base import ArmSummary, Both, Estimate
from assay.analysis.table import SCORE, SOLVED, Measure, Table
from assay.evidence.facts import CellFact, Sums
from assay.evidence.measures import PREFIX
from assay.records import Target, Tokens
from assay.stats import Interval, cost_per_solved, mean, mean_these, rate_like, task_t

Ranks = Mapping[int, tuple[int, int, str]]


def summarise(table: Table, ranks: Ranks) -> tuple[ArmSummary, ...]:
    """Return the arm table in the lock's order. ``ranks`` maps an arm's index to (lowest, highest, tie group)."""
    solved, score = table.measure(SOLVED), table.measure(SCORE)
    parts = {name: table.measure(name) for name in _metric_names(table)}
    return tuple(_summary(table, index, solved, score, parts, ranks.get(index)) for index in range(len(table.arms)))


def _metric_names(table: Table) -> list[str]:
    """Scores beside ``score``; what is measured of an attempt is no score."""
    names = {name for cell in table.cells.values() for name in cell.metrics} - {SCORE}
    return sorted(name for name in names if not name.startswith(PREFIX))


def _summary(
    table: Table,
    index: int,
    solved: Measure,
    score: Measure,
    parts: Mapping[str, Measure],
    rank: tuple[int, int, str] | None,
) -> ArmSummary:
    arm, cells = table.arms[index], table.of_arm(index)
    known, unknown = sum(cell.cost.n for cell in cells), sum(cell.cost.unknown for cell in cells)
    money = math.fsum(cell.cost.total for cell in cells)
    tokens = Tokens()
    for cell in cells:
        tokens = tokens + cell.tokens
    return ArmSummary(
        id=arm.id,
        label=arm.label or arm.id,
        agent=arm.agent,
        model=arm.model,
        provider=arm.provider,
        variant=arm.names.get("variant", ""),
        replicate=arm.replicate,
        n_tasks=sum(cell.solved.n > 0 for cell in cells),
        n_trials=sum(cell.settled for cell in cells),
        n_scored=sum(cell.solved.n for cell in cells),
        solved_trials=round(math.fsum(cell.solved.total for cell in cells)),
        solved=Both(_rate_like(solved, index), _these(solved, index)),
        score=Both(_mean_like(score, index), _these(score, index)),
        bracket=bracket(solved, index),
        parts={name: mean(part.means[index]) for name, part in parts.items()},
        cost_usd=money if known else None,
        cost_unknown=unknown,
        cost_is_lower_bound=bool(known and (unknown or any(cell.cost_is_lower_bound for cell in cells))),
        cost_per_solved=_cost_per_solved(cells),
        cost_per_trial=money / known if known else None,
        wall_s=_per_trial(cell.wall_s for cell in cells),
        simulated_s=_per_trial(cell.simulated_s for cell in cells),
        tokens=tokens,
        tokens_unknown=sum(cell.tokens_unknown for cell in cells),
        calls=sum(cell.calls for cell in cells),
        by_outcome=_add(cell.by_outcome for cell in cells),
        complaints=_add(cell.complaints for cell in cells),
        rank_low=rank[0] if rank else None,
        rank_high=rank[1] if rank else None,
        tie_group=rank[2] if rank else "",
    )


def estimate(interval: Interval, target: Target) -> Estimate:
    """Say an interval of ``stats`` in the words of an analysis."""
    return Estimate(interval.mean, interval.low, interval.high, target, interval.n, interval.method, interval.reason)


def _rate_like(measure: Measure, index: int) -> Estimate:
    return estimate(rate_like(measure.total[index], measure.n[index]), Target.TASKS_LIKE_THESE)


def _mean_like(measure: Measure, index: int) -> Estimate:
    interval = task_t(measure.means[index], bounds=measure.bounds)
    method = "task t" if interval.method == "paired task t" else interval.method
    target = Target.TASKS_LIKE_THESE
    return Estimate(interval.mean, interval.low, interval.high, target, interval.n, method, interval.reason)


def _these(measure: Measure, index: int) -> Estimate:
    interval = mean_these(measure.means[index], measure.variances[index], measure.n[index], bounds=measure.bounds)
    return estimate(interval, Target.THESE_TASKS)


def bracket(solved: Measure, index: int) -> tuple[float, float] | None:
    """Return the solve rate if every missing verdict were false, and if every one were true; None when none is."""
    unknown, n, total = solved.unknown[index], solved.n[index], solved.total[index]
    if not unknown.any():
        return None
    tried = (n + unknown) > 0
    count = (n + unknown)[tried]
    return (
        float(np.mean(total[tried] / count)),
        float(np.mean((total + unknown)[tried] / count)),
    )


def _cost_per_solved(cells: Sequence[CellFact]) -> Estimate:
    """All that was charged, for lost and failed attempts too, over all that was solved."""
    target = Target.TASKS_LIKE_THESE
    known, unknown = sum(cell.cost.n for cell in cells), sum(cell.cost.unknown for cell in cells)
    money = [cell.cost.total for cell in cells if cell.settled]
    counts = [cell.solved.total for cell in cells if cell.settled]
    result = estimate(cost_per_solved(money, counts), target)
    if not known:
        reason = "no trial" if not cells else "the cost is unknown"
        return Estimate(None, None, None, target, result.n, result.method, reason)
    bounded = sum(cell.cost_is_lower_bound for cell in cells)
    if unknown or bounded:
        reason = f"a lower bound: the cost of {unknown + bounded} trials is not fully known"
        return Estimate(result.mean, None, None, target, result.n, result.method, result.reason or reason)
    return result


def _per_trial(sums: Iterable[Sums]) -> float | None:
    rows = list(sums)
    n = sum(row.n for row in rows)
    return math.fsum(row.total for row in rows) / n if n else None


def _add(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return dict(sorted(total.items()))
