"""Every pair of arms, for both targets, with Holm over the family and one of five words as the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.analysis.base import Finding
from assay.analysis.table import SOLVED, Measure, Table
from assay.records import Target, Verdict
from assay.stats import (
    Interval,
    compare_like,
    compare_these,
    fewest_tasks,
    holm,
    minimum_p,
    more_tasks,
    more_tasks_for_margin,
    p_above,
    p_below,
    pooled_run_p,
    sd,
    skewness,
)

ALPHA = 0.05
FEW_TASKS = 12
SKEWED = 1.0

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Compared:
    """One pair before its family is corrected."""

    pair: Pair
    interval: Interval
    above: float | None
    below: float | None
    n_trials: int
    caveats: tuple[str, ...]
    run_level_p: float | None
    spread: float | None


def margin_of(experiment: Mapping[str, Any], measure: Measure) -> float | None:
    """Return the declared margin in the measure's own unit.

    ``margin`` is in points of 100, one number or one per measure: ``margin: 5`` means 5 points of score and 5
    percentage points of solved tasks.
    """
    declared = experiment.get("margin")
    if isinstance(declared, Mapping):
        declared = declared.get(measure.name)
    if isinstance(declared, bool) or not isinstance(declared, int | float) or declared <= 0:
        return None
    return float(declared) * measure.per_point


def compare(
    table: Table, measure: Measure, pairs: Sequence[Pair], target: Target, *, family: str, margin: float | None
) -> tuple[Finding, ...]:
    """Return one finding per pair, corrected over these pairs as one family."""
    rows = [_compare_pair(measure, pair, target, margin) for pair in pairs]
    corrected = holm([row.interval.p for row in rows])
    above, below = holm([row.above for row in rows]), holm([row.below for row in rows])
    alpha = ALPHA / max(1, len(rows))
    findings = []
    for row, p, not_worse, not_better in zip(rows, corrected, above, below, strict=True):
        # A pair is turned round when only its second arm is shown to be not worse: that is the claim to state.
        turned = _judge(row.interval, p, not_worse, not_better) is Verdict.NOT_ESTABLISHED and _shown(not_better)
        shown = _turn(row) if turned else row
        verdict = _judge(shown.interval, p, *((not_better, not_worse) if turned else (not_worse, not_better)))
        findings.append(_finding(table, measure, shown, (p, verdict, target, family, margin, alpha)))
    return tuple(findings)


def _shown(p: float | None) -> bool:
    return p is not None and p < ALPHA


def _judge(interval: Interval, p: float | None, not_worse: float | None, not_better: float | None) -> Verdict:
    """Choose the word: a shown difference first, then equality within the margin, then not worse."""
    if _shown(p) and interval.mean is not None and interval.mean != 0:
        return Verdict.BETTER if interval.mean > 0 else Verdict.WORSE
    if _shown(not_worse) and _shown(not_better):
        return Verdict.EQUAL
    return Verdict.NOT_WORSE if _shown(not_worse) else Verdict.NOT_ESTABLISHED


def _turn(row: _Compared) -> _Compared:
    old = row.interval
    flipped = Interval(
        mean=_minus(old.mean),
        low=_minus(old.high),
        high=_minus(old.low),
        p=old.p,
        n=old.n,
        method=old.method,
        reason=old.reason,
        centre=_minus(old.centre),
        se=old.se,
        df=old.df,
        bounds=old.bounds,
    )
    pair = row.pair[1], row.pair[0]
    return _Compared(pair, flipped, row.below, row.above, row.n_trials, row.caveats, row.run_level_p, row.spread)


def _minus(value: float | None) -> float | None:
    return None if value is None else 0.0 - value


def _compare_pair(measure: Measure, pair: Pair, target: Target, margin: float | None) -> _Compared:
    a, b = pair
    both = (measure.n[a] > 0) & (measure.n[b] > 0)
    means = measure.means
    if target is Target.TASKS_LIKE_THESE:
        bounds = measure.difference_bounds
        interval = compare_like(means[a], means[b], yes_no=measure.name == SOLVED, bounds=bounds)
    else:
        sides = [(means[i], measure.variances[i], measure.n[i]) for i in pair]
        interval = compare_these(sides[0], sides[1], bounds=measure.difference_bounds)
    runs = [(measure.n[i][both], measure.total[i][both], measure.squares[i][both]) for i in pair]
    tried = (measure.n[[a, b]] + measure.unknown[[a, b]]).sum(axis=0) > 0
    caveats = _caveats(interval, (means[a] - means[b])[both], int(tried.sum()), target)
    return _Compared(
        pair=pair,
        interval=interval,
        above=None if margin is None else p_above(interval, -margin),
        below=None if margin is None else p_below(interval, margin),
        n_trials=int(measure.n[[a, b]][:, both].sum()),
        caveats=caveats,
        run_level_p=pooled_run_p(runs[0], runs[1]),
        spread=sd((means[a] - means[b])[both]),
    )


def _caveats(interval: Interval, differences: np.ndarray, tried: int, target: Target) -> tuple[str, ...]:
    """What a reader must know before believing the row."""
    n = interval.n
    said = []
    if n < tried:
        said.append(f"{n} of {tried} tasks: on the others an arm has no verdict")
    if interval.low is None and interval.reason:
        said.append(f"no interval: {interval.reason}")
    if target is Target.THESE_TASKS:
        said.append("about a rerun of these very tasks, not about other tasks")
        return tuple(said)
    if 0 < n < fewest_tasks():
        said.append(f"{n} tasks: no distribution-free test could give p below {minimum_p(n):.3g}")
    elif n < FEW_TASKS:
        said.append(f"{n} tasks: the interval leans on differences that are close to normal")
    skew = skewness(differences)
    if skew is not None and abs(skew) > SKEWED:
        said.append(f"the differences are skewed ({skew:+.1f}): a false alarm is likelier than 5%")
    return tuple(said)


def _finding(
    table: Table,
    measure: Measure,
    row: _Compared,
    judged: tuple[float | None, Verdict, Target, str, float | None, float],
) -> Finding:
    p_corrected, verdict, target, family, margin, alpha = judged
    interval, like = row.interval, target is Target.TASKS_LIKE_THESE
    caveats = row.caveats
    if margin is not None and interval.low is not None and interval.high is not None:
        inside = -margin < interval.low and interval.high < margin
        if inside and verdict in {Verdict.BETTER, Verdict.WORSE}:
            caveats = (*caveats, "the difference is real and smaller than the declared margin")
    return Finding(
        a=table.ids[row.pair[0]],
        b=table.ids[row.pair[1]],
        measure=measure.name,
        difference=interval.mean,
        low=interval.low,
        high=interval.high,
        p=interval.p,
        p_corrected=p_corrected,
        n_tasks=interval.n,
        n_trials=row.n_trials,
        unit="task" if like else "run within task",
        target=target,
        verdict=verdict,
        method=interval.method,
        family=family,
        caveats=caveats,
        margin=margin,
        more_tasks=_more_tasks(row, margin, alpha) if like and verdict is Verdict.NOT_ESTABLISHED else None,
        minimum_p=minimum_p(interval.n) if like and interval.n else None,
        run_level_p=row.run_level_p,
    )


def _more_tasks(row: _Compared, margin: float | None, alpha: float) -> int | None:
    """The fewer of: tasks that would show the observed difference, tasks that would show "within the margin"."""
    difference, spread, n = row.interval.mean, row.spread, row.interval.n
    if difference is None or spread is None:
        return None
    answers = [more_tasks(difference, spread, n, alpha=alpha)]
    if margin is not None:
        answers += [more_tasks_for_margin(side, spread, n, margin, alpha=alpha) for side in (difference, -difference)]
    known = [answer for answer in answers if answer is not None]
    return min(known) if known else None
