"""The interval of one arm's solve rate holds the truth, in the reference's designs and where tasks collapse."""

import numpy as np
import pytest

from assay.stats import rate_like
from assay.testing.coverage import RateWorld, coverage, rate_worlds

DESIGNS = ((8, 5), (12, 30), (24, 15))


@pytest.mark.parametrize(
    "world", tuple(rate_worlds(DESIGNS)), ids=lambda world: f"{world.name} {world.tasks}x{world.reps}"
)
def test_the_truth_lies_inside(world: RateWorld) -> None:
    assert coverage(world, 400, seed=21).by_task >= 0.93


def test_pooled_runs_fail_where_tasks_collapse() -> None:
    assert coverage(RateWorld("collapse", 24, 15, dead=0.05, alive=0.99), 400, seed=22).by_run < 0.7


def test_coverage_is_that_of_the_interval_itself() -> None:
    world = RateWorld("collapse", 24, 15, dead=0.05, alive=0.99)
    rng = np.random.default_rng(23)
    held = 0
    for _ in range(100):
        solved = rng.binomial(15, np.where(rng.random(24) < 0.05, 0.0, 0.99))
        found = rate_like(solved, [15] * 24)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= world.rate <= found.high
    assert held >= 93


def test_the_true_rate_is_the_mean_over_tasks() -> None:
    assert RateWorld("", 1, 1).rate == pytest.approx(0.5)
    drawn = np.random.default_rng(24).normal(2.5, 2.0, 400_000)
    assert RateWorld("", 1, 1, logit=2.5).rate == pytest.approx(float((1 / (1 + np.exp(-drawn))).mean()), abs=2e-3)
