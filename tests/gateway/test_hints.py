"""The log says who asked, how hard the model was to think, and by which ids the answer is known."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.evidence.calls import HINTS, MAX_HINT, read_calls
from assay.gateway.requests import effort_asked, read_request, tools_offered
from assay.providers import Provider
from assay.records import Call, Dialect
from assay.testing.upstream import Reply, ScriptedUpstream
from assay.testing.wire import question, streamed, whole

STOPS = {Dialect.MESSAGES: "end_turn", Dialect.CHAT: "stop", Dialect.RESPONSES: "completed", Dialect.GEMINI: "STOP"}
IDS = {Dialect.MESSAGES: "msg_1", Dialect.CHAT: "c1", Dialect.RESPONSES: "r1", Dialect.GEMINI: "g1"}


async def one_call(
    enter: Any,
    provider: Callable[..., Provider],
    folder: Path,
    reply: Reply,
    dialect: Dialect,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Call:
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url)) as inside:
        body = json.dumps({**question(dialect, "small"), **more}).encode()
        await inside.send(dialect, body, headers, stream=more.get("stream", False))
    (call,) = read_calls(folder / "evidence")
    return call


@pytest.mark.parametrize("dialect", sorted(STOPS))
@pytest.mark.parametrize("shape", [whole, streamed])
async def test_answer_is_known_by_its_ids_and_its_end(
    enter: Any, provider: Callable[..., Provider], tmp_path: Path, dialect: Dialect, shape: Callable[..., Reply]
) -> None:
    reply = shape(dialect)
    reply = replace(reply, headers={**reply.headers, "request-id": "req_7"})
    call = await one_call(enter, provider, tmp_path, reply, dialect, stream=shape is streamed)
    assert (call.request_id, call.response_id, call.stop_reason) == ("req_7", IDS[dialect], STOPS[dialect])


@pytest.mark.parametrize("name", ["x-request-id", "x-oai-request-id"])
async def test_other_makers_call_the_request_otherwise(
    enter: Any, provider: Callable[..., Provider], tmp_path: Path, name: str
) -> None:
    reply = replace(whole(Dialect.CHAT), headers={name: "abc"})
    assert (await one_call(enter, provider, tmp_path, reply, Dialect.CHAT)).request_id == "abc"


async def test_headers_that_tell_who_asked_are_kept_and_no_others(
    enter: Any, provider: Callable[..., Provider], tmp_path: Path
) -> None:
    sent = {
        "X-Claude-Code-Session-Id": "s1",
        "x-opencode-session": "s2",
        "x-codex-turn-metadata": "m" * 5000,
        "User-Agent": "claude-cli/2.1.197",
        "Authorization": "Bearer dummy",
        "X-Claude-Code-Ide-Authorization": "secret",
        "X-Other": "no",
    }
    call = await one_call(
        enter, provider, tmp_path, whole(Dialect.MESSAGES), Dialect.MESSAGES, sent, tools=[{"name": "Bash"}]
    )
    assert dict(call.hints) == {
        "x-claude-code-session-id": "s1",
        "x-opencode-session": "s2",
        "x-codex-turn-metadata": "m" * MAX_HINT,
        "user-agent": "claude-cli/2.1.197",
        "tools": "1",
    }
    assert all(name == name.lower() for name in HINTS)


async def test_failed_call_keeps_what_is_known(enter: Any, provider: Callable[..., Provider], tmp_path: Path) -> None:
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    call = await one_call(
        enter,
        provider,
        tmp_path,
        Reply(body, status=529, headers={"request-id": "req_9"}),
        Dialect.MESSAGES,
        output_config={"effort": "high"},
    )
    assert (call.request_id, call.response_id, call.stop_reason) == ("req_9", None, None)
    assert (call.effort, call.hints["tools"]) == ("high", "0")


@pytest.mark.parametrize(
    ("body", "effort"),
    [
        ({}, None),
        ({"output_config": {"effort": "max"}, "thinking": {"type": "adaptive"}}, "max"),
        ({"thinking": {"type": "enabled", "budget_tokens": 8000}}, "8000"),
        ({"thinking": {"type": "disabled"}}, None),
        ({"reasoning_effort": "low"}, "low"),
        ({"reasoning": {"effort": "xhigh", "summary": "auto"}}, "xhigh"),
        ({"reasoning": {"effort": None}}, None),
        ({"reasoning": None}, None),
        ({"generationConfig": {"thinkingConfig": {"thinkingBudget": 512}}}, "512"),
        ({"generationConfig": {"thinkingConfig": {"thinkingLevel": "HIGH"}}}, "HIGH"),
        ({"generationConfig": "nonsense"}, None),
        ({"thinking": {"budget_tokens": [1]}}, None),
    ],
)
def test_effort_in_the_words_of_each_dialect(body: Mapping[str, Any], effort: str | None) -> None:
    assert effort_asked(read_request(json.dumps({"model": "m", **body}).encode())) == effort


@pytest.mark.parametrize(
    ("tools", "count"),
    [
        (None, 0),
        ([], 0),
        ("no", 0),
        ([{"name": "a"}, {"name": "b"}], 2),
        ([{"functionDeclarations": [{"name": "a"}, {"name": "b"}]}, {"googleSearch": {}}], 3),
    ],
)
def test_tools_are_counted(tools: Any, count: int) -> None:
    assert tools_offered(read_request(json.dumps({"model": "m", "tools": tools}).encode())) == count


async def test_incomplete_response_says_why(enter: Any, provider: Callable[..., Provider], tmp_path: Path) -> None:
    answer: dict[str, Any] = {"id": "r2", "object": "response", "status": "incomplete", "model": "m", "output": []}
    answer["incomplete_details"] = {"reason": "max_output_tokens"}
    call = await one_call(enter, provider, tmp_path, Reply(json.dumps(answer).encode()), Dialect.RESPONSES)
    assert call.stop_reason == "max_output_tokens"
