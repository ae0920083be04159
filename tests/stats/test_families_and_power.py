import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower, TTestPower

from assay.stats import (
    detectable,
    difference_sd,
    holm,
    more_tasks,
    more_tasks_for_margin,
    n_for,
    power,
    rank_intervals,
    sd_for,
    tie_groups,
)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_equals_the_oracle(p: list[float]) -> None:
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_a_claim_without_p_still_counts_in_its_family() -> None:
    assert holm([0.02, None, 0.03]) == pytest.approx((0.06, None, 0.06))
    assert holm([]) == ()


def test_rank_intervals_count_significant_wins() -> None:
    better = np.zeros((3, 3), dtype=bool)
    better[0, 2] = True
    assert rank_intervals(better) == ((1, 2), (1, 3), (2, 3))
    better[0, 1] = better[1, 2] = True
    assert rank_intervals(better) == ((1, 1), (2, 2), (3, 3))


def test_tie_groups_are_compact() -> None:
    different = np.zeros((4, 4), dtype=bool)
    different[0, 2] = different[0, 3] = True
    assert tie_groups(different | different.T, [0, 1, 2, 3]) == ("a", "ab", "b", "b")
    assert tie_groups(np.zeros((0, 0)), []) == ()


@given(st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_arms_share_a_letter_exactly_when_they_do_not_differ(count: int, seed: int) -> None:
    upper = np.triu(np.random.default_rng(seed).random((count, count)) < 0.4, 1)
    different = upper | upper.T
    letters = tie_groups(different, list(range(count)))
    for i in range(count):
        assert letters[i]
        for j in range(count):
            if i != j:
                assert bool(set(letters[i]) & set(letters[j])) != bool(different[i, j])


@given(st.integers(2, 200), st.floats(0.1, 1.5))
def test_power_equals_the_oracle(n: int, effect: float) -> None:
    if effect * np.sqrt(n) > 5:
        return  # the oracle's noncentral t fails there
    assert power(n, effect, 1.0, paired=True) == pytest.approx(TTestPower().power(effect, n, 0.05), abs=1e-8)
    assert power(n, effect, 1.0) == pytest.approx(TTestIndPower().power(effect, n, 0.05), abs=1e-8)


def test_sizes_invert_power() -> None:
    n = n_for(0.1, 0.3, paired=True)
    assert n is not None
    assert (power(n, 0.1, 0.3, paired=True) or 0) >= 0.8 > (power(n - 1, 0.1, 0.3, paired=True) or 0)
    least = detectable(24, 0.3, paired=True)
    assert least is not None
    assert power(24, least, 0.3, paired=True) == pytest.approx(0.8, abs=1e-9)
    assert sd_for(24, least, paired=True) == pytest.approx(0.3)


def test_what_cannot_be_known_is_none() -> None:
    assert n_for(0.0, 1.0) is None
    assert n_for(1e-9, 1.0) is None
    assert power(1, 1.0, 1.0) is None
    assert detectable(1, 1.0) is None
    assert more_tasks(0.0, 1.0, 5) is None
    assert more_tasks(0.1, 0.0, 5) is None
    assert more_tasks_for_margin(-0.2, 0.3, 5, 0.1) is None


@given(st.floats(0.02, 1.0), st.floats(0.05, 0.6))
def test_more_tasks_is_within_one_of_the_exact_answer(difference: float, sd: float) -> None:
    exact = n_for(difference, sd, paired=True)
    more = more_tasks(difference, sd, 0)
    assert exact is not None
    assert more is not None
    assert abs(more - exact) <= 2


def test_repeats_shrink_only_the_noise_between_runs() -> None:
    assert difference_sd(3.0, 4.0, 4.0, 1) == pytest.approx(np.sqrt(9 + 32))
    assert difference_sd(3.0, 4.0, 4.0, 10**9) == pytest.approx(3.0)
