"""Rates of a provider: held before sending, for a while, then told as the provider would."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from assay.evidence.calls import read_calls
from assay.gateway.pacing import HeldTooLongError, Pacer
from assay.providers import Limits, Provider
from assay.records import Dialect
from assay.testing.upstream import Reply, ScriptedUpstream
from assay.testing.wire import whole

MakeProvider = Callable[..., Provider]


async def test_no_more_calls_at_once_than_allowed_and_waiting_is_recorded(enter: Any, provider: MakeProvider) -> None:
    limits = Limits(concurrency=2)
    slow = Reply(whole(Dialect.CHAT).body, delay_s=0.1)
    async with ScriptedUpstream(slow) as upstream, enter(provider(upstream.url, limits=limits)) as inside:
        answers = await asyncio.gather(*(inside.ask(Dialect.CHAT) for _ in range(6)))
        totals = await inside.door.close()
    assert [status for status, _ in answers] == [200] * 6
    assert upstream.most_open == 2
    queued = sorted(call.queued_ms for call in read_calls(inside.door.visitor.folder))
    assert queued[1] < 50 < queued[2]
    assert totals.queued_ms == pytest.approx(sum(queued), abs=0.1)


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_held_too_long_is_the_providers_429_and_was_never_sent(
    dialect: Dialect, enter: Any, provider: MakeProvider
) -> None:
    limits = Limits(concurrency=1, max_queue_s=0.1)
    async with (
        ScriptedUpstream(Reply(hang=True, headers={})) as upstream,
        enter(provider(upstream.url, limits=limits)) as inside,
    ):
        first = asyncio.create_task(inside.ask(dialect))
        await upstream.arrived(1)
        began = time.perf_counter()
        status, body = await inside.ask(dialect)
        waited = time.perf_counter() - began
        totals = inside.door.totals()
        await inside.door.close()
        await asyncio.gather(first, return_exceptions=True)
    assert status == 429
    error = json.loads(body)["error"]
    assert (error.get("type") or error["status"]) == (
        "RESOURCE_EXHAUSTED" if dialect is Dialect.GEMINI else "rate_limit_error"
    )
    assert 0.09 < waited < 1.0
    assert len(upstream.requests) == 1
    held = read_calls(inside.door.visitor.folder)[1]
    assert (held.status, held.cost, held.in_flight_at_kill) == (429, 0, False)
    assert held.queued_ms >= 90
    assert totals.last_call_failed
    assert totals.queued_ms >= 90


async def test_limits_are_shared_by_all_doors(enter: Any, provider: MakeProvider) -> None:
    limits = Limits(concurrency=1, max_queue_s=0.05)
    async with (
        ScriptedUpstream(Reply(hang=True, headers={})) as upstream,
        enter(provider(upstream.url, limits=limits)) as inside,
    ):
        first = asyncio.create_task(inside.ask(Dialect.CHAT))
        await upstream.arrived(1)
        other = inside.gateway.open(inside.door.visitor)
        url = other.base_urls("http://x")[Dialect.CHAT] + "/v1/chat/completions"
        async with inside.session.post(url, json={"model": "small", "messages": []}) as answer:
            assert answer.status == 429
            assert int(answer.headers["Retry-After"]) >= 1
        await inside.door.close()
        await asyncio.gather(first, return_exceptions=True)


async def test_a_door_that_closes_frees_those_who_wait_and_their_slots(enter: Any, provider: MakeProvider) -> None:
    limits = Limits(concurrency=1, max_queue_s=30)
    replies = [Reply(hang=True, headers={}), whole(Dialect.CHAT)]
    async with ScriptedUpstream(replies) as upstream, enter(provider(upstream.url, limits=limits)) as inside:
        asking = [asyncio.create_task(inside.ask(Dialect.CHAT)) for _ in range(3)]
        await upstream.arrived(1)
        await inside.door.close()
        failed = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(result, Exception) for result in failed)
        other = inside.gateway.open(inside.door.visitor)
        url = other.base_urls("http://x")[Dialect.CHAT] + "/v1/chat/completions"
        async with inside.session.post(url, json={"model": "small", "messages": []}) as answer:
            assert answer.status == 200
    assert len(upstream.requests) == 2, "those who waited were never sent"


async def test_per_minute_is_a_sliding_window(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count()  # every look at the clock is one second later
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("assay.gateway.pacing.asyncio.sleep", sleep)
    pacer = Pacer(Limits(requests_per_minute=2, max_queue_s=100), clock=lambda: float(next(ticks)))
    for _ in range(4):
        await pacer.enter()
    # Sent at 1 and 4. The third looks at 7 and may go at 61, the fourth looks at 10 and may go at 64.
    assert slept == [54, 54]
    ticks = itertools.count(200)
    await pacer.enter()
    assert slept == [54, 54], "a minute later there is room again"


async def test_per_minute_refuses_what_would_wait_too_long() -> None:
    pacer = Pacer(Limits(requests_per_minute=2, concurrency=8, max_queue_s=0.2))
    await pacer.enter()
    await pacer.enter()
    with pytest.raises(HeldTooLongError) as caught:
        await pacer.enter()
    assert 55 < caught.value.retry_after_s <= 60
    for _ in range(2):
        pacer.leave()
    assert pacer._slots is not None
    assert pacer._slots._value == 8, "a refused entry keeps no slot"
