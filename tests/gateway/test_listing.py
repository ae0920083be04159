"""What agents ask beside models' answers: how many tokens a prompt has, and which models there are."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from assay.evidence.calls import read_calls
from assay.gateway.base import Budget, Upstream
from assay.providers import Provider
from assay.records import Dialect
from assay.testing.upstream import Reply, ScriptedUpstream
from assay.testing.wire import question

MakeProvider = Callable[..., Provider]
COUNTED = Reply(b'{"input_tokens":12}')
COUNT_PATHS = {
    Dialect.MESSAGES: "/v1/messages/count_tokens",
    Dialect.GEMINI: "/v1beta/models/small:countTokens",
}


@pytest.mark.parametrize("dialect", sorted(COUNT_PATHS))
async def test_tokens_are_counted_by_the_provider_with_the_real_key_and_for_nothing(
    enter: Any, provider: MakeProvider, monkeypatch: pytest.MonkeyPatch, dialect: Dialect
) -> None:
    monkeypatch.setenv("MADE_UP_KEY", "real-key-0123456789")
    async with ScriptedUpstream(COUNTED) as upstream:
        made = provider(upstream.url, auth="x-api-key", key_env="MADE_UP_KEY")
        async with enter(made, models={"small": Upstream(made, "large")}, budget=Budget(tokens=1)) as inside:
            url = inside.door.base_urls("http://x")[dialect] + COUNT_PATHS[dialect]
            async with inside.session.post(url, json=question(dialect, "small")) as answer:
                assert (answer.status, await answer.read()) == (200, COUNTED.body)
            totals = await inside.door.close()
    (asked,) = upstream.requests
    assert asked.target == COUNT_PATHS[dialect].replace("small", "large")
    assert asked.header("x-api-key") == "real-key-0123456789"
    if dialect is Dialect.MESSAGES:
        assert asked.data["model"] == "large"
    assert (totals.calls, totals.cost) == (0, 0)
    assert read_calls(inside.door.visitor.folder) == ()


async def test_counting_names_only_declared_models(enter: Any, provider: MakeProvider) -> None:
    async with ScriptedUpstream(COUNTED) as upstream, enter(provider(upstream.url)) as inside:
        url = inside.door.base_urls("http://x")[Dialect.MESSAGES] + COUNT_PATHS[Dialect.MESSAGES]
        async with inside.session.post(url, json=question(Dialect.MESSAGES, "other")) as answer:
            assert answer.status == 404
    assert upstream.requests == []


async def test_a_provider_that_cannot_be_reached_is_said(enter: Any, provider: MakeProvider) -> None:
    async with enter(provider("http://127.0.0.1:9")) as inside:
        url = inside.door.base_urls("http://x")[Dialect.MESSAGES] + COUNT_PATHS[Dialect.MESSAGES]
        async with inside.session.post(url, json=question(Dialect.MESSAGES, "small")) as answer:
            assert answer.status == 502
            assert "count" in json.loads(await answer.read())["error"]["message"]


@pytest.mark.parametrize(
    ("dialect", "path", "ids"),
    [
        (Dialect.MESSAGES, "/v1/models", lambda data: [one["id"] for one in data["data"]]),
        (Dialect.CHAT, "/v1/models", lambda data: [one["id"] for one in data["data"]]),
        (Dialect.GEMINI, "/v1beta/models", lambda data: [one["name"] for one in data["models"]]),
    ],
)
async def test_the_list_of_models_is_what_the_door_declares(
    enter: Any, provider: MakeProvider, dialect: Dialect, path: str, ids: Callable[[Any], list[str]]
) -> None:
    async with enter(provider("http://127.0.0.1:9")) as inside:
        url = inside.door.base_urls("http://x")[dialect] + path
        async with inside.session.get(url) as answer:
            listed = ids(await answer.json())
        async with inside.session.post(url, data=b"{}") as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "GET")
    assert listed == (["models/small"] if dialect is Dialect.GEMINI else ["small"])


async def test_responses_has_no_list_because_codex_reads_another_there(enter: Any, provider: MakeProvider) -> None:
    async with enter(provider("http://127.0.0.1:9")) as inside:
        url = inside.door.base_urls("http://x")[Dialect.RESPONSES] + "/v1/models"
        async with inside.session.get(url) as answer:
            assert answer.status == 404
