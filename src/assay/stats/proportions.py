"""Rates: bounds over tasks, Wilson and exact limits, and paired yes/no answers with one run per task."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from assay.stats.bounded import gaffke_bounds
from assay.stats.distributions import Array, beta_cdf, beta_quantile, normal_quantile, student_t_quantile
from assay.stats.intervals import LEVEL, Interval, clip, minimum_p

# From this many tasks on, the paired t holds its level for single yes/no runs too.
SINGLE_RUN_TASKS = 12


def wilson(solved: float, n: float, *, level: float = LEVEL) -> tuple[float, float] | None:
    """Return the Wilson score interval of a rate; ``n`` may be an effective number. None for n = 0."""
    if n <= 0:
        return None
    z = normal_quantile(0.5 + level / 2)
    rate = solved / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def clopper_pearson(solved: int, n: int, *, level: float = LEVEL) -> tuple[float, float] | None:
    """Return the exact interval of a rate; ``n`` may be an effective number. None for n = 0."""
    if n == 0:
        return None
    tail = (1 - level) / 2
    low = 0.0 if solved == 0 else beta_quantile(tail, solved, n - solved + 1)
    high = 1.0 if solved == n else beta_quantile(1 - tail, solved + 1, n - solved)
    return low, high


def effective_n(solved: npt.ArrayLike, runs: npt.ArrayLike, *, level: float = LEVEL) -> float | None:
    """Return how many independent runs the tasks are worth (Korn and Graubard 1998, with t), for ``wilson``.

    ``n_eff = p(1-p)/SE^2 (z/t(T-1))^2``, at least 1 and at most the number of runs, where SE is the standard error of
    the mean of task rates. Repeats that come in equal copies only (every run n times) count once in that limit,
    so that copying data gains nothing. None for fewer than two tasks. Good where tasks of all kinds occur; it
    under-covers where a few tasks always fail among tasks that never do, so ``rate_like`` does not use it.
    """
    totals, counts = _cells(solved, runs)
    if totals.size < 2:  # noqa: PLR2004  # one task has no spread
        return None
    copies = math.gcd(*(round(value) for value in (*totals, *counts)))
    most = float(counts.sum()) / copies
    rates = np.sort(totals / counts)
    p = float(rates.mean())
    variance = float(rates.var(ddof=1)) / rates.size
    if p * (1 - p) <= 0 or variance <= 0:
        return most
    t = student_t_quantile(0.5 + level / 2, rates.size - 1)
    z = normal_quantile(0.5 + level / 2)
    return min(max(p * (1 - p) / variance * (z / t) ** 2, 1.0), most)


def rate_like(solved: npt.ArrayLike, runs: npt.ArrayLike, *, level: float = LEVEL) -> Interval:
    """Return the solve rate on tasks like these: mean of task rates, with ``gaffke_bounds`` over the tasks.

    ``solved`` and ``runs`` are counts per task; tasks without runs are left out. Only the rates count, so that copied
    repeats gain nothing; one more success never lowers a bound. What no task showed (a task that always fails among
    tasks that are always solved) is not ruled out by many repeats of the others.
    """
    totals, counts = _cells(solved, runs)
    method = "Gaffke bounds"
    if totals.size == 0:
        return Interval(None, None, None, None, 0, method, "no task has data")
    rates = np.sort(totals / counts)
    rate = float(rates.mean())
    if rates.size == 1:
        return Interval(rate, None, None, None, 1, method, "one task: the spread between tasks is unknown")
    low, high = gaffke_bounds(rates, level=level)
    return Interval(rate, low, high, None, int(rates.size), method, bounds=(0.0, 1.0))


def _cells(solved: npt.ArrayLike, runs: npt.ArrayLike) -> tuple[Array, Array]:
    totals, counts = np.asarray(solved, dtype=float).ravel(), np.asarray(runs, dtype=float).ravel()
    known = counts > 0
    return totals[known], counts[known]


def sign_test(wins: int, losses: int) -> float:
    """Return the exact two-sided sign test; ties are left out. Equal to McNemar's exact test on discordant pairs."""
    return float(mcnemar_p(np.asarray(wins), np.asarray(losses)))


def mcnemar_p(only_a: npt.ArrayLike, only_b: npt.ArrayLike) -> Array:
    """Return exact two-sided McNemar p values for numbers of tasks that only A, only B solved; broadcasts."""
    a, b = np.broadcast_arrays(np.asarray(only_a, dtype=float), np.asarray(only_b, dtype=float))
    n, most = a + b, np.maximum(a, b)
    # P(X >= most) for X ~ Binomial(n, 1/2) is a beta tail.
    tail = np.where(most > 0, beta_cdf(0.5, np.maximum(most, 1.0), n - most + 1.0), 1.0)
    return np.minimum(1.0, 2.0 * tail)


def bonett_price(only_a: int, only_b: int, n: int, *, level: float = LEVEL) -> Interval:
    """Compare two arms on n tasks with one yes/no run each: Bonett-Price interval (2012), exact McNemar p.

    The paired t is degenerate there: its standard error is zero in 14% of samples of five tasks.
    """
    z = normal_quantile(0.5 + level / 2)
    first, second = (only_a + 1) / (n + 2), (only_b + 1) / (n + 2)
    centre = first - second
    se = math.sqrt((first + second - centre**2) / (n + 2))
    bounds = (-1.0, 1.0)
    return Interval(
        mean=(only_a - only_b) / n,
        low=clip(centre - z * se, bounds),
        high=clip(centre + z * se, bounds),
        p=sign_test(only_a, only_b),
        n=n,
        method="Bonett-Price, exact McNemar",
        centre=centre,
        se=se,
        df=math.inf,
        bounds=bounds,
    )


def zero_failures_n(reliability: float, *, level: float = LEVEL) -> int:
    """Return how many runs without a failure show at least this reliability (one-sided): 59 for .95."""
    return math.ceil(math.log(1 - level) / math.log(reliability) - 1e-12)


def sign_flip_p(differences: npt.ArrayLike) -> float | None:
    """Return the exact two-sided sign-flip p over at most 20 tasks; None above, or without tasks.

    Its smallest value is ``minimum_p(T)`` = 2 / 2^T.
    """
    d = np.asarray(differences, dtype=float).ravel()
    d = d[~np.isnan(d)]
    if d.size == 0 or d.size > 20:  # noqa: PLR2004  # 2^19 sums fit in memory
        return None
    sums = np.zeros(1)
    for value in np.sort(np.abs(d))[1:]:
        sums = np.concatenate([sums + value, sums - value])
    sums = sums + np.sort(np.abs(d))[0]
    size = abs(float(np.sort(d).sum()))
    share = float(np.mean(np.abs(sums) >= size - 1e-12 * float(np.abs(d).sum())))
    return max(share, minimum_p(d.size))
