"""The choice of a default arm and of routes: empirical-Bayes values, then a gate that asks for support."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assay.analysis.table import SOLVED
from assay.records import Target
from assay.routing.grid import Floats, Grid
from assay.stats import Interval, compare_like, compare_these, holm, p_above

ALPHA = 0.05
SUPERIOR = "superior"
NOT_WORSE_CHEAPER = "not worse and cheaper"
NOT_SEPARABLE = "not separable"
SAME = "default is expected best"


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as support: the target of the intervals, and the margin in the grid's measure (None = none)."""

    target: Target
    margin: float | None
    gate: bool = True


@dataclass(frozen=True, slots=True)
class Picked:
    """What was decided for one type: ``arm`` is used, ``considered`` is the arm the comparison is about."""

    arm: int
    considered: int | None
    support: str
    interval: Interval | None
    p_corrected: float | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Best single arm, default arm, one decision per type, and the values by (arm, type) that they rest on."""

    best: int
    default: int
    default_support: str
    picked: tuple[Picked, ...]
    shrinkage: float
    expected: Floats


def shrink(grid: Grid) -> tuple[float, Floats]:
    """Return (B, values by arm and type): ``model mean + B * (type deviation)``, B = max(0, 1 - MS_within/MS_between).

    The deviation is the arm x type interaction: what an arm gains on a type beyond its own mean and beyond
    what all arms gain there. The mean of the type over all arms is added back, so that values are comparable with data.
    """
    values, kinds = grid.values, grid.kinds
    arms, tasks = values.shape
    present = [kind for kind in range(len(grid.types)) if (kinds == kind).any()]
    means = values.mean(axis=1)
    residual = values - values.mean(axis=0) - (means - means.mean())[:, None]
    deviation, common = np.zeros((arms, len(grid.types))), np.full(len(grid.types), values.mean())
    between = within = 0.0
    for kind in present:
        here = residual[:, kinds == kind]
        deviation[:, kind] = here.mean(axis=1)
        common[kind] = values[:, kinds == kind].mean()
        between += float((deviation[:, kind] ** 2).sum()) * here.shape[1]
        within += float(((here - deviation[:, kind][:, None]) ** 2).sum())
    free_between, free_within = (arms - 1) * (len(present) - 1), (arms - 1) * (tasks - len(present))
    b = 0.0
    if free_between > 0 and free_within > 0 and between > 0:
        b = max(0.0, 1.0 - (within / free_within) / (between / free_between))
    return b, (means - means.mean())[:, None] + b * deviation + common[None, :]


def choose(grid: Grid, rules: Rules) -> Choice:
    """Choose the default arm and one arm per type. The grid must hold at least one arm and one task."""
    b, expected = shrink(grid)
    means = grid.values.mean(axis=1)
    best = _highest(means, grid.cost)
    default, support = best, "highest mean"
    if rules.gate:
        everywhere = np.ones(len(grid.tasks), dtype=bool)
        cheaper = [arm for arm in range(len(means)) if arm != best and _cheaper(grid, arm, best)]
        margins = [_p_not_worse(_compare(grid, arm, best, everywhere, rules), rules) for arm in cheaper]
        shown = [arm for arm, p in zip(cheaper, holm(margins), strict=True) if p is not None and p < ALPHA]
        if shown:
            default, support = min(shown, key=lambda arm: grid.cost[arm]), "not worse than the best mean, and cheaper"
    picked = _gated(grid, rules, default, expected) if rules.gate else _ungated(grid, default, expected)
    return Choice(best, default, support, picked, b, expected)


def _ungated(grid: Grid, default: int, expected: Floats) -> tuple[Picked, ...]:
    arms = [_highest(expected[:, kind], grid.cost, default) for kind in range(len(grid.types))]
    return tuple(Picked(arm, arm, "highest expected value", None, None) for arm in arms)


def _gated(grid: Grid, rules: Rules, default: int, expected: Floats) -> tuple[Picked, ...]:
    """Every (type, other arm) against the default is one family: the arm was picked by looking at all of them."""
    others = [arm for arm in range(len(grid.arms)) if arm != default]
    keys = [(kind, arm) for kind in range(len(grid.types)) for arm in others]
    intervals = {(kind, arm): _compare(grid, arm, default, grid.kinds == kind, rules) for kind, arm in keys}
    corrected = dict(zip(keys, holm([intervals[key].p for key in keys]), strict=True))
    margins = dict(zip(keys, holm([_p_not_worse(intervals[key], rules) for key in keys]), strict=True))
    return tuple(
        _pick(grid, kind, (default, others), expected, intervals, corrected, margins) for kind in range(len(grid.types))
    )


def _pick(
    grid: Grid,
    kind: int,
    arms: tuple[int, list[int]],
    expected: Floats,
    intervals: dict[tuple[int, int], Interval],
    corrected: dict[tuple[int, int], float | None],
    margins: dict[tuple[int, int], float | None],
) -> Picked:
    default, others = arms
    ahead = [arm for arm in others if expected[arm, kind] > expected[default, kind]]
    superior = [arm for arm in ahead if _shown(corrected[kind, arm]) and (intervals[kind, arm].mean or 0.0) > 0]
    if superior:
        arm = max(superior, key=lambda each: (expected[each, kind], -_price(grid, each)))
        return Picked(arm, arm, SUPERIOR, intervals[kind, arm], corrected[kind, arm])
    cheap = [arm for arm in others if _shown(margins[kind, arm]) and _cheaper(grid, arm, default)]
    if cheap:
        arm = min(cheap, key=lambda each: (_price(grid, each), each))
        return Picked(arm, arm, NOT_WORSE_CHEAPER, intervals[kind, arm], margins[kind, arm])
    if not ahead:
        return Picked(default, None, SAME, None, None)
    arm = max(ahead, key=lambda each: (expected[each, kind], -_price(grid, each)))
    return Picked(default, arm, NOT_SEPARABLE, intervals[kind, arm], corrected[kind, arm])


def _compare(grid: Grid, arm: int, default: int, here: np.ndarray, rules: Rules) -> Interval:
    if rules.target is Target.THESE_TASKS:
        sides = [(grid.values[i, here], grid.noise[i, here], grid.runs[i, here]) for i in (arm, default)]
        return compare_these(sides[0], sides[1], bounds=grid.bounds)
    values = grid.values[:, here]
    return compare_like(values[arm], values[default], yes_no=grid.measure == SOLVED, bounds=grid.bounds)


def _p_not_worse(interval: Interval, rules: Rules) -> float | None:
    return None if rules.margin is None else p_above(interval, -rules.margin)


def _shown(p: float | None) -> bool:
    return p is not None and p < ALPHA


def _price(grid: Grid, arm: int) -> float:
    return float(grid.cost[arm]) if math.isfinite(grid.cost[arm]) else math.inf


def _cheaper(grid: Grid, arm: int, other: int) -> bool:
    """True when both costs are known and ``arm`` costs less: an unknown price is not a low one."""
    return bool(np.isfinite(grid.cost[[arm, other]]).all() and grid.cost[arm] < grid.cost[other])


def _highest(values: Floats, cost: Floats, first: int | None = None) -> int:
    """Index of the highest value; ties go to ``first``, then to the cheaper arm, then to the one declared first."""
    top = float(values.max())
    tied = [int(i) for i in np.nonzero(values >= top - 1e-12 * max(1.0, abs(top)))[0]]
    if first in tied:
        assert first is not None
        return first
    return min(tied, key=lambda arm: (float(cost[arm]) if math.isfinite(cost[arm]) else math.inf, arm))
