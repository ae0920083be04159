"""Two arms on the same tasks: for tasks like these, for these very tasks, and by runs (the control that fails)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from assay.stats.distributions import Array, student_t_quantile, student_t_tails
from assay.stats.intervals import LEVEL, ROUNDING, Interval, clip, fewest_tasks, task_p, task_t
from assay.stats.proportions import SINGLE_RUN_TASKS, bonett_price, mcnemar_p


def compare_like(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    *,
    yes_no: bool = False,
    bounds: tuple[float, float] | None = None,
    level: float = LEVEL,
) -> Interval:
    """Compare arms a and b on tasks like these: one mean per task and arm, NaN where an arm has no data.

    Pairs only tasks where both have data. ``yes_no`` says that the means are rates of yes/no answers: where each is 0
    or 1 (single runs, or repeats that agree) below twelve tasks, the interval is Bonett-Price with the exact
    McNemar p. ``bounds`` is the range of one difference.
    """
    one, two = _pairs(a, b)
    d = one - two
    scale = float(max(np.abs(one).max(initial=0.0), np.abs(two).max(initial=0.0)))
    ordinary = task_t(d, level=level, bounds=bounds, scale=scale)
    if not yes_no or d.size >= SINGLE_RUN_TASKS or ordinary.method == "no spread" or d.size <= 1:
        return ordinary
    if not (_all_or_nothing(one) and _all_or_nothing(two)):
        return ordinary
    return bonett_price(int((d > 0).sum()), int((d < 0).sum()), int(d.size), level=level)


def compare_like_p(a: npt.ArrayLike, b: npt.ArrayLike, *, yes_no: bool = False) -> Array:
    """Return the p values of ``compare_like`` for many replications at once; the last axis holds the tasks.

    No value may be missing. NaN where ``compare_like`` gives no p.
    """
    one, two = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    d = one - two
    p = task_p(d, np.maximum(np.abs(one).max(axis=-1), np.abs(two).max(axis=-1)))
    n = d.shape[-1]
    if not yes_no or n >= SINGLE_RUN_TASKS:
        return p
    single = _all_or_nothing(one) & _all_or_nothing(two)
    exact = mcnemar_p((d > 0).sum(axis=-1), (d < 0).sum(axis=-1))
    alike = np.abs(d - d[..., :1]).max(axis=-1) == 0
    return np.where(single & ~(alike & (n < fewest_tasks())), exact, p)


def _all_or_nothing(rates: Array) -> npt.NDArray[np.bool_]:
    """Return whether every task (last axis) was solved always or never."""
    return np.asarray(((rates == 0) | (rates == 1)).all(axis=-1))


def compare_these(
    a: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
    b: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
    *,
    bounds: tuple[float, float] | None = None,
    level: float = LEVEL,
) -> Interval:
    """Compare arms on these very tasks, were they run again: only the noise between runs counts.

    Each arm is (means, variances, runs) per task. ``SE^2 = sum_t (s2_A/k_A + s2_B/k_B) / T^2`` with
    Satterthwaite's degrees of freedom. A task with a single run borrows its arm's mean variance.
    """
    means = [np.asarray(arm[0], dtype=float) for arm in (a, b)]
    both = ~np.isnan(means[0]) & ~np.isnan(means[1])
    parts = [_noise(np.asarray(arm[1], dtype=float)[both], np.asarray(arm[2], dtype=float)[both]) for arm in (a, b)]
    d = float(np.sort(means[0][both] - means[1][both]).mean()) if both.any() else None
    scale = float(max(np.abs(side[both]).max(initial=0.0) for side in means))
    return _fixed(d, parts, int(both.sum()), scale, (bounds, level))


def mean_these(
    means: npt.ArrayLike,
    variances: npt.ArrayLike,
    runs: npt.ArrayLike,
    *,
    bounds: tuple[float, float] | None = None,
    level: float = LEVEL,
) -> Interval:
    """Return one arm's mean on these very tasks, with the interval that covers a rerun of them."""
    centre = np.asarray(means, dtype=float)
    known = ~np.isnan(centre)
    noise = _noise(np.asarray(variances, dtype=float)[known], np.asarray(runs, dtype=float)[known])
    value = float(np.sort(centre[known]).mean()) if known.any() else None
    return _fixed(value, [noise], int(known.sum()), float(np.abs(centre[known]).max(initial=0.0)), (bounds, level))


def _noise(variances: Array, runs: Array) -> tuple[Array, Array] | None:
    """Return per task (variance of the mean, degrees of freedom); None when no task was repeated."""
    repeated = (runs >= 2) & ~np.isnan(variances)  # noqa: PLR2004  # a variance needs two runs
    if not repeated.any():
        return None
    borrowed = float(np.sort(variances[repeated]).mean())
    return np.where(repeated, variances, borrowed) / runs, np.where(repeated, runs - 1, np.inf)


def _fixed(
    value: float | None,
    parts: list[tuple[Array, Array] | None],
    n: int,
    scale: float,
    how: tuple[tuple[float, float] | None, float],
) -> Interval:
    bounds, level = how
    method = "within-cell variance, Satterthwaite"
    if value is None:
        return Interval(None, None, None, None, 0, method, "no task has data")
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return Interval(value, None, None, None, n, method, "one run per task: the noise between runs is unknown")
    noise = np.sort(np.concatenate([part[0] ** 2 / part[1] for part in known]))
    total = float(np.sort(np.concatenate([part[0] for part in known])).sum())
    se = math.sqrt(total) / n
    if se <= ROUNDING * scale:
        value = 0.0 if abs(value) <= ROUNDING * scale else value
        p = 1.0 if value == 0.0 else None
        return Interval(value, None, None, p, n, method, "repeats do not differ: the noise between runs is unknown")
    df = total**2 / float(noise.sum())
    half = student_t_quantile(0.5 + level / 2, df) * se
    low, high = clip(value - half, bounds), clip(value + half, bounds)
    p = float(student_t_tails(value / se, df))
    return Interval(value, low, high, p, n, method, None, value, se, df, bounds)


def welch_p(
    a: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike], b: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]
) -> Array:
    """Return Welch's two-sided p from (mean, variance with n - 1, n) of each side; broadcasts. NaN without spread."""
    (mean_a, var_a, n_a), (mean_b, var_b, n_b) = (
        tuple(np.asarray(x, dtype=float) for x in a),
        tuple(np.asarray(x, dtype=float) for x in b),
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = var_a / n_a, var_b / n_b
        df = (one + two) ** 2 / (one**2 / (n_a - 1) + two**2 / (n_b - 1))
        t = (mean_a - mean_b) / np.sqrt(one + two)
    return student_t_tails(np.where(one + two > 0, t, np.nan), np.where(one + two > 0, df, np.nan))


def welch(a: tuple[float, float, int], b: tuple[float, float, int], *, level: float = LEVEL) -> Interval:
    """Return Welch's interval from (mean, sd, n) of two independent groups. For runs pooled over tasks it is wrong."""
    (mean_a, sd_a, n_a), (mean_b, sd_b, n_b) = a, b
    method = "Welch t on runs"
    value = mean_a - mean_b
    n = n_a + n_b
    if min(n_a, n_b) <= 1:
        return Interval(value, None, None, None, n, method, "one run in a group: its spread is unknown")
    one, two = sd_a**2 / n_a, sd_b**2 / n_b
    if one + two <= 0:
        return Interval(value, None, None, None, n, method, "no spread in either group")
    df = (one + two) ** 2 / (one**2 / (n_a - 1) + two**2 / (n_b - 1))
    se = math.sqrt(one + two)
    half = student_t_quantile(0.5 + level / 2, df) * se
    p = float(student_t_tails(value / se, df))
    return Interval(value, value - half, value + half, p, n, method, None, value, se, df)


def pooled_run_p(
    a: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike], b: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]
) -> float | None:
    """Return Welch's p over all runs pooled, from (n, sum, sum of squares) per task of each arm.

    Printed as the control only: runs of one task are not independent, and its false-alarm rate reaches 22%.
    """
    sides = []
    for arm in (a, b):
        n, total, squares = (float(np.sort(np.asarray(x, dtype=float).ravel()).sum()) for x in arm)
        if n <= 1:
            return None
        sides.append((total / n, max(0.0, (squares - total * total / n) / (n - 1)), n))
    p = float(welch_p(sides[0], sides[1]))
    return None if math.isnan(p) else p


def _pairs(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[Array, Array]:
    one, two = np.asarray(a, dtype=float).ravel(), np.asarray(b, dtype=float).ravel()
    both = ~np.isnan(one) & ~np.isnan(two)
    return one[both], two[both]
