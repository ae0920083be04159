import numpy as np
import pytest

from assay.stats.trend import trend


def test_a_fall_within_every_task_is_seen_although_tasks_differ() -> None:
    times = [0, 1, 2, 3, 4, 5] * 3
    values = [9, 8, 7, 6, 5, 4, 1, 1, 0, 0, -1, -2, 5, 5, 4, 3, 3, 2]
    found = trend(times, values, ["a"] * 6 + ["b"] * 6 + ["c"] * 6)
    assert found is not None
    assert found.p < 0.001
    assert (found.n, found.groups) == (18, 3)
    # Slopes are -1, -0.6 and -0.6286 a step (least squares); their pooled mean over a span of 5 steps.
    assert found.change == pytest.approx(5 * (-1 - 0.6 - 22 / 35) / 3)


def test_differences_between_tasks_are_no_trend() -> None:
    # The easy task ran early, the hard one late: each is constant.
    assert trend([0, 1, 2, 3, 4, 5, 6, 7], [1, 1, 1, 1, 0, 0, 0, 0], ["a"] * 4 + ["b"] * 4) is None


def test_too_few_say_nothing() -> None:
    assert trend([0, 1, 2], [0, 1, 1], ["a"] * 3) is None


def test_the_smallest_p_is_that_of_the_most_extreme_order() -> None:
    found = trend([0, 1, 2, 3], [0, 0, 1, 1], ["a"] * 4)
    assert found is not None
    # Six arrangements of two successes among four, the two extreme ones are as far: 2/6.
    assert found.smallest_p == pytest.approx(1 / 3)
    assert found.p == pytest.approx(1 / 3, abs=0.02)


def test_it_errs_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    ps = []
    for world in range(400):
        values = (random.random(24) < 0.6).astype(float)
        found = trend(list(range(24)), values.tolist(), ["a", "b", "c", "d"] * 6, seed=world, resamples=399)
        ps.append(found.p if found else 1.0)
    assert np.mean(np.asarray(ps) <= 0.05) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)
