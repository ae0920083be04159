"""The Lab, and nobody else, is told which trial is asking."""

import json
from collections.abc import Callable
from typing import Any

from assay.evidence.calls import read_calls
from assay.providers import Provider
from assay.records import Dialect
from assay.testing.upstream import Reply, ScriptedUpstream
from assay.testing.wire import whole

MakeProvider = Callable[..., Provider]
LABELS = {"trial": "t1", "arm": "a1", "task": "bug-fix-01", "type": "bug-fix", "variant": "tuned", "repetition": "2"}


async def test_the_lab_gets_labels_and_step_and_tells_simulated_time(enter: Any, provider: MakeProvider) -> None:
    body = whole(Dialect.CHAT).body
    reply = Reply(body, headers={"Content-Type": "application/json", "x-assay-simulated-ms": "1234.5"})
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url, kind="lab"), labels=LABELS) as inside:
        await inside.ask(Dialect.CHAT)
        inside.door.set_step(2)
        await inside.ask(Dialect.CHAT)
        totals = await inside.door.close()
    told = [json.loads(request.header("x-assay-trial") or "") for request in upstream.requests]
    assert told == [{**LABELS, "step": "0"}, {**LABELS, "step": "2"}]
    calls = read_calls(inside.door.visitor.folder)
    assert [call.simulated_ms for call in calls] == [1234.5, 1234.5]
    assert [call.step for call in calls] == [0, 2]
    assert totals.simulated_ms == 2469.0
    assert totals.simulated


async def test_others_get_no_marker_and_their_time_is_not_believed(enter: Any, provider: MakeProvider) -> None:
    body = whole(Dialect.CHAT).body
    reply = Reply(body, headers={"Content-Type": "application/json", "x-assay-simulated-ms": "1234.5"})
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url), labels=LABELS) as inside:
        await inside.ask(Dialect.CHAT)
        totals = await inside.door.close()
    assert "assay" not in str(upstream.requests[0].headers).lower()
    assert all(value not in str(upstream.requests[0]) for value in LABELS.values() if len(value) > 2)
    assert read_calls(inside.door.visitor.folder)[0].simulated_ms is None
    assert not totals.simulated
