import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as oracle
from statsmodels.stats import proportion

from assay.stats import (
    bonett_price,
    clopper_pearson,
    compare_like,
    compare_like_p,
    cost_per_solved,
    effective_n,
    mcnemar_p,
    minimum_p,
    rate_like,
    sign_flip_p,
    wilson,
)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_and_exact_limits_equal_the_oracle(pair: tuple[int, int]) -> None:
    solved, n = pair
    assert wilson(solved, n) == pytest.approx(proportion.proportion_confint(solved, n, method="wilson"), abs=1e-9)
    assert clopper_pearson(solved, n) == pytest.approx(
        proportion.proportion_confint(solved, n, method="beta"), abs=1e-9
    )


def test_no_trials_no_interval() -> None:
    assert wilson(0, 0) is None
    assert clopper_pearson(0, 0) is None
    assert rate_like([], []).reason == "no task has data"
    assert rate_like([2], [3]).low is None


cells = st.lists(st.integers(1, 6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=20)


@given(cells, st.integers(2, 5))
def test_copied_repeats_gain_nothing(rows: list[tuple[int, int]], copies: int) -> None:
    solved, runs = np.array(rows).T
    once, again = rate_like(solved, runs), rate_like(copies * solved, copies * runs)
    assert (once.mean, once.low, once.high) == pytest.approx((again.mean, again.low, again.high))


@given(cells, st.randoms(use_true_random=False))
def test_rate_does_not_depend_on_task_order(rows: list[tuple[int, int]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert rate_like(*np.array(rows).T) == rate_like(*np.array(shuffled).T)


def test_one_run_per_task_gives_the_exact_limits() -> None:
    result = rate_like([1] * 9 + [0] * 3, [1] * 12)
    assert (result.low, result.high) == pytest.approx(clopper_pearson(9, 12), abs=1e-9)


def test_tasks_that_are_all_solved_are_worth_as_many_runs_as_tasks() -> None:
    result = rate_like([30] * 12, [30] * 12)
    assert (result.low, result.high) == pytest.approx(clopper_pearson(12, 12), abs=1e-9)


def test_one_failure_in_many_runs_does_not_make_a_rate_surer() -> None:
    bounds = [rate_like([15 - lost] + [15] * 23, [15] * 24) for lost in range(16)]
    lows, highs = [each.low or 0.0 for each in bounds], [each.high or 0.0 for each in bounds]
    assert lows == sorted(lows, reverse=True)
    assert highs == sorted(highs, reverse=True)
    assert lows[0] == pytest.approx(0.025 ** (1 / 24))
    assert lows[1] == pytest.approx(0.855, abs=1e-3)


equal_cells = st.tuples(st.integers(1, 6), st.integers(2, 12)).flatmap(
    lambda kt: st.tuples(st.just(kt[0]), st.lists(st.integers(0, kt[0]), min_size=kt[1], max_size=kt[1]))
)


@given(equal_cells, st.data())
def test_one_more_success_never_lowers_a_bound(table: tuple[int, list[int]], data: st.DataObject) -> None:
    k, solved = table
    place = data.draw(st.integers(0, len(solved) - 1))
    more = [min(k, count + (index == place)) for index, count in enumerate(solved)]
    runs = [k] * len(solved)
    before, after = rate_like(solved, runs), rate_like(more, runs)
    assert before.low is not None
    assert before.high is not None
    assert after.low is not None
    assert after.high is not None
    assert after.low >= before.low - 1e-9
    assert after.high >= before.high - 1e-9


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_equals_the_binomial_test(b: int, c: int) -> None:
    expected = oracle.binomtest(b, b + c).pvalue if b + c else 1.0
    assert float(mcnemar_p(b, c)) == pytest.approx(expected, abs=1e-9)


def test_bonett_price_by_its_formula() -> None:
    result = bonett_price(4, 0, 8)
    first, second = 5 / 10, 1 / 10
    half = oracle.norm.ppf(0.975) * math.sqrt((first + second - (first - second) ** 2) / 10)
    assert (result.low, result.high) == pytest.approx((0.4 - half, 0.4 + half))
    assert result.mean == 0.5


def test_all_or_nothing_below_twelve_tasks_uses_the_exact_test() -> None:
    a, b = np.array([1.0, 1, 1, 1, 0, 0, 1, 0]), np.array([0.0, 0, 0, 0, 0, 0, 1, 0])
    assert compare_like(a, b, yes_no=True).method == "Bonett-Price, exact McNemar"
    assert compare_like(np.tile(a, 2), np.tile(b, 2), yes_no=True).method == "paired task t"
    assert compare_like(np.append(a, 0.5), np.append(b, 0.5), yes_no=True).method == "paired task t"
    few = compare_like([1.0, 1.0, 1.0], [0.0, 0.0, 0.0], yes_no=True)
    assert (few.low, few.p) == (None, None)


@given(st.integers(2, 14), st.integers(0, 2**32 - 1))
def test_batch_of_yes_no_answers_equals_one_by_one(tasks: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 2, (2, 15, tasks)).astype(float)
    rows[:, ::3] = rng.integers(0, 3, (2, 5, tasks)) / 2
    batch = compare_like_p(rows[0], rows[1], yes_no=True)
    for a, b, p in zip(rows[0], rows[1], batch, strict=True):
        single = compare_like(a, b, yes_no=True, bounds=(-1.0, 1.0)).p
        assert (single is None and np.isnan(p)) or single == pytest.approx(float(p), rel=1e-9)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=9))
def test_sign_flips_equal_the_oracle(d: list[int]) -> None:
    result = sign_flip_p(d)
    assert result is not None
    assert result >= minimum_p(len(d))
    flips = np.array(np.meshgrid(*[[-1, 1]] * len(d))).reshape(len(d), -1)
    expected = float(np.mean(np.abs(np.array(d) @ flips) >= abs(sum(d))))
    assert result == pytest.approx(expected)


def test_sign_flips_know_their_limits() -> None:
    assert sign_flip_p([]) is None
    assert sign_flip_p(range(21)) is None


def test_cost_per_solved_is_a_ratio_with_an_interval_over_tasks() -> None:
    cost, solved = np.array([1.0, 2.0, 0.5, 1.5]), np.array([3.0, 1.0, 2.0, 2.0])
    result = cost_per_solved(cost, solved)
    influence = cost / cost.mean() - solved / solved.mean()
    factor = math.exp(oracle.t.ppf(0.975, 3) * influence.std(ddof=1) / 2)
    assert result.mean == pytest.approx(5.0 / 8.0)
    assert (result.low, result.high) == pytest.approx((0.625 / factor, 0.625 * factor))
    assert cost_per_solved(cost[::-1], solved[::-1]) == result


@pytest.mark.parametrize(
    ("cost", "solved", "reason"),
    [
        ([], [], "no task has a known cost"),
        ([math.nan], [1.0], "no task has a known cost"),
        ([1.0, 2.0], [0.0, 0.0], "nothing was solved"),
        ([0.0, 0.0], [1.0, 2.0], "nothing was charged"),
        ([1.0], [1.0], "one task: the spread between tasks is unknown"),
        ([1.0, 2.0], [1.0, 2.0], "cost per solved is the same on every task"),
    ],
)
def test_cost_per_solved_says_why_it_has_no_interval(cost: list[float], solved: list[float], reason: str) -> None:
    result = cost_per_solved(cost, solved)
    assert (result.low, result.high, result.reason) == (None, None, reason)


def test_wilson_with_an_effective_n_knows_that_repeats_of_a_task_are_not_independent() -> None:
    solved, runs = np.array([30.0, 30.0, 0.0, 0.0, 15.0, 30.0]), np.full(6, 30.0)
    n = effective_n(solved, runs)
    assert n is not None
    assert 1 <= n < 6
    wide, narrow = wilson(105 / 180 * n, n), wilson(105, 180)
    assert wide is not None
    assert narrow is not None
    assert wide[0] < narrow[0]
    assert wide[1] > narrow[1]
    assert effective_n(2 * solved, 2 * runs) == pytest.approx(n)
    assert effective_n([3.0], [5.0]) is None
    assert effective_n([5.0, 5.0], [5.0, 5.0]) == 2
