"""The result of every estimate here, and the paired task-t interval: the task is the unit, never the run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.stats.distributions import Array, student_t_cdf, student_t_quantile, student_t_tails

# Rounding left over when equal means are computed along different ways, relative to the values' size.
ROUNDING = 1e-12

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval and the two-sided p against zero. A bound that is None has a ``reason``.

    ``n`` counts units (tasks). ``centre``, ``se`` and ``df`` are what one-sided p values are computed from;
    ``bounds`` is the range of a single unit's value, when it is known.
    """

    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    method: str
    reason: str | None = None
    centre: float | None = None
    se: float | None = None
    df: float | None = None
    bounds: tuple[float, float] | None = None


def mean(values: npt.ArrayLike) -> float | None:
    """Return the mean of the values that are not NaN; None without any."""
    known = _known(values)
    return float(known.mean()) if known.size else None


def sd(values: npt.ArrayLike) -> float | None:
    """Return the sample standard deviation (n - 1); None below two values, never 0 for one."""
    known = _known(values)
    return float(known.std(ddof=1)) if known.size > 1 else None


def skewness(values: npt.ArrayLike) -> float | None:
    """Return the adjusted Fisher-Pearson skewness (G1); None below three values or without spread."""
    known = _known(values)
    n = known.size
    if n < 3 or _alike(known, float(np.abs(known).max())):  # noqa: PLR2004  # G1 divides by n - 2
        return None
    deviation = known - known.mean()
    ratio = float((deviation**3).mean() / (deviation**2).mean() ** 1.5)
    return ratio * math.sqrt(n * (n - 1)) / (n - 2)


def minimum_p(n_tasks: int) -> float:
    """Return the smallest two-sided p that any distribution-free paired test can give: 2 / 2^T (Fisher)."""
    return min(1.0, 2.0 / 2.0**n_tasks)


def fewest_tasks(alpha: float = 1 - LEVEL) -> int:
    """Return the fewest tasks at which ``minimum_p`` reaches ``alpha`` (6 for .05)."""
    return math.ceil(math.log2(2.0 / alpha) - 1e-9)


def task_p(differences: npt.ArrayLike, scale: npt.ArrayLike | None = None) -> Array:
    """Return two-sided p values of ``task_t`` for many replications at once: the last axis holds the tasks.

    Where all differences are alike: 1 if they are zero, else 2 / 2^T from six tasks on, else NaN.
    """
    d = np.asarray(differences, dtype=float)
    n = np.sum(~np.isnan(d), axis=-1)
    size = np.nanmax(np.abs(d), axis=-1) if scale is None else np.asarray(scale, dtype=float)
    centre = np.nanmean(d, axis=-1)
    spread = np.sqrt(np.nansum((d - centre[..., None]) ** 2, axis=-1) / np.maximum(n - 1, 1))
    alike = (spread <= ROUNDING * np.maximum(size, 1e-300)) | (n < 2)  # noqa: PLR2004  # one value has no spread
    zero = np.abs(centre) <= ROUNDING * np.maximum(size, 1e-300)
    with np.errstate(divide="ignore", invalid="ignore"):
        ordinary = student_t_tails(np.where(alike, 0.0, centre * np.sqrt(n) / spread), np.maximum(n - 1, 1))
    flips = np.where(n >= fewest_tasks(), 2.0 / 2.0**n, np.nan)
    return np.where(alike, np.where(zero, 1.0, flips), ordinary)


def task_t(
    values: npt.ArrayLike,
    *,
    level: float = LEVEL,
    bounds: tuple[float, float] | None = None,
    scale: float | None = None,
) -> Interval:
    """Return ``mean(d) +- t(T-1) sd(d)/sqrt(T)`` over one value per task (Miller 2024, 2411.00640); NaN = missing.

    One task, or fewer than six tasks that are all alike, give no interval. Six and more that are all alike give
    an exact bound when ``bounds`` says how far a single value can lie: at most ``1 - (alpha/2)^(1/T)`` of the tasks
    out there may differ. ``scale`` is the size of the numbers that were subtracted, to tell rounding from spread.
    """
    known = _known(values)
    n = int(known.size)
    if n == 0:
        return Interval(None, None, None, None, 0, "paired task t", "no task has data")
    centre = float(known.mean())
    size = max(float(np.abs(known).max()), scale or 0.0)
    if _alike(known, size):
        return _without_spread(centre if abs(centre) > ROUNDING * size else 0.0, n, level, bounds)
    if n == 1:
        return Interval(centre, None, None, None, 1, "paired task t", "one task: the spread between tasks is unknown")
    se = float(known.std(ddof=1)) / math.sqrt(n)
    half = student_t_quantile(0.5 + level / 2, n - 1) * se
    low, high = clip(centre - half, bounds), clip(centre + half, bounds)
    p = float(student_t_tails(centre / se, n - 1))
    return Interval(centre, low, high, p, n, "paired task t", None, centre, se, n - 1.0, bounds)


def _without_spread(centre: float, n: int, level: float, bounds: tuple[float, float] | None) -> Interval:
    """All tasks are alike: Student's t would claim certainty, so it is not asked."""
    few = n < fewest_tasks()
    p = 1.0 if centre == 0.0 else (None if few else minimum_p(n))
    if few or bounds is None:
        count = "one task" if n == 1 else f"all {n} tasks give the same value"
        reason = f"{count}: the spread between tasks is unknown"
        return Interval(centre, None, None, p, n, "no spread", reason)
    share = 1.0 - (0.5 - level / 2) ** (1.0 / n)
    low, high = centre - share * (centre - bounds[0]), centre + share * (bounds[1] - centre)
    return Interval(centre, low, high, p, n, "exact bound, all tasks alike", None, centre, 0.0, None, bounds)


def p_above(interval: Interval, threshold: float) -> float | None:
    """Return the one-sided p against "the mean is at most ``threshold``"; None when there is no interval."""
    return _one_sided(interval, threshold, 1.0)


def p_below(interval: Interval, threshold: float) -> float | None:
    """Return the one-sided p against "the mean is at least ``threshold``"; None when there is no interval."""
    return _one_sided(interval, threshold, -1.0)


def _one_sided(interval: Interval, threshold: float, sign: float) -> float | None:
    if interval.low is None or interval.centre is None or interval.se is None:
        return None
    gap = sign * (interval.centre - threshold)
    if interval.se > 0 and interval.df is not None:
        return float(student_t_cdf(-gap / interval.se, interval.df))
    if interval.bounds is None:
        return None
    if gap <= 0:
        return 1.0
    reach = sign * (interval.centre - (interval.bounds[0] if sign > 0 else interval.bounds[1]))
    return max(0.0, 1.0 - gap / reach) ** interval.n if reach > 0 else 0.0


def clip(value: float, bounds: tuple[float, float] | None) -> float:
    """Cut an interval's end at what is possible; this never lowers coverage."""
    return value if bounds is None else min(max(value, bounds[0]), bounds[1])


def ci_t(centre: float, spread: float, n: int, *, level: float = LEVEL) -> tuple[float, float] | None:
    """Return the t interval of a mean from its published summary (mean, sd with n - 1, n); None below n = 2."""
    if n <= 1:
        return None
    half = student_t_quantile(0.5 + level / 2, n - 1) * spread / math.sqrt(n)
    return centre - half, centre + half


def _known(values: npt.ArrayLike) -> Array:
    array = np.asarray(values, dtype=float).ravel()
    # Sorted, so that a sum does not depend on the order in which tasks came.
    return np.sort(array[~np.isnan(array)])


def _alike(known: Array, size: float) -> bool:
    return known.size < 2 or float(known.std(ddof=1)) <= ROUNDING * size  # noqa: PLR2004  # one value has no spread
