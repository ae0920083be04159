"""How often does the interval of one arm's solve rate hold the true rate? Worlds of known truth, drawn many times.

Beside it stands Wilson's interval on pooled runs, the control that must fail; ``benchmarks/worlds.py`` prints both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.stats import gaffke_p, normal_quantile

Floats = npt.NDArray[np.float64]

TASK_LOGIT = 2.0
TAIL = 0.025
NODES = 80

# Tasks and runs per task: the designs of the reference for one arm, few tasks to many.
DESIGNS = ((5, 5), (8, 5), (12, 1), (12, 30), (24, 15), (25, 5), (100, 1))


@dataclass(frozen=True, slots=True)
class RateWorld:
    """One truth about tasks: a share ``dead`` is never solved, the others are.

    Their logits are normal around ``logit`` (sd 2), or all have the rate ``alive`` when it is given.
    """

    name: str
    tasks: int
    reps: int
    logit: float = 0.0
    dead: float = 0.0
    alive: float | None = None

    @property
    def rate(self) -> float:
        """The true solve rate over all tasks of this kind."""
        if self.alive is not None:
            return (1.0 - self.dead) * self.alive
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        rates = 1.0 / (1.0 + np.exp(-(self.logit + TASK_LOGIT * nodes)))
        return (1.0 - self.dead) * float((weights * rates).sum() / weights.sum())


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often the 95% interval held the truth, of ``replications``: over tasks (ours) and over pooled runs."""

    world: RateWorld
    replications: int
    by_task: float
    by_run: float


def rate_worlds(designs: tuple[tuple[int, int], ...] = DESIGNS) -> Iterator[RateWorld]:
    """Every world in which at least 93% coverage is claimed."""
    for tasks, reps in designs:
        yield RateWorld("tasks of all kinds", tasks, reps)
        yield RateWorld("mostly easy tasks", tasks, reps, logit=2.5)
        for dead, alive in ((0.05, 1.0), (0.05, 0.99), (0.05, 0.95), (0.12, 0.99)):
            yield RateWorld(f"{dead:.0%} never solved, others {alive:.0%}", tasks, reps, dead=dead, alive=alive)


def coverage(world: RateWorld, replications: int, seed: int) -> Coverage:
    """Draw the world ``replications`` times and count how often each interval holds its true rate."""
    rng = np.random.default_rng([seed, world.tasks, world.reps, *world.name.encode()])
    shape = (replications, world.tasks)
    if world.alive is None:
        chance = 1.0 / (1.0 + np.exp(-rng.normal(world.logit, TASK_LOGIT, shape)))
    else:
        chance = np.full(shape, world.alive)
    chance = np.where(rng.random(shape) < world.dead, 0.0, chance)
    rates = rng.binomial(world.reps, chance) / world.reps
    inside = (gaffke_p(rates, world.rate) >= TAIL) & (gaffke_p(1.0 - rates, 1.0 - world.rate) >= TAIL)
    # Wilson's interval holds a rate exactly when its score test does not reject it.
    score = np.abs(rates.mean(axis=1) - world.rate)
    pooled = score <= normal_quantile(1 - TAIL) * np.sqrt(world.rate * (1 - world.rate) / (world.tasks * world.reps))
    return Coverage(world, replications, float(inside.mean()), float(pooled.mean()))
