"""One tiny call per model, and what it tells."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.evidence.calls import read_calls
from assay.gateway.probe import probe_model
from assay.providers import Provider
from assay.records import Dialect, OwnerKind
from assay.testing.upstream import Reply, ScriptedUpstream
from assay.testing.wire import whole

MakeProvider = Callable[..., Provider]


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_a_model_that_answers(dialect: Dialect, enter: Any, provider: MakeProvider, tmp_path: Path) -> None:
    async with ScriptedUpstream(whole(dialect, "OK")) as upstream, enter(provider(upstream.url)) as inside:
        probe = await probe_model(
            inside.gateway,
            provider(upstream.url),
            "model-x",
            dialect,
            settings={"temperature": 0.5},
            folder=tmp_path / "p",
        )
    assert probe.ok
    assert (probe.status, probe.served, probe.rejected, probe.tokens.output) == (200, "served-1", (), 40)
    assert probe.cost
    assert probe.latency_ms
    assert len(upstream.requests) == 1
    assert upstream.requests[0].data["temperature"] == 0.5
    assert read_calls(tmp_path / "p")[0].owner_kind is OwnerKind.PROBE


async def test_a_rejected_parameter_is_named(enter: Any, provider: MakeProvider) -> None:
    message = "Unsupported value: 'temperature' does not support 0.5 with this model"
    reply = Reply(json.dumps({"error": {"message": message, "param": "temperature"}}).encode(), 400)
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url)) as inside:
        probe = await probe_model(
            inside.gateway, provider(upstream.url), "o-9", Dialect.CHAT, settings={"temperature": 0.5, "top_p": 1}
        )
    assert not probe.ok
    assert probe.rejected == ("temperature",)
    assert probe.error == message
    assert probe.remedy == "Take temperature out of the settings of this model"


@pytest.mark.parametrize(
    ("status", "says"), [(401, "key"), (404, "model's id"), (429, "limits"), (529, "try again later"), (418, "message")]
)
async def test_failures_come_with_a_remedy(status: int, says: str, enter: Any, provider: MakeProvider) -> None:
    reply = Reply(b'{"error":{"message":"no such luck"}}', status)
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url)) as inside:
        probe = await probe_model(inside.gateway, provider(upstream.url), "m", Dialect.CHAT)
    assert (probe.ok, probe.status, probe.error) == (False, status, "no such luck")
    assert says in (probe.remedy or "")


async def test_no_server_and_no_key(enter: Any, provider: MakeProvider) -> None:
    async with enter(provider("http://127.0.0.1:9")) as inside:
        gone = await probe_model(inside.gateway, provider("http://127.0.0.1:9"), "m", Dialect.CHAT)
        keyless = Provider("corp", "http://127.0.0.1:9", (Dialect.CHAT,), key_env="NO_SUCH_KEY")
        locked = await probe_model(inside.gateway, keyless, "m", Dialect.CHAT)
    assert (gone.status, gone.remedy) == (0, "Check base_url and that the server runs")
    assert "cannot be reached" in (gone.error or "")
    assert (locked.status, locked.remedy) == (0, "export NO_SUCH_KEY=...")
