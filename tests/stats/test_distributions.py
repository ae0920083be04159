import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from scipy import stats as oracle

from assay.stats import (
    beta_cdf,
    beta_quantile,
    log_beta,
    noncentral_t_beyond,
    normal_cdf,
    normal_quantile,
    student_t_cdf,
    student_t_quantile,
    student_t_tails,
)

RNG = np.random.default_rng(20)


def test_beta_cdf_equals_the_oracle_over_seven_decades() -> None:
    a, b = np.exp(RNG.uniform(-3, 12, 600)), np.exp(RNG.uniform(-3, 12, 600))
    x = RNG.beta(np.maximum(a, 0.05), np.maximum(b, 0.05))
    assert np.abs(beta_cdf(x, a, b) - special.betainc(a, b, x)).max() < 1e-9


def test_beta_cdf_at_the_ends() -> None:
    assert beta_cdf([0.0, 1.0], 2.5, 0.5).tolist() == [0.0, 1.0]


def test_log_beta_keeps_its_digits_for_large_parameters() -> None:
    # B(1, b) = 1/b exactly; subtracting log gammas loses nine digits here.
    for large in (20.0, 4.1e5, 1e9):
        assert float(log_beta(1.0, large)) == pytest.approx(-math.log(large), rel=1e-13)
    a, b = RNG.uniform(0.1, 60, 500), RNG.uniform(0.1, 60, 500)
    assert np.abs(log_beta(a, b) - special.betaln(a, b)).max() < 1e-11


def test_student_t_equals_the_oracle() -> None:
    t, df = RNG.normal(0, 6, 600), np.exp(RNG.uniform(-0.5, 13, 600))
    expected = 2 * oracle.t.sf(np.abs(t), df)
    assert np.abs(student_t_tails(t, df) / expected - 1).max() < 1e-9
    assert np.abs(student_t_cdf(t, df) - oracle.t.cdf(t, df)).max() < 1e-9


def test_student_t_at_infinity_and_at_nan() -> None:
    assert float(student_t_tails(1.96, math.inf)) == pytest.approx(2 * oracle.norm.sf(1.96), rel=1e-12)
    assert float(student_t_tails(math.inf, 3)) == 0.0
    assert np.isnan(student_t_tails(np.nan, 3))


@pytest.mark.parametrize("df", [1.0, 2.0, 3.7, 11.0, 359.0, 1e5])
@pytest.mark.parametrize("p", [1e-6, 0.025, 0.5, 0.9, 0.975, 1 - 1e-9])
def test_student_t_quantile_equals_the_oracle(p: float, df: float) -> None:
    assert student_t_quantile(p, df) == pytest.approx(oracle.t.ppf(p, df), rel=1e-9, abs=1e-12)


@given(st.floats(0.001, 0.999), st.floats(0.6, 1e6))
def test_quantile_inverts_the_cdf(p: float, df: float) -> None:
    assert float(student_t_cdf(student_t_quantile(p, df), df)) == pytest.approx(p, abs=1e-9)


def test_normal() -> None:
    points = np.linspace(-30, 8, 200)
    assert np.allclose(normal_cdf(points), oracle.norm.cdf(points), rtol=1e-12, atol=0)
    assert normal_quantile(0.975) == pytest.approx(oracle.norm.ppf(0.975), rel=1e-12)


@pytest.mark.parametrize(("p", "a", "b"), [(0.025, 3, 18), (0.975, 1, 7), (0.5, 0.5, 0.5), (0.9, 400, 2000)])
def test_beta_quantile_equals_the_oracle(p: float, a: float, b: float) -> None:
    assert beta_quantile(p, a, b) == pytest.approx(oracle.beta.ppf(p, a, b), rel=1e-9)


@pytest.mark.parametrize("df", [1, 2, 5, 11, 30, 200])
@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0, 4.0])
def test_noncentral_t_equals_the_oracle(df: int, shift: float) -> None:
    critical = student_t_quantile(0.975, df)
    expected = oracle.nct.sf(critical, df, shift) + oracle.nct.cdf(-critical, df, shift)
    assert noncentral_t_beyond(critical, df, shift) == pytest.approx(expected, abs=1e-9)
