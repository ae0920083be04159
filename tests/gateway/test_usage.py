"""The traps of usage on the wire, one test each; then the readers that feed them."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.gateway.answers import StreamedAnswer, UsageChunkFilter, WholeAnswer
from assay.gateway.usage import tokens_of
from assay.prices import cost
from assay.records import Dialect, Price, Tokens
from assay.testing.wire import event, streamed, whole

OPUS = Price("p", "anthropic", "opus", 5000, 25_000, 500, 6250, 10_000)


def read(dialect: Dialect, *events: dict[str, Any]) -> StreamedAnswer:
    answer = StreamedAnswer(dialect)
    for data in events:
        answer.feed(event(data, data.get("type")))
    return answer


def test_anthropic_input_leaves_the_cache_out_openai_input_holds_it() -> None:
    anthropic = tokens_of(Dialect.MESSAGES, {"input_tokens": 50, "cache_read_input_tokens": 1000, "output_tokens": 4})
    chat = tokens_of(
        Dialect.CHAT,
        {"prompt_tokens": 1050, "prompt_tokens_details": {"cached_tokens": 1000}, "completion_tokens": 4},
    )
    responses = tokens_of(
        Dialect.RESPONSES,
        {"input_tokens": 1050, "input_tokens_details": {"cached_tokens": 1000}, "output_tokens": 4},
    )
    for tokens in (anthropic, chat, responses):
        assert (tokens.input_uncached, tokens.cache_read, tokens.prompt, tokens.output) == (50, 1000, 1050, 4)


def test_cache_writes_are_split_by_lifetime_and_priced_apart() -> None:
    usage = {
        "input_tokens": 5,
        "cache_creation_input_tokens": 12_000,
        "cache_creation": {"ephemeral_1h_input_tokens": 9000, "ephemeral_5m_input_tokens": 3000},
        "cache_read_input_tokens": 0,
        "output_tokens": 120,
    }
    tokens = tokens_of(Dialect.MESSAGES, usage)
    assert (tokens.cache_write_5m, tokens.cache_write_1h, tokens.cache_write_unknown) == (3000, 9000, None)
    assert cost(OPUS, tokens) == 111_775_000  # the published exact figure, in nano-USD


def test_cache_writes_without_a_split_are_of_unknown_lifetime() -> None:
    tokens = tokens_of(Dialect.MESSAGES, {"input_tokens": 5, "cache_creation_input_tokens": 100, "output_tokens": 1})
    assert (tokens.cache_write_5m, tokens.cache_write_1h, tokens.cache_write_unknown) == (None, None, 100)
    none = tokens_of(Dialect.MESSAGES, {"input_tokens": 5, "cache_creation_input_tokens": 0, "output_tokens": 1})
    assert (none.cache_write_5m, none.cache_write_1h, none.cache_write_unknown) == (0, 0, None)


def test_several_usage_frames_are_cumulative_and_never_summed() -> None:
    start = {"input_tokens": 50, "cache_read_input_tokens": 10, "output_tokens": 1}
    frames = [{"type": "message_delta", "delta": {}, "usage": {"output_tokens": count}} for count in (10, 25, 40)]
    answer = read(Dialect.MESSAGES, {"type": "message_start", "message": {"model": "m", "usage": start}}, *frames)
    assert answer.tokens() == Tokens(input_uncached=50, cache_read=10, output=40)
    chunks = [
        {"model": "m", "choices": [{}], "usage": {"prompt_tokens": 9, "completion_tokens": count}}
        for count in (1, 2, 3)
    ]
    assert read(Dialect.CHAT, *chunks).tokens() == Tokens(input_uncached=9, output=3)


def test_an_input_that_is_known_only_at_the_end_replaces_the_first_guess() -> None:
    answer = read(
        Dialect.MESSAGES,
        {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 0, "output_tokens": 0}}},
        {"type": "message_delta", "usage": {"input_tokens": 123, "output_tokens": 9}},
    )
    assert (answer.tokens().input_uncached, answer.tokens().output) == (123, 9)


def test_a_repeated_completed_event_without_counts_takes_nothing_away() -> None:
    done = {"model": "m", "usage": {"input_tokens": 7, "output_tokens": 3}}
    answer = read(
        Dialect.RESPONSES,
        {"type": "response.completed", "response": done},
        {"type": "response.completed", "response": {"model": "m", "usage": None}},
    )
    assert answer.tokens() == Tokens(input_uncached=7, output=3)


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize(
    "usage", [None, {}, [], "x", {"input_tokens": None, "prompt_tokens": "12"}, {"output_tokens": -1}]
)
def test_missing_usage_is_none_not_zero(dialect: Dialect, usage: Any) -> None:
    assert tokens_of(dialect, usage) == Tokens()
    assert tokens_of(dialect, usage).total is None


def test_more_cache_than_prompt_is_a_contradiction_not_a_negative_number() -> None:
    usage = {"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 900}, "completion_tokens": 1}
    tokens = tokens_of(Dialect.CHAT, usage)
    assert (tokens.input_uncached, tokens.cache_read) == (None, 900)
    assert cost(OPUS, tokens) is None


def test_reasoning_is_inside_output_also_where_the_provider_counts_it_beside() -> None:
    details = {"reasoning_tokens": 30}
    openai = {"prompt_tokens": 5, "completion_tokens": 40, "total_tokens": 45, "completion_tokens_details": details}
    xai = {"prompt_tokens": 5, "completion_tokens": 10, "total_tokens": 45, "completion_tokens_details": details}
    google = {"prompt_tokens": 5, "completion_tokens": 10, "total_tokens": 45}
    for usage, apart in ((openai, False), (xai, False), (google, True)):
        tokens = tokens_of(Dialect.CHAT, usage, reasoning_apart=apart)
        assert (tokens.output, tokens.reasoning) == (40, 30)
    assert tokens_of(Dialect.CHAT, google).output == 10, "without knowing the provider nothing is guessed"


def test_cache_hits_under_other_names() -> None:
    deepseek = {
        "prompt_tokens": 100,
        "prompt_cache_hit_tokens": 64,
        "prompt_cache_miss_tokens": 36,
        "completion_tokens": 1,
    }
    kimi = {"prompt_tokens": 100, "cached_tokens": 64, "completion_tokens": 1}
    for usage in (deepseek, kimi):
        assert tokens_of(Dialect.CHAT, usage).input_uncached == 36


@pytest.mark.parametrize("dialect", list(Dialect))
def test_text_that_looks_like_usage_is_not(dialect: Dialect) -> None:
    trap = (
        '"usage": {"output_tokens": 9999, "completion_tokens": 9999} data: [DONE] message_stop "error": {"type": "x"}'
    )
    answer = StreamedAnswer(dialect)
    body = streamed(dialect, trap * 3).body
    assert not isinstance(body, bytes)
    answer.feed(b"".join(body))
    assert (answer.tokens().output, answer.error, answer.whole) == (40, None, True)


@pytest.mark.parametrize("dialect", list(Dialect))
@given(cuts=st.lists(st.integers(0, 3000), max_size=12))
def test_readers_do_not_care_where_chunks_are_cut(dialect: Dialect, cuts: list[int]) -> None:
    body = streamed(dialect, "some words to say").body
    assert not isinstance(body, bytes)
    data = b"".join(body)
    edges = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    answer, kept, passed = StreamedAnswer(dialect), UsageChunkFilter(), b""
    for begin, end in itertools.pairwise(edges):
        answer.feed(data[begin:end])
        passed += kept.feed(data[begin:end])
    passed += kept.flush()
    assert (answer.tokens().output, answer.model, answer.whole) == (40, "served-1", True)
    expected = b"".join(piece for piece in body if b'"choices":[]' not in piece)
    assert passed == expected


def test_streams_with_carriage_returns_and_without_blanks() -> None:
    body = streamed(Dialect.CHAT).body
    assert not isinstance(body, bytes)
    data = b"".join(body).replace(b"\n", b"\r\n").replace(b"data: ", b"data:")
    answer, kept = StreamedAnswer(Dialect.CHAT), UsageChunkFilter()
    answer.feed(data)
    assert (answer.tokens().output, answer.whole) == (40, True)
    assert b"usage" not in kept.feed(data)


def test_usage_beside_a_choice_is_not_taken_out() -> None:
    chunk = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}})
    assert UsageChunkFilter().feed(chunk) == chunk
    first = event({"choices": [], "prompt_filter_results": []})
    assert UsageChunkFilter().feed(first) == first
    assert UsageChunkFilter().feed(b"data: unfinished") == b""


@pytest.mark.parametrize(
    ("dialect", "data", "says"),
    [
        (
            Dialect.MESSAGES,
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
            "Overloaded",
        ),
        (Dialect.CHAT, {"error": {"message": "out of memory", "code": 500}}, "out of memory"),
        (Dialect.CHAT, {"error": "bare words"}, "bare words"),
        (Dialect.RESPONSES, {"type": "error", "code": "x", "message": "went wrong"}, "went wrong"),
        (
            Dialect.RESPONSES,
            {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "sorry"}}},
            "sorry",
        ),
    ],
)
def test_errors_inside_a_stream_are_heard(dialect: Dialect, data: dict[str, Any], says: str) -> None:
    assert read(dialect, {"model": "m", "type": "first"}, data).error == says


def test_long_and_strange_errors_become_one_short_line() -> None:
    answer = WholeAnswer(Dialect.CHAT, status=503)
    answer.feed(b"<html>\n<h1>Service\n\nUnavailable</h1>" + b"x" * 5000)
    answer.close()
    assert answer.error is not None
    assert answer.error.startswith("<html> <h1>Service Unavailable</h1>xxx")
    assert len(answer.error) == 300
    empty = WholeAnswer(Dialect.CHAT, status=503)
    empty.close()
    assert empty.error == "HTTP 503"


@pytest.mark.parametrize("dialect", list(Dialect))
def test_whole_answers(dialect: Dialect) -> None:
    body = whole(dialect).body
    assert isinstance(body, bytes)
    answer = WholeAnswer(dialect)
    answer.feed(body)
    answer.close()
    assert (answer.tokens().output, answer.model, answer.error) == (40, "served-1", None)


@pytest.mark.parametrize(
    ("dialect", "extra", "tier"),
    [
        (Dialect.MESSAGES, {"usage": {"input_tokens": 1, "service_tier": "priority"}}, "priority"),
        (Dialect.MESSAGES, {"usage": {"input_tokens": 1, "speed": "fast"}}, "fast"),
        (Dialect.CHAT, {"service_tier": "flex", "usage": {"prompt_tokens": 1}}, "flex"),
        (Dialect.RESPONSES, {"service_tier": "default"}, "default"),
    ],
)
def test_the_service_tier_is_read_because_its_rates_differ(dialect: Dialect, extra: dict[str, Any], tier: str) -> None:
    answer = WholeAnswer(dialect)
    answer.feed(json.dumps({"model": "m", **extra}).encode())
    answer.close()
    assert answer.tier == tier
