"""Published numbers that the formulas must reproduce, to the digits in which they were published."""

import numpy as np
import pytest

from assay.stats import (
    ci_t,
    clopper_pearson,
    detectable,
    holm,
    mcnemar_p,
    minimum_p,
    n_for,
    power,
    sd_for,
    sign_test,
    task_t,
    welch,
    wilson,
    zero_failures_n,
)


def test_t_interval_of_a_published_summary() -> None:
    interval = ci_t(108.2, 20.1, 9)
    assert interval == pytest.approx((92.75, 123.65), abs=0.005)
    assert ci_t(107.7, 13.4, 5) == pytest.approx((91.06, 124.34), abs=0.005)
    assert ci_t(94.0, 28.9, 15) == pytest.approx((78.00, 110.00), abs=0.005)
    assert ci_t(41.9, 5.0, 1) is None


def test_welch_of_two_published_summaries() -> None:
    result = welch((108.2, 20.1, 9), (94.0, 28.9, 15))
    assert result.mean == pytest.approx(14.2)
    assert (result.low, result.high) == pytest.approx((-6.6, 35.0), abs=0.05)
    assert result.p == pytest.approx(0.171, abs=5e-4)
    others = [
        welch((108.2, 20.1, 9), (107.7, 13.4, 5)).p,
        welch((107.7, 13.4, 5), (94.0, 28.9, 15)).p,
    ]
    assert holm([result.p, *others]) == pytest.approx((0.514, 0.96, 0.514), abs=0.005)


def test_exact_answers_for_counts() -> None:
    assert sign_test(18, 4) == pytest.approx(0.0043, abs=5e-5)
    assert sign_test(16, 6) == pytest.approx(0.053, abs=1e-3)
    assert mcnemar_p([4, 8], [0, 4]) == pytest.approx([0.125, 0.388], abs=5e-4)
    assert mcnemar_p(3, 0) == pytest.approx(0.25)
    assert wilson(8, 10) == pytest.approx((0.49, 0.94), abs=0.005)
    assert wilson(5, 10) == pytest.approx((0.24, 0.76), abs=0.005)
    upper = clopper_pearson(0, 7)
    assert upper is not None
    assert upper[1] == pytest.approx(0.41, abs=0.005)


def test_power_of_a_published_plan() -> None:
    assert n_for(20, 20) == 17
    assert [n_for(20, sd) for sd in (13.4, 20.1, 24.5, 28.9)] == [9, 17, 25, 34]
    assert sd_for(16, 20) == pytest.approx(19.54, abs=0.005)
    assert power(15, 20, 20.1) == pytest.approx(0.75, abs=0.005)
    assert power(15, 20, 28.9) == pytest.approx(0.45, abs=0.005)
    assert detectable(16, 19.54) == pytest.approx(20, abs=0.01)


def test_reliability_and_smallest_p() -> None:
    assert [zero_failures_n(r) for r in (0.80, 0.90, 0.95, 0.99)] == [14, 29, 59, 299]
    assert [minimum_p(n) for n in (3, 5, 6)] == [0.25, 0.0625, 0.03125]


@pytest.mark.parametrize("tasks", [3, 12, 100])
def test_one_task_that_carries_it_all_gives_t_of_one(tasks: int) -> None:
    d = np.zeros(tasks)
    d[0] = 27.0
    result = task_t(d)
    assert result.mean is not None
    assert result.se is not None
    assert result.mean / result.se == pytest.approx(1.0)
