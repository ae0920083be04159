import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as oracle

from assay.stats import (
    compare_like,
    compare_these,
    mean,
    mean_these,
    p_above,
    p_below,
    pooled_run_p,
    sd,
    skewness,
    task_p,
    task_t,
    welch_p,
)

values = st.lists(st.floats(-100, 100), min_size=2, max_size=30)


@given(values)
def test_task_t_equals_the_oracle(d: list[float]) -> None:
    result = task_t(d)
    if result.se is None or result.se < 1e-6 * max(map(abs, d)):
        return
    expected = oracle.ttest_1samp(d, 0.0)
    low, high = expected.confidence_interval()
    assert result.p == pytest.approx(expected.pvalue, abs=1e-9)
    assert (result.low, result.high) == pytest.approx((low, high), abs=1e-7)


@given(values, st.randoms(use_true_random=False))
def test_the_order_of_tasks_changes_nothing(d: list[float], random: object) -> None:
    shuffled = list(d)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert task_t(d) == task_t(shuffled)


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=30))
def test_an_arm_against_itself_gives_zero_and_p_one(a: list[float]) -> None:
    result = compare_like(a, a, bounds=(-1.0, 1.0))
    assert (result.mean, result.p) == (0.0, 1.0)
    rounded = compare_like(a, np.array(a) + 1e-17 * np.arange(len(a)))
    assert (rounded.mean, rounded.p) == pytest.approx((0.0, 1.0), abs=1e-14)


def test_one_value_has_no_spread() -> None:
    assert sd([3.0]) is None
    assert mean([]) is None
    assert skewness([1.0, 2.0]) is None
    assert skewness([1.0, 2.0, 9.0]) == pytest.approx(oracle.skew([1.0, 2.0, 9.0], bias=False))


@pytest.mark.parametrize("d", [[], [0.4], [0.4] * 5, [math.nan, 0.2, math.nan]])
def test_too_little_gives_no_interval_and_says_why(d: list[float]) -> None:
    result = task_t(d, bounds=(-1.0, 1.0))
    assert (result.low, result.high, result.p) == (None, None, None)
    assert result.reason


def test_rounding_is_not_spread() -> None:
    # Three equal differences computed along different ways: a naive t would be in the millions.
    a, b = np.array([0.1 + 0.2, 0.3, 0.6 / 2]), np.zeros(3)
    assert task_t(a - b).low is None
    assert np.isnan(task_p((a - b)[None, :]))[0]


def test_six_tasks_that_agree_are_evidence_with_an_exact_bound() -> None:
    result = task_t([1.0] * 6, bounds=(-1.0, 1.0))
    assert result.p == pytest.approx(2 / 2**6)
    # Out there at most a share of 1 - .025^(1/6) may differ, by at most 2.
    assert result.low == pytest.approx(1 - 2 * (1 - 0.025 ** (1 / 6)))
    assert result.high == 1.0
    level = task_t([0.0] * 24, bounds=(-1.0, 1.0))
    assert level.p == 1.0
    assert level.high == pytest.approx(1 - 0.025 ** (1 / 24))


def test_missing_is_left_out_and_never_zero() -> None:
    a, b = np.array([0.9, 0.8, np.nan, 0.7]), np.array([0.5, np.nan, 0.1, 0.5])
    result = compare_like(a, b)
    assert result.n == 2
    assert result.mean == pytest.approx(0.3)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=20), st.floats(-0.5, 0.5))
def test_one_sided_p_agrees_with_the_oracle(d: list[float], threshold: float) -> None:
    result = task_t(d)
    if result.se is None or result.se < 1e-9:
        return
    expected = oracle.ttest_1samp(d, threshold, alternative="greater").pvalue
    above, below = p_above(result, threshold), p_below(result, threshold)
    assert above == pytest.approx(expected, abs=1e-8)
    assert below == pytest.approx(1 - expected, abs=1e-8)


def test_equality_of_arms_that_never_differ_needs_many_tasks() -> None:
    few, many = (task_t([0.0] * n, bounds=(-1.0, 1.0)) for n in (24, 100))
    assert (p_above(few, -0.05) or 0) > 0.05
    assert (p_above(many, -0.05) or 1) == pytest.approx(0.95**100)


@given(st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_batch_p_equals_the_single_p(tasks: int, seed: int) -> None:
    d = np.random.default_rng(seed).integers(-2, 3, (20, tasks)) / 3
    batch = task_p(d)
    for row, p in zip(d, batch, strict=True):
        single = task_t(row).p
        assert (single is None and np.isnan(p)) or single == pytest.approx(float(p), rel=1e-9)


def test_these_tasks_uses_the_noise_within_cells() -> None:
    rng = np.random.default_rng(4)
    runs = [rng.normal(70, 5, (2, 6, 4)) + rng.normal(0, 20, (1, 6, 1))][0]
    means, variances, n = runs.mean(axis=2), runs.var(axis=2, ddof=1), np.full((2, 6), 4)
    result = compare_these((means[0], variances[0], n[0]), (means[1], variances[1], n[1]))
    parts = (variances / n).ravel()
    se = math.sqrt(parts.sum()) / 6
    df = parts.sum() ** 2 / (parts**2 / 3).sum()
    assert result.se == pytest.approx(se)
    assert result.df == pytest.approx(df)
    assert result.p == pytest.approx(2 * oracle.t.sf(abs((means[0] - means[1]).mean()) / se, df), rel=1e-9)


def test_these_tasks_without_repeats_says_so() -> None:
    single = (np.array([1.0, 0.0]), np.array([np.nan, np.nan]), np.array([1, 1]))
    assert "one run per task" in (compare_these(single, single).reason or "")
    same = (np.array([1.0, 0.0]), np.array([0.0, 0.0]), np.array([3, 3]))
    assert compare_these(same, same).p == 1.0
    assert mean_these(*same).low is None


def test_a_cell_with_one_run_borrows_its_arms_variance() -> None:
    whole = mean_these([1.0, 2.0], [4.0, 4.0], [2, 2])
    part = mean_these([1.0, 2.0], [4.0, np.nan], [2, 1])
    assert whole.se == pytest.approx(math.sqrt(2 + 2) / 2)
    assert part.se == pytest.approx(math.sqrt(2 + 4) / 2)


def test_the_pooled_control_equals_welch_on_runs() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(0, 1, (5, 8)), rng.normal(0.3, 2, (5, 8))
    sums = [(np.full(5, 8), x.sum(axis=1), (x**2).sum(axis=1)) for x in (a, b)]
    expected = oracle.ttest_ind(a.ravel(), b.ravel(), equal_var=False).pvalue
    assert pooled_run_p(sums[0], sums[1]) == pytest.approx(expected, rel=1e-9)
    assert pooled_run_p((np.array([1]), np.array([1.0]), np.array([1.0])), sums[1]) is None
    assert np.isnan(welch_p((1.0, 0.0, 3), (1.0, 0.0, 3)))
