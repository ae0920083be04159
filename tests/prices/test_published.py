"""The arithmetic of cost against figures that someone else published: six runs of Claude Code, billed for real.

Token counts and USD are those of ``results-claude-code/*/result.json`` in llm-coding-benchmark by akitaonrails (GitHub,
commit 8a0b542): numbers only, cited as facts. All its cache writes were of five minutes.
"""

from dataclasses import replace
from typing import Any

import pytest

from assay.errors import PriceError
from assay.prices import PriceBook, cost
from assay.providers import Provider
from assay.records import NANO, Dialect, Price, Tokens

OPUS = Price("opus", "anthropic", "claude-opus", 5000, 25_000, 500, 6250, 10_000)
SONNET = Price("sonnet", "anthropic", "claude-sonnet-4-6", 3000, 15_000, 300, 3750, 6000)
HAIKU = Price("haiku", "anthropic", "claude-haiku-4-5", 1000, 5000, 100, 1250, 2000)

# (uncached input, output, cache read, cache written, USD) of each model, and the USD of the whole run.
PUBLISHED: dict[str, tuple[float, dict[str, tuple[Price, int, int, int, int, float]]]] = {
    "claude_opus_5_alone": (16.0238995, {
        "main": (OPUS, 8255, 140_702, 22_133_220, 223_570, 16.0227475),
        "auxiliary": (HAIKU, 1052, 20, 0, 0, 0.001152),
    }),
    "claude_opus_alone": (6.7393945, {
        "main": (OPUS, 139, 43_982, 9_311_254, 157_202, 6.7383845),
        "auxiliary": (HAIKU, 890, 24, 0, 0, 0.00101),
    }),
    "claude_opus_haiku": (7.82816575, {
        "main": (OPUS, 146, 50_754, 10_884_379, 178_465, 7.82717575),
        "auxiliary": (HAIKU, 890, 20, 0, 0, 0.00099),
    }),
    "claude_opus_haiku_forced": (3.4915586, {
        "main": (OPUS, 39, 32_266, 1_378_651, 175_204, 2.5911955),
        "sub-agent": (HAIKU, 2129, 33_518, 5_514_016, 143_394, 0.9003631),
    }),
    "claude_opus_sonnet": (5.13094, {
        "main": (OPUS, 116, 39_471, 6_609_775, 134_030, 5.12993),
        "auxiliary": (HAIKU, 890, 24, 0, 0, 0.00101),
    }),
    "claude_opus_sonnet_forced": (5.77488495, {
        "main": (OPUS, 58, 48_631, 2_614_400, 134_282, 3.3625275),
        "sub-agent": (SONNET, 199, 43_179, 3_767_664, 168_507, 2.41048245),
        "auxiliary": (HAIKU, 1765, 22, 0, 0, 0.001875),
    }),
}  # fmt: skip
EXACT = 1e-5


def provider(**changes: Any) -> Provider:
    made = Provider("anthropic", "https://api.anthropic.com/v1", (Dialect.MESSAGES,))
    return replace(made, **changes)


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_the_published_cost_of_a_run_comes_out(name: str) -> None:
    whole, models = PUBLISHED[name]
    spent = 0
    for price, uncached, output, read, wrote, usd in models.values():
        tokens = Tokens(input_uncached=uncached, cache_read=read, cache_write_5m=wrote, output=output)
        computed = cost(price, tokens)
        assert computed is not None
        assert computed / NANO == pytest.approx(usd, abs=EXACT)
        spent += computed
    assert spent / NANO == pytest.approx(whole, abs=EXACT)


def test_had_they_lived_an_hour_the_writes_would_have_cost_more() -> None:
    price, uncached, output, read, wrote, usd = PUBLISHED["claude_opus_alone"][1]["main"]
    hour = cost(price, Tokens(uncached, read, None, wrote, None, output))
    assert hour is not None
    assert hour / NANO - usd == pytest.approx(wrote * (10 - 6.25) / 1e6, abs=EXACT)
    unknown = cost(price, Tokens(uncached, read, None, None, wrote, output))
    assert unknown is not None
    assert unknown / NANO == pytest.approx(usd, abs=EXACT), "a lifetime that was not told is the usual one"


def test_a_cache_without_a_price_leaves_the_cost_unknown_not_lower() -> None:
    price, uncached, output, read, wrote, _ = PUBLISHED["claude_opus_alone"][1]["main"]
    assert cost(replace(price, cache_write_5m=None), Tokens(uncached, read, wrote, None, None, output)) is None
    assert cost(replace(price, cache_read=None), Tokens(uncached, read, wrote, None, None, output)) is None


def test_a_model_that_no_table_lists_has_no_price() -> None:
    book = PriceBook(catalogue=lambda queries: [None for _ in queries])
    assert book.resolve(provider(), "claude-opus-99") is None
    assert cost(book.resolve(provider(), "claude-opus-99"), Tokens(input_uncached=1, output=1)) is None


def test_a_price_of_nothing_exists_only_where_it_was_declared() -> None:
    free = provider(prices={"*": {"input": 0, "output": 0}})
    declared = PriceBook(catalogue=lambda queries: [None for _ in queries]).resolve(free, "claude-opus-4-7")
    assert declared is not None
    assert (declared.input, declared.source) == (0, "declared")
    assert cost(declared, Tokens(input_uncached=5, cache_read=5, cache_write_5m=5, output=5)) == 0
    with pytest.raises(PriceError, match="not a price"):
        PriceBook().resolve(provider(prices={"*": {"input": -1, "output": 0}}), "claude-opus-4-7")
