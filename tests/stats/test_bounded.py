"""Gaffke's bounds: against exact answers, against drawing, and as a batch."""

import numpy as np
import pytest

from assay.stats import clopper_pearson, gaffke_bounds, gaffke_p


@pytest.mark.parametrize(("solved", "tasks"), [(1, 2), (8, 10), (1, 24), (24, 24), (0, 24), (3, 100), (1999, 2000)])
def test_yes_and_no_give_the_exact_limits(solved: int, tasks: int) -> None:
    rates = np.repeat([1.0, 0.0], [solved, tasks - solved])
    assert gaffke_bounds(rates) == pytest.approx(clopper_pearson(solved, tasks), abs=1e-9)


@pytest.mark.parametrize("tasks", [2, 5, 12, 200, 3000])
def test_equal_rates_have_a_closed_form(tasks: int) -> None:
    rest = 0.025 ** (1 / tasks)
    assert gaffke_bounds(np.full(tasks, 0.6)) == pytest.approx((0.6 * rest, 1 - 0.4 * rest), abs=1e-9)


def test_a_mixture_of_rates_against_drawing() -> None:
    rng = np.random.default_rng(5)
    rates = rng.random(6)
    weights = rng.dirichlet(np.ones(7), 400_000)
    low, high = np.quantile(weights @ np.append(rates, 0.0), 0.025), np.quantile(weights @ np.append(rates, 1.0), 0.975)
    assert gaffke_bounds(rates) == pytest.approx((low, high), abs=2e-3)


def test_p_is_what_the_bound_inverts_and_batches_equal_singles() -> None:
    rates = np.random.default_rng(6).random((4, 3, 9))
    low, _ = gaffke_bounds(rates[1, 2])
    assert float(gaffke_p(rates[1, 2], low)) == pytest.approx(0.025, abs=1e-9)
    batch = gaffke_p(rates, 0.4)
    assert batch.shape == (4, 3)
    assert batch[1, 2] == pytest.approx(float(gaffke_p(rates[1, 2], 0.4)), abs=1e-12)


def test_limits_of_p() -> None:
    assert float(gaffke_p(np.ones(40), 0.2)) == pytest.approx(0.2**40, abs=1e-12)
    assert float(gaffke_p(np.zeros(5), 0.3)) == pytest.approx(1.0)
    assert float(gaffke_p(np.full(5000, 0.9), 0.1)) == 0.0
    assert float(gaffke_p(np.full(5000, 0.9), 0.95)) == 1.0
