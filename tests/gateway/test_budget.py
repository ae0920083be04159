"""Caps in money and tokens: per attempt, and over the run."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from assay.errors import PriceError
from assay.evidence.calls import read_calls
from assay.gateway.base import Budget, Upstream
from assay.gateway.meter import LocalMeter, check_budget
from assay.prices import PriceBook
from assay.providers import Provider
from assay.records import Dialect
from assay.testing.upstream import Reply, ScriptedUpstream
from assay.testing.wire import whole

MakeProvider = Callable[..., Provider]
CALL_COST = 50 * 1000 + 1000 * 100 + 40 * 5000  # of wire.USAGE in Chat, at the rates of conftest


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_a_used_up_budget_refuses_further_calls_and_is_heard(
    dialect: Dialect, enter: Any, provider: MakeProvider
) -> None:
    budget = Budget(tokens=2000)
    async with ScriptedUpstream(whole(dialect)) as upstream, enter(provider(upstream.url), budget=budget) as inside:
        stopped = asyncio.create_task(inside.door.over_budget())
        await inside.ask(dialect)
        await asyncio.sleep(0)
        assert not stopped.done()
        await inside.ask(dialect)
        await asyncio.wait_for(stopped, 1)
        status, body = await inside.ask(dialect)
        totals = await inside.door.close()
    error = json.loads(body)["error"]
    assert status == 402
    kinds = {Dialect.MESSAGES: "billing_error", Dialect.GEMINI: "FAILED_PRECONDITION"}
    assert (error.get("type") or error["status"]) == kinds.get(dialect, "insufficient_quota")
    assert totals.over_budget
    assert not totals.run_cap_reached
    assert len(upstream.requests) == 2
    assert "of 2000 tokens" in (totals.last_error or "")


async def test_a_cap_in_money_counts_what_calls_cost(enter: Any, provider: MakeProvider) -> None:
    budget = Budget(nano_usd=CALL_COST + 1)
    async with (
        ScriptedUpstream(whole(Dialect.CHAT)) as upstream,
        enter(provider(upstream.url), budget=budget) as inside,
    ):
        statuses = [(await inside.ask(Dialect.CHAT))[0] for _ in range(3)]
        totals = await inside.door.close()
    assert statuses == [200, 200, 402]
    assert totals.cost == 2 * CALL_COST, "the overshoot is recorded"


async def test_the_runs_cap_is_shared_by_all_doors(enter: Any, provider: MakeProvider) -> None:
    meter = LocalMeter(max_cost=5 * CALL_COST, spent=4 * CALL_COST)
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream, enter(provider(upstream.url), meter=meter) as inside:
        other = inside.gateway.open(inside.door.visitor)
        first, _ = await inside.ask(Dialect.CHAT)
        url = other.base_urls("http://x")[Dialect.CHAT] + "/v1/chat/completions"
        async with inside.session.post(url, json={"model": "small", "messages": []}) as answer:
            second = answer.status
        totals = await other.close()
    assert (first, second) == (200, 402)
    assert totals.over_budget
    assert totals.run_cap_reached
    assert meter.spent == 5 * CALL_COST


async def test_simulated_cost_never_counts_against_the_runs_cap(enter: Any, provider: MakeProvider) -> None:
    meter = LocalMeter(max_cost=1)
    lab = {"kind": "lab"}
    async with (
        ScriptedUpstream(whole(Dialect.CHAT)) as upstream,
        enter(provider(upstream.url, **lab), meter=meter) as inside,
    ):
        assert [(await inside.ask(Dialect.CHAT))[0] for _ in range(3)] == [200, 200, 200]
        totals = await inside.door.close()
    assert meter.spent == 0
    assert totals.simulated
    assert totals.cost == 3 * CALL_COST


async def test_open_calls_are_held_against_the_cap_at_their_least(enter: Any, provider: MakeProvider) -> None:
    big = "x" * 80_000  # at least 10,000 tokens: a reservation of 10,000 x $0.10 / 1M (the cheapest input rate)
    meter = LocalMeter(max_cost=2 * 10_000 * 100)
    slow = Reply(whole(Dialect.CHAT).body, delay_s=0.3)
    async with ScriptedUpstream(slow) as upstream, enter(provider(upstream.url), meter=meter) as inside:
        answers = await asyncio.gather(*(inside.ask(Dialect.CHAT, user=big) for _ in range(5)))
    assert sorted(status for status, _ in answers) == [200, 200, 402, 402, 402]


async def test_an_unpriced_model_under_a_money_cap_is_refused_at_the_door(enter: Any, provider: MakeProvider) -> None:
    bare = {"prices": {}, "quirks": {"priced_as": "no-such-seller"}}
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream:
        async with enter(provider(upstream.url, **bare), budget=Budget(nano_usd=10**9)) as inside:
            status, body = await inside.ask(Dialect.CHAT)
        assert status == 402
        assert b"no price is known" in body
        async with enter(provider(upstream.url, **bare), budget=Budget(nano_usd=10**9, tokens=5000)) as inside:
            assert (await inside.ask(Dialect.CHAT))[0] == 200
            totals = await inside.door.close()
    assert totals.unpriced_calls == 1
    assert (totals.cost, totals.lower_bound) == (None, True)


def test_a_money_cap_with_an_unpriced_model_does_not_start() -> None:
    book = PriceBook(catalogue=lambda queries: [None for _ in queries])
    priced = Provider("gpu", "http://127.0.0.1:1/v1", (Dialect.CHAT,), prices={"*": {"input": 0.0, "output": 0.0}})
    unknown = Provider("corp", "http://127.0.0.1:2/v1", (Dialect.CHAT,))
    lab = Provider("lab", "http://127.0.0.1:3", (Dialect.CHAT,), kind="lab")
    upstreams = [Upstream(priced, "a"), Upstream(unknown, "b"), Upstream(lab, "c")]
    with pytest.raises(PriceError, match=r"no price is known for corp/b\..*cap tokens") as caught:
        check_budget(upstreams, book, max_cost=10**9, token_cap=None)
    assert "\n" not in str(caught.value)
    check_budget(upstreams, book, max_cost=10**9, token_cap=100_000)
    check_budget(upstreams, book, max_cost=None, token_cap=None)
    check_budget([Upstream(priced, "a"), Upstream(lab, "c")], book, max_cost=10**9, token_cap=None)


async def test_a_price_is_frozen_at_first_sight_and_the_frozen_one_counts(enter: Any, provider: MakeProvider) -> None:
    seen = []

    async def freeze(price: Any) -> Any:
        seen.append(price)
        return type(price).from_json({**price.to_json(), "id": "frozen", "output": 1})

    async with (
        ScriptedUpstream(whole(Dialect.CHAT)) as upstream,
        enter(provider(upstream.url), on_price=freeze) as inside,
    ):
        await asyncio.gather(*(inside.ask(Dialect.CHAT) for _ in range(8)))
        await inside.door.close()
    calls = read_calls(inside.door.visitor.folder)
    assert len(seen) == 1
    assert {call.price_id for call in calls} == {"frozen"}
    assert {call.cost for call in calls} == {50 * 1000 + 1000 * 100 + 40}
