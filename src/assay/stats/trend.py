"""Did something drift while the experiment ran? A permutation test of a trend, within groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 9_999
FEWEST = 4
"""Values in a group, below which it says nothing about a trend: three have a smallest two-sided p of 1/3."""


@dataclass(frozen=True, slots=True)
class Trend:
    """``change`` = estimated difference between the end and the start of the run, in the values' unit.

    ``p`` is two-sided, from permutations within groups. ``smallest_p`` is what ``p`` could be at best with so many
    values. ``n`` values in ``groups`` groups were used.
    """

    change: float
    p: float
    n: int
    groups: int
    smallest_p: float


def trend(
    times: Sequence[float],
    values: Sequence[float],
    groups: Sequence[str],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Trend | None:
    """Test whether values rise or fall with time, each group (a task) compared with itself only.

    The statistic is the pooled within-group least-squares slope, scaled to the whole span of ``times``; under the null
    the values of a group are exchangeable, so they are permuted within it (Pitman 1937; stratified as in Good,
    Permutation Tests, 2005, section 6.3). The p-value counts the observed order too: (b + 1) / (m + 1).
    Returns None when no group has ``FEWEST`` values, or when nothing varies: then nothing can be said.
    """
    columns = _columns(np.asarray(times, dtype=float), np.asarray(values, dtype=float), np.asarray(groups))
    spread = sum(float(time @ time) for time, _ in columns)
    if spread == 0.0 or all(not value.any() for _, value in columns):
        return None
    random = np.random.default_rng(seed)
    observed = sum(float(time @ value) for time, value in columns)
    drawn = np.zeros(resamples)
    for time, value in columns:
        drawn += random.permuted(np.tile(value, (resamples, 1)), axis=1) @ time
    # Orders that differ by rounding alone are equal.
    as_far = np.abs(drawn) >= abs(observed) * (1 - 1e-12)
    span = max(times) - min(times)
    return Trend(
        change=observed / spread * span,
        p=(1 + int(as_far.sum())) / (1 + resamples),
        n=sum(len(time) for time, _ in columns),
        groups=len(columns),
        smallest_p=max(1 / (1 + resamples), _smallest(columns)),
    )


def _columns(
    times: NDArray[np.float64], values: NDArray[np.float64], groups: NDArray[np.str_]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return centred times and values of each group that is large enough."""
    found = []
    for group in dict.fromkeys(groups.tolist()):
        mine = groups == group
        if mine.sum() >= FEWEST:
            found.append((times[mine] - times[mine].mean(), values[mine] - values[mine].mean()))
    return found


def _smallest(columns: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> float:
    """Return the smallest two-sided p: two extreme arrangements among all distinguishable ones."""
    log_arrangements = 0.0
    for _, value in columns:
        _, counts = np.unique(value, return_counts=True)
        log_arrangements += _log_factorial(len(value)) - sum(_log_factorial(int(count)) for count in counts)
    return float(min(1.0, 2.0 * np.exp(-log_arrangements)))


def _log_factorial(n: int) -> float:
    return float(np.log(np.arange(1, n + 1)).sum())
