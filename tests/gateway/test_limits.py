"""Rates of a provider: held before sending, for a while, then told as the provider would."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from assay.evidence.calls import read_calls
from assay.gateway.pacing import Adaptive, HeldTooLongError, Pacer, Slots, retry_after_s
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


class Clock:
    """Time that only sleeping moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr("assay.gateway.pacing.asyncio.sleep", self.sleep)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_per_minute_is_a_sliding_window(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pacer = Pacer(Limits(requests_per_minute=2, max_queue_s=100), clock=clock)
    sent = []
    for _ in range(4):
        await pacer.enter()
        sent.append(clock.now)
        clock.now += 3
    assert sent == [0, 3, 60, 63]
    clock.now = 200
    assert await pacer.enter() == 0, "a minute later there is room again"


async def test_tokens_per_minute_are_estimated_before_and_corrected_after(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pacer = Pacer(Limits(tokens_per_minute=6000, max_queue_s=100), clock=clock)
    assert await pacer.enter(4000) == 0
    assert await pacer.enter(4000) == pytest.approx(20), "2000 are lacking, at 100 a second"
    for _ in range(2):
        pacer.leave()
    pacer.learn(200, {}, estimate=4000, used=1000, duration_s=1)
    assert await pacer.enter(3000) == 0, "less was used than thought"
    pacer.learn(200, {}, estimate=3000, used=9000, duration_s=1)
    pacer.learn(200, {}, estimate=0, used=None, duration_s=1)
    assert await pacer.enter(0) == pytest.approx(60), "more was used than thought"
    clock.now += 1000
    assert await pacer.enter(50_000) == 0, "what never fits waits for a full minute's worth only"


async def test_tokens_that_would_wait_too_long_are_refused_and_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pacer = Pacer(Limits(tokens_per_minute=600, max_queue_s=10), clock=clock)
    await pacer.enter(600)
    for _ in range(2):
        with pytest.raises(HeldTooLongError) as caught:
            await pacer.enter(300)
        assert caught.value.retry_after_s == pytest.approx(30)
    assert await pacer.enter(100) == pytest.approx(10)


@pytest.mark.parametrize("status", [429, 503, 529])
async def test_retry_after_holds_all_who_come_later(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    clock = Clock(monkeypatch)
    pacer = Pacer(Limits(max_queue_s=30), clock=clock)
    assert await pacer.enter() == 0
    pacer.learn(status, {"Retry-After": "20"}, estimate=0, used=None, duration_s=1)
    assert await pacer.enter() == 20
    pacer.learn(status, {"Retry-After": "40"}, estimate=0, used=None, duration_s=1)
    with pytest.raises(HeldTooLongError) as caught:
        await pacer.enter()
    assert caught.value.retry_after_s == 40
    pacer.learn(400, {"Retry-After": "400"}, estimate=0, used=None, duration_s=1)
    clock.now += 40
    assert await pacer.enter() == 0, "a client's own error says nothing of limits"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"retry-after-ms": "250", "Retry-After": "1"}, 0.25),
        ({"Retry-After": "Thu, 01 Jan 1970 00:01:40 GMT"}, 90),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:01 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "-3"}, None),
    ],
)
def test_retry_after_in_its_forms(headers: dict[str, str], wait: float | None) -> None:
    assert retry_after_s(headers, 10.0) == wait


async def test_a_providers_retry_after_is_waited_out_and_never_asked_again(enter: Any, provider: MakeProvider) -> None:
    refused = Reply(b'{"error":{"message":"slow down"}}', status=429, headers={"retry-after-ms": "300"})
    async with ScriptedUpstream([refused, whole(Dialect.CHAT)]) as upstream, enter(provider(upstream.url)) as inside:
        first, _ = await inside.ask(Dialect.CHAT)
        second, _ = await inside.ask(Dialect.CHAT)
        await inside.door.close()
    assert (first, second, len(upstream.requests)) == (429, 200, 2), "the gateway itself repeats nothing"
    calls = read_calls(inside.door.visitor.folder)
    assert calls[0].queued_ms < 100
    assert 200 < calls[1].queued_ms < 1000


def test_calls_at_once_are_found_out() -> None:
    now = 0.0
    adaptive = Adaptive(clock=lambda: now)
    now = 10.0
    for began in (1.0, 2.0, 3.0):
        adaptive.overloaded(began)
    assert adaptive.window == 4, "calls that were under way together count once"
    adaptive.overloaded(11.0)
    assert adaptive.window == 2
    adaptive.fine(busy=1)
    assert adaptive.window == 2, "it grows only while all of it is in use"
    for _ in range(2):
        adaptive.fine(busy=2)
    assert 2.8 < adaptive.window < 3.1, "one more for each window of good answers"
    for number in range(20):
        now = 100.0 + number
        adaptive.overloaded(now)
    assert adaptive.window == 1


async def test_adaptive_concurrency_obeys_a_provider_that_is_overloaded(enter: Any, provider: MakeProvider) -> None:
    busy = Reply(b"{}", status=529, delay_s=0.05)
    good = Reply(whole(Dialect.CHAT).body, delay_s=0.05)
    limits = Limits(adaptive=True)
    async with (
        ScriptedUpstream([busy] * 8 + [good]) as upstream,
        enter(provider(upstream.url, limits=limits)) as inside,
    ):
        answers = await asyncio.gather(*(inside.ask(Dialect.CHAT) for _ in range(16)))
        first = upstream.most_open
        upstream.most_open = 0
        await asyncio.gather(*(inside.ask(Dialect.CHAT) for _ in range(8)))
        await inside.door.close()
    assert first == 8
    assert sorted(status for status, _ in answers) == [200] * 8 + [529] * 8
    assert 4 <= upstream.most_open <= 7, "halved, and then one more at a time"


async def test_waiting_for_a_slot_may_be_given_up_without_losing_it() -> None:
    slots = Slots(1)
    await slots.take(1)
    with pytest.raises(TimeoutError):
        await slots.take(0.01)
    waiting = asyncio.create_task(slots.take(5))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    slots.give()
    await slots.take(0.01)
    assert slots.busy == 1


async def test_per_minute_refuses_what_would_wait_too_long() -> None:
    pacer = Pacer(Limits(requests_per_minute=2, concurrency=8, max_queue_s=0.2))
    await pacer.enter()
    await pacer.enter()
    with pytest.raises(HeldTooLongError) as caught:
        await pacer.enter()
    assert 55 < caught.value.retry_after_s <= 60
    for _ in range(2):
        pacer.leave()
    assert pacer.slots.busy == 0, "a refused entry keeps no slot"
