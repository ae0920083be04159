"""A run can be answered from an earlier one: to the byte, for nothing, and never by a live call."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.errors import EvidenceError
from assay.evidence.calls import read_calls, spend
from assay.evidence.recording import Cassette
from assay.gateway.base import Budget
from assay.providers import Provider
from assay.records import Dialect
from assay.testing.upstream import Reply, ScriptedUpstream
from assay.testing.wire import question, streamed, whole

MakeProvider = Callable[..., Provider]
NOWHERE = "http://127.0.0.1:9"


async def record(enter: Any, provider: Provider, asked: list[tuple[Dialect, dict[str, Any]]]) -> list[Any]:
    answers = []
    async with enter(provider, folder="recorded") as inside:
        for dialect, body in asked:
            stream = bool(body.get("stream"))
            answers.append((await inside.send(dialect, json.dumps(body).encode(), stream=stream))[:2])
        await inside.door.close()
    return answers


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_answers_come_back_to_the_byte_in_their_order_and_cost_nothing(
    enter: Any, provider: MakeProvider, tmp_path: Path, dialect: Dialect
) -> None:
    one, two = question(dialect, "small"), {**question(dialect, "small"), "metadata": {"n": 2}}
    replies = [whole(dialect, "first"), whole(dialect, "second"), whole(dialect, "other")]
    async with ScriptedUpstream(replies) as upstream:
        recorded = await record(enter, provider(upstream.url), [(dialect, one), (dialect, one), (dialect, two)])
    cassette = Cassette.read(tmp_path)
    key = provider(NOWHERE, auth="x-api-key", key_env="NOT_SET_ANYWHERE")
    async with enter(key, replay=cassette, budget=Budget(nano_usd=1)) as inside:
        again = [(await inside.send(dialect, json.dumps(body).encode()))[:2] for body in (one, two, one)]
        totals = await inside.door.close()
    assert again == [recorded[0], recorded[2], recorded[1]]
    before, after = read_calls(tmp_path / "recorded"), read_calls(tmp_path / "evidence")
    assert [call.replayed for call in after] == [True] * 3
    assert [call.cost for call in after] == [call.cost for call in before]
    assert [call.tokens for call in after] == [call.tokens for call in before]
    assert [call.duration_ms for call in after] == [before[at].duration_ms for at in (0, 2, 1)]
    assert (totals.cost, totals.lower_bound, totals.over_budget, totals.calls) == (0, False, False, 3)
    assert spend(after).nano_usd == 0


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_streams_come_back_as_the_agent_saw_them(
    enter: Any, provider: MakeProvider, tmp_path: Path, dialect: Dialect
) -> None:
    asked = question(dialect, "small", stream=True)
    if dialect is Dialect.GEMINI:
        asked["stream"] = True  # for ``record``; the path says it too
    async with ScriptedUpstream(streamed(dialect)) as upstream:
        recorded = await record(enter, provider(upstream.url), [(dialect, asked)])
    async with enter(provider(NOWHERE), replay=Cassette.read(tmp_path)) as inside:
        status, body, headers = await inside.send(dialect, json.dumps(asked).encode(), stream=True)
        await inside.door.close()
    assert (status, body) == recorded[0]
    assert headers["Content-Type"] == "text/event-stream"


async def test_what_is_not_recorded_is_an_error_and_never_a_live_call(
    enter: Any, provider: MakeProvider, tmp_path: Path
) -> None:
    asked = question(Dialect.CHAT, "small")
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream:
        await record(enter, provider(upstream.url), [(Dialect.CHAT, asked)])
        async with enter(provider(upstream.url), replay=Cassette.read(tmp_path)) as inside:
            first, _ = await inside.ask(Dialect.CHAT)
            second, said = await inside.ask(Dialect.CHAT)
            other, _ = await inside.ask(Dialect.CHAT, temperature=1)
            totals = await inside.door.close()
        assert len(upstream.requests) == 1
    assert (first, second, other) == (200, 400, 400)
    assert "not in the recording: trial-1" in json.loads(said)["error"]["message"]
    assert (totals.calls, totals.provider_errors, totals.last_call_failed) == (1, 2, True)


async def test_errors_are_replayed_too(enter: Any, provider: MakeProvider, tmp_path: Path) -> None:
    asked = question(Dialect.MESSAGES, "small")
    replies = [Reply(b'{"type":"error","error":{"message":"Overloaded"}}', status=529), Reply(silent=True)]
    async with ScriptedUpstream(replies) as upstream:
        recorded = await record(enter, provider(upstream.url), [(Dialect.MESSAGES, asked)] * 2)
    async with enter(provider(NOWHERE), replay=Cassette.read(tmp_path)) as inside:
        again = [await inside.ask(Dialect.MESSAGES) for _ in range(2)]
        totals = await inside.door.close()
    assert again == recorded
    assert [status for status, _ in again] == [529, 502]
    assert (totals.provider_errors, totals.cost) == (2, 0)


async def test_without_bodies_there_is_nothing_to_replay(enter: Any, provider: MakeProvider, tmp_path: Path) -> None:
    async with (
        ScriptedUpstream(whole(Dialect.CHAT)) as upstream,
        enter(provider(upstream.url), keep_bodies="none") as inside,
    ):
        await inside.ask(Dialect.CHAT)
        await inside.door.close()
    with pytest.raises(EvidenceError, match="keep_bodies: all"):
        Cassette.read(tmp_path)
