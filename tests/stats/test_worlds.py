"""A smaller seeded set of ``benchmarks/worlds.py``: the statistics keep their promise where the control fails."""

import numpy as np
import pytest

from assay.analysis.analyse import analyse
from assay.records import Target, Verdict
from assay.stats import compare_these
from assay.testing.facts import make_facts
from assay.testing.worlds import TASKS, World, false_alarms, recover_ranking

REPLICATIONS = 2500
# Three standard errors of a 5% rate at this many replications, above the claimed 6%.
CLAIM = 0.06 + 3 * (0.05 * 0.95 / REPLICATIONS) ** 0.5


@pytest.mark.parametrize("tasks", TASKS)
@pytest.mark.parametrize("reps", [3, 30])
@pytest.mark.parametrize("outcome", ["binary", "continuous"])
@pytest.mark.parametrize("truth", ["aa", "interaction"])
def test_equal_arms_are_seldom_called_different(truth: str, outcome: str, reps: int, tasks: int) -> None:
    rates = false_alarms(World(truth, outcome, tasks, reps), REPLICATIONS, seed=11)
    assert rates.by_task <= CLAIM
    if truth == "interaction" and reps == 30:
        assert rates.by_run > 0.15, "the control must fail"


@pytest.mark.parametrize("tasks", TASKS)
def test_single_yes_no_runs_keep_the_level(tasks: int) -> None:
    assert false_alarms(World("interaction", "binary", tasks, 1), REPLICATIONS, seed=12).by_task <= CLAIM


def test_skewed_differences_break_the_promise_and_that_is_known() -> None:
    assert false_alarms(World("exponential", "continuous", 6, 30), REPLICATIONS, seed=13).by_task > 0.06


def test_a_true_ranking_is_recovered() -> None:
    found = recover_ranking(300, seed=14, arms=4, tasks=24, reps=3)
    assert found.order_right >= 0.98
    assert found.ranks_covered >= 0.98
    assert found.all_separated >= 0.6
    assert found.false_claim <= 0.01


@pytest.mark.parametrize(("tasks", "reps"), [(3, 3), (12, 3), (24, 5)])
def test_a_rerun_of_these_tasks_keeps_the_level_too(tasks: int, reps: int) -> None:
    rng = np.random.default_rng([tasks, reps])
    chance = 1 / (1 + np.exp(-rng.normal(0, 2, (500, 1, tasks, 1))))
    runs = (rng.random((500, 2, tasks, reps)) < chance).astype(float)
    means, variances, n = runs.mean(axis=3), runs.var(axis=3, ddof=1), np.full(tasks, reps)
    found = [
        compare_these((mean[0], spread[0], n), (mean[1], spread[1], n)).p
        for mean, spread in zip(means, variances, strict=True)
    ]
    assert np.mean([p is not None and p < 0.05 for p in found]) <= 0.06 + 3 * (0.05 * 0.95 / 500) ** 0.5


def test_the_whole_analysis_keeps_the_level() -> None:
    wrong = 0
    for seed in range(120):
        findings = analyse(*make_facts(seed, n_arms=2, n_tasks=8, reps=2, spread=0.0)).findings
        wrong += any(
            f.verdict is not Verdict.NOT_ESTABLISHED
            for f in findings
            if f.measure == "solved" and f.target is Target.TASKS_LIKE_THESE
        )
    assert wrong <= 13, "at 6% more than 13 of 120 happen once in fifty seeds"


def test_equal_seeds_give_equal_rates() -> None:
    world = World("aa", "binary", 6, 3)
    assert false_alarms(world, 200, seed=3) == false_alarms(world, 200, seed=3)
