"""The arithmetic of cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.prices import cost, partial_cost, reservation
from assay.records import Price, Tokens

OPUS = Price("p", "anthropic", "claude-opus-4-8", 5000, 25_000, 500, 6250, 10_000)


def test_the_golden_call() -> None:
    tokens = Tokens(
        input_uncached=5000, cache_read=100_000, cache_write_5m=5000, cache_write_1h=10_000, output=900, reasoning=500
    )
    assert cost(OPUS, tokens) == 228_750_000  # $0.22875; reasoning is inside output


def test_unknown_is_none_never_zero() -> None:
    assert cost(None, Tokens(input_uncached=1, output=1)) is None
    assert cost(OPUS, Tokens()) is None
    assert cost(OPUS, Tokens(input_uncached=5)) is None, "output was not reported"
    assert cost(OPUS, Tokens(output=5)) is None, "input was not reported"
    assert cost(OPUS, Tokens(input_uncached=0, output=0)) == 0


def test_a_kind_with_tokens_but_no_rate_makes_the_cost_unknown() -> None:
    plain = Price("p", "corp", "m", 1000, 2000)
    assert cost(plain, Tokens(input_uncached=1, output=1)) == 3000
    assert cost(plain, Tokens(input_uncached=1, cache_read=0, cache_write_5m=0, output=1)) == 3000
    assert cost(plain, Tokens(input_uncached=1, cache_read=1, output=1)) is None
    assert cost(plain, Tokens(input_uncached=1, cache_write_unknown=1, output=1)) is None


def test_writes_of_unknown_lifetime_are_billed_at_the_five_minute_rate() -> None:
    assert cost(OPUS, Tokens(input_uncached=0, cache_write_unknown=100, output=0)) == 625_000


def test_tiers_hold_for_the_whole_request_by_the_length_of_its_prompt() -> None:
    tiers = ({"above": 200_000, "input": 6000, "output": 22_500}, {"above": 500_000, "input": 9000})
    price = Price("p", "anthropic", "sonnet", 3000, 15_000, 300, tiers=tiers)
    assert cost(price, Tokens(input_uncached=200_000, output=10)) == 200_000 * 3000 + 10 * 15_000
    assert cost(price, Tokens(input_uncached=100_001, cache_read=100_000, output=10)) == (
        100_001 * 6000 + 100_000 * 300 + 10 * 22_500
    )
    assert cost(price, Tokens(input_uncached=600_000, output=10)) == 600_000 * 9000 + 10 * 22_500
    assert Price.from_json({**price.to_json(), "tiers": list(tiers)}) == price


def test_fractional_rates_are_rounded_once_at_the_end() -> None:
    price = Price("p", "openrouter", "m", 22.8, 34.32)
    assert cost(price, Tokens(input_uncached=1_000_000, output=1_000_000)) == 57_120_000


counts = st.none() | st.integers(0, 10**6)


@given(
    tokens=st.builds(Tokens, counts, counts, counts, counts, counts, counts, st.none()),
)
def test_a_partial_cost_is_a_lower_bound_that_meets_the_cost_where_that_is_known(tokens: Tokens) -> None:
    whole, least = cost(OPUS, tokens), partial_cost(OPUS, tokens)
    if whole is not None:
        assert least == whole
    assert (least is None) == (tokens.total is None)


def test_a_reservation_is_below_the_cost_of_any_plausible_prompt() -> None:
    assert reservation(OPUS, 40_000) == 5000 * 500  # 5,000 tokens at the cache read rate
    assert reservation(None, 40_000) == 0
    assert reservation(OPUS, 40_000) < (cost(OPUS, Tokens(input_uncached=10_000, output=0)) or 0)


@pytest.mark.parametrize("price", [None, OPUS])
def test_partial_cost_of_nothing(price: Price | None) -> None:
    assert partial_cost(price, Tokens()) is None
