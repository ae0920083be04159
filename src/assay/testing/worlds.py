"""Worlds of known truth: whole experiments drawn many times at once, to measure how often the statistics are wrong.

The decision is the one that an analysis makes (``stats.compare_like_p``, Holm, rank intervals); beside it stands
Welch's test on pooled runs, the control that must fail. ``benchmarks/worlds.py`` prints the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from assay.stats import compare_like_p, holm, rank_intervals, welch_p

Floats = npt.NDArray[np.float64]

ALPHA = 0.05
TASKS = (3, 6, 12, 24)

# Spread of the worlds: logits for yes/no outcomes, points of 100 for scores (after the seed experiments).
TASK_LOGIT, INTERACTION_LOGIT = 2.0, 0.8
TASK_POINTS, INTERACTION_POINTS, RUN_POINTS = 15.0, 5.0, 8.0
COLLAPSE_SHARE, COLLAPSE_POINTS = 0.1, 45.0
STEP_LOGIT = 2.0


@dataclass(frozen=True, slots=True)
class World:
    """One truth: ``truth`` is aa | interaction | exponential | collapse; ``outcome`` is binary | continuous."""

    truth: str
    outcome: str
    tasks: int
    reps: int

    @property
    def symmetric(self) -> bool:
        """True when differences are symmetric under the null: there the claim of at most 6% is made."""
        return self.truth in {"aa", "interaction"}


@dataclass(frozen=True, slots=True)
class Rates:
    """How often two equal arms were called different, of ``replications``: by tasks (ours) and by pooled runs."""

    world: World
    replications: int
    by_task: float
    by_run: float


@dataclass(frozen=True, slots=True)
class Recovery:
    """Ranking of well-separated arms: order exactly right, all true ranks inside their intervals, any false claim."""

    arms: int
    tasks: int
    reps: int
    replications: int
    order_right: float
    ranks_covered: float
    all_separated: float
    false_claim: float


def symmetric_worlds() -> Iterator[World]:
    """Every world in which at most 6% false alarms are claimed."""
    for truth in ("aa", "interaction"):
        for outcome in ("binary", "continuous"):
            for reps in (1, 3, 30):
                for tasks in TASKS:
                    yield World(truth, outcome, tasks, reps)


def skewed_worlds() -> Iterator[World]:
    """Worlds with equal means and skewed differences: their rate is published, not claimed."""
    for truth in ("exponential", "collapse"):
        for reps in (3, 30):
            for tasks in TASKS:
                yield World(truth, "continuous", tasks, reps)


def false_alarms(world: World, replications: int, seed: int) -> Rates:
    """Draw the world ``replications`` times and count how often two equal arms are called different."""
    rng = np.random.default_rng([seed, world.tasks, world.reps, *world.truth.encode(), *world.outcome.encode()])
    if world.outcome == "binary":
        total = _binary(rng, world, replications)
        squares = total
    else:
        total, squares = _continuous(rng, world, replications)
    means = total / world.reps
    ours = compare_like_p(means[:, 0], means[:, 1], yes_no=world.outcome == "binary")
    runs = world.tasks * world.reps
    pooled = [_pooled(total[:, arm].sum(axis=1), squares[:, arm].sum(axis=1), runs) for arm in (0, 1)]
    control = welch_p(pooled[0], pooled[1])
    # No p value means no claim.
    return Rates(world, replications, float(np.mean(ours < ALPHA)), float(np.mean(control < ALPHA)))


def _pooled(total: Floats, squares: Floats, n: int) -> tuple[Floats, Floats, Floats]:
    return total / n, np.maximum(squares - total**2 / n, 0.0) / (n - 1), np.full_like(total, n)


def _binary(rng: np.random.Generator, world: World, replications: int) -> Floats:
    """Solved counts (replication, arm, task); under ``interaction`` each arm has its own strengths."""
    size = (replications, 1, world.tasks)
    logit = rng.normal(0.0, TASK_LOGIT, size) + np.zeros((1, 2, 1))
    if world.truth == "interaction":
        logit = logit + rng.normal(0.0, INTERACTION_LOGIT, (replications, 2, world.tasks))
    return rng.binomial(world.reps, 1.0 / (1.0 + np.exp(-logit))).astype(float)


def _continuous(rng: np.random.Generator, world: World, replications: int) -> tuple[Floats, Floats]:
    """Sums and sums of squares of scores (replication, arm, task)."""
    shape = (replications, 2, world.tasks)
    level = rng.normal(70.0, TASK_POINTS, (replications, 1, world.tasks)) + _arm_effects(rng, world, shape)
    noise = rng.normal(0.0, RUN_POINTS, shape) * np.sqrt(world.reps)
    total = world.reps * level + noise
    # Squares within a cell: chi-square with k - 1 degrees of freedom, independent of the mean.
    inside = RUN_POINTS**2 * rng.chisquare(world.reps - 1, shape) if world.reps > 1 else np.zeros(shape)
    return total, total**2 / world.reps + inside


def _arm_effects(rng: np.random.Generator, world: World, shape: tuple[int, int, int]) -> Floats:
    """Arm x task effects with mean zero; skewed ones belong to the second arm alone."""
    effects = np.zeros(shape)
    if world.truth == "interaction":
        return rng.normal(0.0, INTERACTION_POINTS, shape)
    if world.truth == "exponential":
        effects[:, 1] = 2.0 * INTERACTION_POINTS * (1.0 - rng.exponential(1.0, shape[::2]))
    if world.truth == "collapse":
        down = rng.random(shape[::2]) < COLLAPSE_SHARE
        effects[:, 1] = np.where(down, -COLLAPSE_POINTS, COLLAPSE_POINTS * COLLAPSE_SHARE / (1 - COLLAPSE_SHARE))
    return effects


def recover_ranking(replications: int, seed: int, *, arms: int = 5, tasks: int = 24, reps: int = 3) -> Recovery:
    """Draw arms ``STEP_LOGIT`` apart with interaction, and see whether their true ranking is found."""
    rng = np.random.default_rng([seed, arms, tasks, reps])
    ability = STEP_LOGIT * (np.arange(arms)[::-1] - (arms - 1) / 2)
    logit = rng.normal(0.0, TASK_LOGIT, (replications, 1, tasks)) + ability[None, :, None]
    logit = logit + rng.normal(0.0, INTERACTION_LOGIT, (replications, arms, tasks))
    means = rng.binomial(reps, 1.0 / (1.0 + np.exp(-logit))) / reps
    pairs = list(combinations(range(arms), 2))
    p = np.stack([compare_like_p(means[:, i], means[:, j], yes_no=True) for i, j in pairs], axis=1)
    level = means.mean(axis=2)
    order = covered = separated = wrong = 0
    for row, values in zip(p, level, strict=True):
        better = np.zeros((arms, arms), dtype=bool)
        for (i, j), corrected in zip(pairs, holm([None if np.isnan(x) else float(x) for x in row]), strict=True):
            if corrected is not None and corrected < ALPHA:
                better[(i, j) if values[i] > values[j] else (j, i)] = True
        ranks = rank_intervals(better)
        order += bool((np.diff(values) < 0).all())
        covered += all(low <= true <= high for true, (low, high) in enumerate(ranks, start=1))
        separated += int(better.sum()) == len(pairs)
        wrong += bool(np.tril(better).any())
    n = replications
    return Recovery(arms, tasks, reps, n, order / n, covered / n, separated / n, wrong / n)
