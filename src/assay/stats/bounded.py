"""The mean of values that lie in [0, 1], without a word about their shape: Gaffke's bounds over tasks."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from assay.stats.distributions import Array
from assay.stats.intervals import LEVEL

# The inversion integral runs over u = sinh(s) by the midpoint rule: even steps where it oscillates, growing ones in its
# tail. With many tasks it has died out long before u = sinh(8).
_STEP = 0.025
_MANY = 50
_FAR = 20.0
_CHUNK = 2_000_000
_CLOSE = 1e-11
_ROUNDS = 200


def gaffke_p(rates: npt.ArrayLike, threshold: float) -> Array:
    """Return the one-sided p against "the mean rate is at most ``threshold``"; the last axis holds the tasks.

    It is P(sum_i D_i x_i <= threshold), D uniform on the simplex of the T rates and one more task that is given 0: the
    worst that an unseen task could be (Gaffke 2005; Learned-Miller and Thomas 2019, 1905.06208). For rates of 0 and 1
    it is the exact binomial test. It never falls when a rate falls.
    """
    x = np.asarray(rates, dtype=float)
    flat = x.reshape(-1, x.shape[-1])
    rows = max(1, _CHUNK // (_nodes(32.0).size * (flat.shape[-1] + 1)))
    found = [_below(_with_zero(flat[at : at + rows]), np.ones(1), threshold) for at in range(0, len(flat), rows)]
    return np.concatenate(found).reshape(x.shape[:-1])


def gaffke_bounds(rates: npt.ArrayLike, *, level: float = LEVEL) -> tuple[float, float]:
    """Return the two-sided interval of the mean of task rates in [0, 1]: every threshold that ``gaffke_p`` leaves."""
    x = np.sort(np.asarray(rates, dtype=float).ravel())
    tail = 0.5 - level / 2
    return _lower(x, tail), 1.0 - _lower(np.sort(1.0 - x), tail)


def _lower(x: Array, tail: float) -> float:
    """The threshold at which p is ``tail``: regula falsi (Illinois), which keeps its bracket."""
    if x[-1] <= 0:
        return 0.0
    if x[0] >= 1:
        return float(tail ** (1.0 / x.size))
    values, counts = np.unique(x, return_counts=True)
    values, weights = np.append(values, 0.0)[None], np.append(counts.astype(float), 1.0)

    def excess(threshold: float) -> float:
        return float(_below(values, weights, threshold)[0]) - tail

    low, high = 0.0, float(x.mean())
    below, above = -tail, excess(high)
    for _ in range(_ROUNDS):
        guess = (low * above - high * below) / (above - below)
        found = excess(guess)
        if abs(found) < _CLOSE or high - low < _CLOSE:
            return guess
        if found < 0:
            low, below, above = guess, found, above / 2
        else:
            high, above, below = guess, found, below / 2
    return low


def _with_zero(rates: Array) -> Array:
    return np.concatenate([rates, np.zeros((len(rates), 1))], axis=1)


def _below(values: Array, weights: Array, threshold: float) -> Array:
    """P(sum_i G_i (values_i - threshold) <= 0) for independent G_i ~ Gamma(weights_i), by Imhof's inversion (1961)."""
    gap = values - threshold
    size = np.sqrt((weights * gap**2).sum(axis=1, keepdims=True))
    gap = gap / np.maximum(size, 1e-300)
    u = _nodes(8.0 if np.broadcast_to(weights, values.shape[1:]).sum() > _MANY else 32.0)
    x = u[None, :, None] * gap[:, None, :]
    angle = (np.arctan(x) * weights).sum(axis=2)
    decay = (0.5 * np.log1p(x * x) * weights).sum(axis=2)
    integral = (np.sin(angle) * np.exp(-decay) * (np.sqrt(1.0 + u * u) / u)).sum(axis=1) * _STEP
    mean = (weights * gap).sum(axis=1)
    found = np.where(np.abs(mean) > _FAR, mean < 0, 0.5 - integral / math.pi)
    return np.asarray(np.clip(found, 0.0, 1.0))


def _nodes(end: float) -> Array:
    return np.asarray(np.sinh(np.arange(_STEP / 2, end, _STEP)))
