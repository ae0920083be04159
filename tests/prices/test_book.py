"""Prices: declared before published, unknown never zero, asked for once."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from assay.errors import PriceError
from assay.prices import PriceBook, cost
from assay.prices.catalogue import look_up
from assay.providers import KNOWN, Provider
from assay.records import Dialect, Price, Tokens

NOW = datetime(2026, 11, 20, tzinfo=UTC)


class Shelf:
    """A catalogue that lists one model and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, queries: Sequence[Mapping[str, str]]) -> list[Mapping[str, Any] | None]:
        self.asked.extend(query["model"] for query in queries)
        listed = {"rates": {"input": 100, "output": 200, "cache_read": 10}, "tiers": [], "source": "shelf"}
        return [listed if query["model"] == "listed" else None for query in queries]


def provider(prices: Mapping[str, Mapping[str, float]] | None = None, **changes: Any) -> Provider:
    return Provider("gpu", "http://127.0.0.1:1/v1", (Dialect.CHAT,), prices=prices or {}, **changes)


def test_what_the_published_tables_say() -> None:
    book = PriceBook(as_of=NOW)
    opus, haiku, unknown = book.resolve_all(
        [
            (KNOWN["anthropic"], "claude-opus-4-8"),
            (KNOWN["anthropic"], "claude-haiku-4-5"),
            (KNOWN["anthropic"], "kimi-k2.5"),
        ]
    )
    assert opus is not None
    assert haiku is not None
    assert (opus.input, opus.output, opus.cache_read, opus.cache_write_5m, opus.cache_write_1h) == (
        5000,
        25_000,
        500,
        6250,
        10_000,
    )
    assert (haiku.input, haiku.output) == (1000, 5000)
    assert unknown is None, "another maker's model behind this address is not priced as one of its own"
    assert opus.as_of == "2026-11-20"
    assert opus.source.startswith("genai-prices ")
    tokens = Tokens(5000, 100_000, 5000, 10_000, None, 900)
    assert cost(opus, tokens) == 228_750_000


def test_tiers_dates_and_free_entries_of_the_published_tables() -> None:
    query = {"url": "https://api.openai.com/v1", "at": NOW.isoformat()}
    gpt = look_up({**query, "model": "gpt-5.4"})
    assert gpt is not None
    assert gpt["tiers"][0]["above"] == 272_000
    assert gpt["tiers"][0]["input"] == 2 * gpt["rates"]["input"]
    router = {"url": "https://openrouter.ai/api/v1", "model": "moonshotai/kimi-k2.5"}
    early = look_up({**router, "at": "2026-10-01T00:00:00+00:00"})
    late = look_up({**router, "at": "2026-11-20T00:00:00+00:00"})
    assert early is not None
    assert late is not None
    assert early["rates"]["input"] < late["rates"]["input"]
    assert look_up({**query, "model": "gpt-does-not-exist"}) is None
    assert look_up({"url": "http://127.0.0.1:8080/v1", "model": "gpt-5", "at": NOW.isoformat()}) is None


def test_a_gateway_in_between_says_whose_prices_hold() -> None:
    corp = Provider("corp", "https://llm.corp.example", (Dialect.MESSAGES,))
    named = Provider("corp2", "https://llm.corp.example", (Dialect.MESSAGES,), quirks={"priced_as": "anthropic"})
    without, under_name = PriceBook(as_of=NOW).resolve_all([(corp, "claude-haiku-4-5"), (named, "claude-haiku-4-5")])
    assert without is None
    assert under_name is not None
    assert under_name.provider == "corp2"


def test_declared_prices_win_and_a_star_means_all() -> None:
    shelf = Shelf()
    book = PriceBook(catalogue=shelf, overrides={"gpu": {"special": {"input": 9, "output": 9}}})
    gpu = provider({"listed": {"input": 0.7, "output": 2.1, "cache_write_5m": 0.9}, "*": {"input": 0, "output": 0}})
    listed, special, other = book.resolve_all([(gpu, "listed"), (gpu, "special"), (gpu, "other")])
    assert listed == Price(
        listed.id if listed else "",
        "gpu",
        "listed",
        700,
        2100,
        700,
        900,
        None,
        "declared",
        listed.as_of if listed else "",
    )
    assert special is not None
    assert (special.input, special.source) == (9000, "override")
    assert other is not None
    assert (other.input, other.output, other.cache_read, other.cache_write_1h) == (0, 0, 0, 0)
    assert shelf.asked == []


def test_unlisted_is_unpriced_and_each_model_is_asked_for_once() -> None:
    shelf = Shelf()
    book = PriceBook(catalogue=shelf)
    gpu = provider()
    assert book.resolve(gpu, "unlisted") is None
    assert book.resolve_all([(gpu, "unlisted"), (gpu, "listed"), (gpu, "listed")])[0] is None
    price = book.resolve(gpu, "listed")
    assert price is not None
    assert (price.input, price.cache_write_5m) == (100, None)
    assert shelf.asked == ["unlisted", "listed"]


def test_a_lab_is_priced_by_what_it_declares_alone() -> None:
    shelf = Shelf()
    book = PriceBook(catalogue=shelf)
    assert book.resolve(provider(kind="lab"), "listed") is None
    declared = PriceBook(catalogue=shelf).resolve(provider({"*": {"input": 1, "output": 2}}, kind="lab"), "listed")
    assert declared is not None
    assert declared.simulated
    assert shelf.asked == []


def test_a_resumed_run_keeps_its_frozen_prices() -> None:
    frozen = Price("old", "gpu", "listed", 1, 2, source="then")
    shelf = Shelf()
    book = PriceBook(catalogue=shelf)
    book.freeze([frozen, Price("x", "gone", "m", 1, 1)], [provider()])
    assert book.resolve(provider({"*": {"input": 5, "output": 5}}), "listed") == frozen
    assert shelf.asked == []


def test_the_id_is_of_the_content() -> None:
    one = PriceBook(as_of=NOW).resolve(provider({"*": {"input": 1, "output": 2}}), "m")
    same = PriceBook(as_of=datetime(2027, 1, 1, tzinfo=UTC)).resolve(provider({"*": {"input": 1, "output": 2}}), "m")
    other = PriceBook(as_of=NOW).resolve(provider({"*": {"input": 1, "output": 3}}), "m")
    assert one is not None
    assert same is not None
    assert other is not None
    assert one.id == same.id != other.id


@pytest.mark.parametrize(
    ("rates", "says"),
    [
        ({"input": 1}, "'output' is missing"),
        ({"input": 1, "output": -2}, "not a price"),
        ({"input": 1, "output": float("nan")}, "not a price"),
        ({"input": 1, "output": 1, "cache": 1}, "unknown rate 'cache'"),
    ],
)
def test_a_rate_that_makes_no_sense_is_one_line(rates: Mapping[str, float], says: str) -> None:
    with pytest.raises(PriceError, match=says) as caught:
        PriceBook().resolve(provider({"m": rates}), "m")
    assert "gpu/m" in str(caught.value)
    assert "\n" not in str(caught.value)
