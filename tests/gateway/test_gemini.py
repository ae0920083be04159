"""Google's own dialect: the model in the path, a key in a header of its own, tokens counted its own way."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from assay.evidence.calls import read_calls
from assay.gateway.answers import StreamedAnswer, WholeAnswer
from assay.gateway.base import Upstream
from assay.gateway.headers import upstream_url
from assay.gateway.usage import tokens_of
from assay.providers import KNOWN, Provider
from assay.records import Dialect, Tokens
from assay.testing.upstream import Reply, ScriptedUpstream
from assay.testing.wire import event, question, streamed, whole

MakeProvider = Callable[..., Provider]
GEMINI = Dialect.GEMINI


@pytest.mark.parametrize("stream", [False, True])
async def test_model_is_renamed_in_the_path_and_the_body_is_untouched(
    enter: Any, provider: MakeProvider, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    monkeypatch.setenv("MADE_UP_KEY", "real-key-0123456789")
    reply = streamed(GEMINI) if stream else whole(GEMINI)
    async with ScriptedUpstream(reply) as upstream:
        google = provider(f"{upstream.url}/v1beta/openai", auth="bearer", key_env="MADE_UP_KEY")
        async with enter(google, models={"fast": Upstream(google, "gemini-2.5-flash")}) as inside:
            body = json.dumps(question(GEMINI, "fast")).encode()
            url = inside.url(GEMINI, model="fast", stream=stream)
            url += ("&" if "?" in url else "?") + "key=dummy"
            headers = {"x-goog-api-key": "dummy"}
            async with inside.session.post(url, data=body, headers=headers) as answer:
                assert answer.status == 200
                received = await answer.read()
            await inside.door.close()
    (asked,) = upstream.requests
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    assert asked.target == f"/v1beta/models/gemini-2.5-flash:{verb}"
    assert (asked.body, asked.header("x-goog-api-key")) == (body, "real-key-0123456789")
    assert asked.header("authorization") is None
    assert received == (reply.body if isinstance(reply.body, bytes) else b"".join(reply.body))
    (call,) = read_calls(inside.door.visitor.folder)
    assert (call.dialect, call.model_requested, call.model_served) == (GEMINI, "fast", "served-1")
    assert (call.response_id, call.stop_reason, call.in_flight_at_kill) == ("g1", "STOP", False)
    assert call.tokens == Tokens(input_uncached=50, cache_read=1000, output=40, reasoning=30)
    assert call.cost is not None


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"promptTokenCount": 7, "totalTokenCount": 7}, Tokens(input_uncached=7, output=0)),
        ({"promptTokenCount": 7, "thoughtsTokenCount": 5}, Tokens(input_uncached=7, output=5, reasoning=5)),
        ({"promptTokenCount": 7, "totalTokenCount": 12}, Tokens(input_uncached=7)),
        (
            {"promptTokenCount": 7, "toolUsePromptTokenCount": 4, "candidatesTokenCount": 2, "totalTokenCount": 13},
            Tokens(input_uncached=11, output=2),
        ),
        ({"promptTokenCount": 7, "cachedContentTokenCount": 9}, Tokens(cache_read=9)),
        ({}, Tokens()),
    ],
)
def test_kinds_are_disjoint_and_nothing_unsaid_is_zero(usage: Mapping[str, int], tokens: Tokens) -> None:
    assert tokens_of(GEMINI, usage) == tokens


def test_a_blocked_prompt_is_an_end() -> None:
    answer = StreamedAnswer(GEMINI)
    answer.feed(event({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}))
    assert (answer.whole, answer.stop_reason) == (True, "SAFETY")


def test_a_stream_as_an_array_is_read_too() -> None:
    answer = WholeAnswer(GEMINI)
    chunks = [json.loads(piece[6:]) for piece in streamed(GEMINI).body if isinstance(piece, bytes)]
    answer.feed(json.dumps(chunks).encode())
    answer.close()
    assert answer.tokens().output == 40


def test_another_tier_has_a_price_of_its_own() -> None:
    answer = WholeAnswer(GEMINI)
    answer.feed(json.dumps({"usageMetadata": {"promptTokenCount": 3, "serviceTier": "PRIORITY"}}).encode())
    answer.close()
    assert answer.tier == "priority"


async def test_a_cut_stream_is_a_lower_bound(enter: Any, provider: MakeProvider) -> None:
    pieces = streamed(GEMINI).body
    assert isinstance(pieces, tuple)
    cut = Reply(pieces[:-1], headers=streamed(GEMINI).headers, cut=True)
    async with ScriptedUpstream(cut) as upstream, enter(provider(upstream.url)) as inside:
        with pytest.raises(Exception, match=r"payload|disconnect|Connection"):
            await inside.ask(GEMINI, stream=True)
        totals = await inside.door.close()
    (call,) = read_calls(inside.door.visitor.folder)
    assert call.in_flight_at_kill
    assert totals.lower_bound
    assert call.tokens.prompt == 1050


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (KNOWN["google"].base_url, "https://generativelanguage.googleapis.com/v1beta"),
        ("http://h", "http://h/v1beta"),
        ("http://h/v1", "http://h/v1"),
        ("http://h/proxy/v1beta/", "http://h/proxy/v1beta"),
    ],
)
def test_addresses(base: str, expected: str) -> None:
    url = upstream_url(Provider("p", base, (GEMINI,)), GEMINI, "alt=sse", "/models/m:generateContent")
    assert str(url) == f"{expected}/models/m:generateContent?alt=sse"


async def test_an_error_is_the_providers_own(enter: Any, provider: MakeProvider) -> None:
    body = b'{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}}'
    async with ScriptedUpstream(Reply(body, status=429)) as upstream, enter(provider(upstream.url)) as inside:
        assert await inside.ask(GEMINI) == (429, body)
        await inside.door.close()
    (call,) = read_calls(inside.door.visitor.folder)
    assert (call.status, call.error) == (429, "Quota exceeded")


def test_google_speaks_both() -> None:
    assert KNOWN["google"].dialects == (Dialect.CHAT, GEMINI)
