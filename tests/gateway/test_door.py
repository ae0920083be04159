"""Who may pass, what is written down, and what a kill leaves."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from assay.evidence.bodies import read_body
from assay.evidence.calls import read_calls, spend
from assay.gateway.base import Upstream
from assay.providers import Provider
from assay.records import Dialect
from assay.testing.upstream import Reply, ScriptedUpstream
from assay.testing.wire import SSE, question, streamed, whole

MakeProvider = Callable[..., Provider]


async def test_unknown_dead_and_misspelt_doors(enter: Any, provider: MakeProvider) -> None:
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream, enter(provider(upstream.url)) as inside:
        good = inside.url(Dialect.CHAT)
        token = good.split("/")[4]

        async def status(method: str, url: str) -> int:
            async with inside.session.request(method, url, json=question(Dialect.CHAT, "small")) as answer:
                await answer.read()
                return int(answer.status)

        assert len(token) == 32
        assert await status("POST", good) == 200
        assert await status("POST", good.replace(token, "0" * 32)) == 404
        assert await status("POST", good.replace("/a/", "/b/")) == 404
        assert await status("POST", "http://x/") == 404
        assert await status("POST", good.replace("completions", "files")) == 404
        assert await status("POST", good.replace("/v1/chat/completions", "/v1/batches")) == 404
        assert await status("GET", good) == 405
        assert await status("DELETE", good) == 405
        await inside.door.close()
        assert await status("POST", good) == 410
    assert len(upstream.requests) == 1, "nothing else reached the provider"


async def test_tokens_differ_and_are_not_in_evidence(enter: Any, provider: MakeProvider) -> None:
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream, enter(provider(upstream.url)) as inside:
        tokens = {inside.gateway.open(inside.door.visitor).base_urls("")[Dialect.CHAT] for _ in range(50)}
        await inside.ask(Dialect.CHAT)
        token = inside.url(Dialect.CHAT).split("/")[4]
        await inside.door.close()
        written = b"".join(path.read_bytes() for path in inside.door.visitor.folder.rglob("*") if path.is_file())
    assert len(tokens) == 50
    assert written
    assert token.encode() not in written


async def test_any_user_may_connect_to_the_socket(enter: Any, provider: MakeProvider) -> None:
    async with enter(provider("http://127.0.0.1:9")) as inside:
        assert inside.gateway.socket.stat().st_mode & 0o777 == 0o666


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_an_undeclared_model_is_refused_in_the_dialects_shape(
    dialect: Dialect, enter: Any, provider: MakeProvider
) -> None:
    async with ScriptedUpstream(whole(dialect)) as upstream, enter(provider(upstream.url)) as inside:
        status, body = await inside.ask(dialect, model="gpt-77")
        totals = await inside.door.close()
    error = json.loads(body)["error"]
    assert status == 404
    assert "gpt-77" in error["message"]
    kinds = {Dialect.MESSAGES: "not_found_error", Dialect.GEMINI: "NOT_FOUND"}
    assert (error.get("type") or error["status"]) == kinds.get(dialect, "invalid_request_error")
    assert upstream.requests == []
    assert totals.refused_model == "gpt-77"
    assert (totals.calls, totals.cost) == (0, 0)
    assert '"refused"' in (inside.door.visitor.folder / "gateway.jsonl").read_text()


async def test_without_strict_it_is_forwarded_as_it_is_and_recorded(enter: Any, provider: MakeProvider) -> None:
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream, enter(provider(upstream.url), strict=False) as inside:
        await inside.ask(Dialect.CHAT, model="helper")
        await inside.door.close()
    assert upstream.requests[0].data["model"] == "helper"
    assert read_calls(inside.door.visitor.folder)[0].model_requested == "helper"


async def test_several_providers_in_one_trial_are_chosen_by_model(enter: Any, provider: MakeProvider) -> None:
    async with ScriptedUpstream(whole(Dialect.CHAT)) as one, ScriptedUpstream(whole(Dialect.CHAT)) as two:
        second = Provider("second", two.url, (Dialect.CHAT,), auth="none")
        models = {"small": Upstream(provider(one.url), "small"), "large": Upstream(second, "large-2")}
        async with enter(provider(one.url), models=models) as inside:
            await inside.ask(Dialect.CHAT, model="large")
            await inside.ask(Dialect.CHAT, model="small")
            status, body = await inside.ask(Dialect.MESSAGES, model="large")
            totals = await inside.door.close()
    calls = read_calls(inside.door.visitor.folder)
    assert [call.provider for call in calls] == ["second", "made-up"]
    assert two.requests[0].data["model"] == "large-2"
    assert status == 400
    assert b"speaks chat, not messages" in body
    assert totals.unpriced_calls == 1
    assert totals.lower_bound


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not a JSON object"),
        (b"[1]", "not a JSON object"),
        (b'{"model":"small"', "not a JSON object"),
        (b'{"model":"small"} {}', "not a JSON object"),
        (b'{"messages":[]}', "names no model"),
        (b'{"model":"small","model":"large"}', "twice"),
        (b'{"model":"small","mod\\u0065l":"large"}', "twice"),
        (b'{"model":"small","background":true}', "cannot be metered"),
        (b"\xff\xfe{}", "not a JSON object"),
        (b'{"a":' * 100_000, "not a JSON object"),
    ],
)
async def test_bodies_that_cannot_be_metered_are_refused(
    body: bytes, says: str, enter: Any, provider: MakeProvider
) -> None:
    async with ScriptedUpstream(whole(Dialect.RESPONSES)) as upstream, enter(provider(upstream.url)) as inside:
        status, answer, _ = await inside.send(Dialect.RESPONSES, body)
    assert status == 400
    assert says in json.loads(answer)["error"]["message"]
    assert upstream.requests == []


async def test_too_large_and_packed_requests(
    enter: Any, provider: MakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assay.gateway.server.MAX_REQUEST_BYTES", 100_000)
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream, enter(provider(upstream.url)) as inside:
        status, _, _ = await inside.send(Dialect.CHAT, b"x" * 100_001)
        packed, _, _ = await inside.send(Dialect.CHAT, b"x", {"Content-Encoding": "zstd"})
    assert (status, packed) == (413, 415)
    assert upstream.requests == []


async def test_a_call_is_on_record_before_it_is_forwarded(enter: Any, provider: MakeProvider) -> None:
    async with ScriptedUpstream(Reply(hang=True, headers=SSE)) as upstream, enter(provider(upstream.url)) as inside:
        asking = asyncio.create_task(inside.ask(Dialect.CHAT, stream=True))
        await upstream.arrived(1)
        (call,) = read_calls(inside.door.visitor.folder)
        totals = inside.door.totals()
        await inside.door.close()
        with pytest.raises(aiohttp.ClientError):
            await asking
    assert call.in_flight_at_kill
    assert call.status == 0
    assert (totals.open_calls, totals.lower_bound, totals.cost) == (1, True, None)


async def test_closing_marks_open_calls_and_keeps_what_was_seen(enter: Any, provider: MakeProvider) -> None:
    full = streamed(Dialect.MESSAGES)
    assert not isinstance(full.body, bytes)
    reply = Reply(tuple(full.body[:4]), headers=SSE, hang=True)
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url)) as inside:
        inside.door.set_step(3)
        body = json.dumps(question(Dialect.MESSAGES, "small", stream=True)).encode()
        async with inside.session.post(inside.url(Dialect.MESSAGES), data=body) as answer:
            await answer.content.readany()
            await asyncio.sleep(0.05)
            totals = await inside.door.close()
        assert await inside.door.close() == totals, "closing twice changes nothing"
        await upstream.idle()
    (call,) = read_calls(inside.door.visitor.folder)
    assert call.in_flight_at_kill
    assert call.step == 3
    assert call.tokens.input_uncached == 50
    assert call.tokens.output == 1
    assert totals.lower_bound
    assert totals.open_calls == 0
    assert not totals.last_call_failed, "a kill is not the provider's failure"
    assert totals.cost == call.cost
    assert read_body(inside.door.visitor.folder, 1, "response") == b"".join(full.body[:4])


async def test_a_client_that_hangs_up_ends_the_call_upstream(enter: Any, provider: MakeProvider) -> None:
    async with (
        ScriptedUpstream(Reply((b": hi\n\n",), headers=SSE, hang=True)) as upstream,
        enter(provider(upstream.url)) as inside,
    ):
        body = json.dumps(question(Dialect.MESSAGES, "small", stream=True)).encode()
        async with inside.session.post(inside.url(Dialect.MESSAGES), data=body) as answer:
            await answer.content.readany()
            answer.close()
        await upstream.idle()
        totals = inside.door.totals()
    assert totals.open_calls == 0
    assert totals.lower_bound


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_hanging_up_after_the_last_event_loses_nothing(
    dialect: Dialect, enter: Any, provider: MakeProvider
) -> None:
    full = streamed(dialect)
    assert not isinstance(full.body, bytes)
    reply = Reply(full.body, headers=SSE, hang=True)
    more = {"stream_options": {"include_usage": True}} if dialect is Dialect.CHAT else {}
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url)) as inside:
        body = json.dumps({**question(dialect, "small", stream=True), **more}).encode()
        async with inside.session.post(inside.url(dialect), data=body) as answer:
            seen = b""
            while not seen.endswith(full.body[-1]):
                seen += await answer.content.readany()
            answer.close()
        await upstream.idle()
        totals = await inside.door.close()
    (call,) = read_calls(inside.door.visitor.folder)
    assert not call.in_flight_at_kill
    assert call.error is None
    assert call.tokens.output == 40
    assert not totals.lower_bound
    assert not totals.last_call_failed


async def test_bodies_are_kept_as_told(enter: Any, provider: MakeProvider) -> None:
    kept = {}
    for keep in ("all", "failed", "none"):
        replies = [whole(Dialect.CHAT), Reply(b'{"error":{"message":"no"}}', 500)]
        async with ScriptedUpstream(replies) as upstream, enter(provider(upstream.url), keep_bodies=keep) as inside:
            await inside.ask(Dialect.CHAT)
            await inside.ask(Dialect.CHAT)
            await inside.door.close()
            folder = inside.door.visitor.folder
        kept[keep] = [read_body(folder, seq, "response") is not None for seq in (1, 2)]
        assert keep == "none" or read_body(folder, 2, "request") == upstream.requests[1].body
        (folder / "bodies.bin").unlink(missing_ok=True)
        (folder / "gateway.jsonl").unlink()
    assert kept == {"all": [True, True], "failed": [False, True], "none": [False, False]}


async def test_large_bodies_are_complete_when_the_door_is_closed(enter: Any, provider: MakeProvider) -> None:
    answer = whole(Dialect.CHAT, "word " * 600_000)
    async with ScriptedUpstream(answer) as upstream, enter(provider(upstream.url)) as inside:
        _, got = await inside.ask(Dialect.CHAT, user="x" * 900_000)
        await inside.door.close()
    assert got == answer.body
    assert read_body(inside.door.visitor.folder, 1, "request") == upstream.requests[0].body
    assert read_body(inside.door.visitor.folder, 1, "response") == answer.body


async def test_a_full_disk_refuses_calls_and_loses_no_line(enter: Any, provider: MakeProvider) -> None:
    async with (
        ScriptedUpstream(whole(Dialect.CHAT)) as upstream,
        enter(provider(upstream.url), keep_bodies="none") as inside,
    ):
        await inside.ask(Dialect.CHAT)
        log = inside.door._log
        os.close(log._descriptor)
        log._descriptor = os.open("/dev/full", os.O_WRONLY)
        status, body = await inside.ask(Dialect.CHAT)
        await inside.door.close()
    assert status == 500
    assert "cannot write its log" in json.loads(body)["error"]["message"]
    assert len(upstream.requests) == 1, "what cannot be recorded is not sent"
    assert len(read_calls(inside.door.visitor.folder)) == 1


async def test_a_flood_of_connections_leaves_the_driver_its_files(
    enter: Any, provider: MakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assay.gateway.server.resource.getrlimit", lambda _: (40, 40))
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream, enter(provider(upstream.url)) as inside:
        flood = [await asyncio.open_unix_connection(str(inside.gateway.socket)) for _ in range(60)]
        await asyncio.sleep(0.05)
        ended = sum(reader.at_eof() or reader.exception() is not None for reader, _ in flood)
        for _, writer in flood:
            writer.close()
        await asyncio.sleep(0.05)
        assert (await inside.ask(Dialect.CHAT))[0] == 200
    assert ended == 40


KILLED = """
import asyncio, sys
from pathlib import Path
from assay.gateway.base import Upstream, Visitor
from assay.gateway.server import GatewayServer
from assay.providers import Provider
from assay.records import Dialect, OwnerKind

async def main(url, folder):
    gateway = await GatewayServer.start(Path(folder) / "g.sock", tcp_port=0)
    provider = Provider("p", url, tuple(Dialect), auth="none", prices={"*": {"input": 1, "output": 5}})
    visitor = Visitor(OwnerKind.TRIAL, "t", "a", {"small": Upstream(provider, "small")}, Path(folder))
    print(gateway.open(visitor).base_urls(gateway.tcp_url)[Dialect.CHAT], flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_kill_9_leaves_every_finished_call_and_the_open_one(tmp_path: Path) -> None:
    replies = [whole(Dialect.CHAT), whole(Dialect.CHAT), Reply(hang=True, headers=SSE)]
    async with ScriptedUpstream(replies) as upstream:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, upstream.url, str(tmp_path), stdout=asyncio.subprocess.PIPE
        )
        assert child.stdout is not None
        url = (await child.stdout.readline()).decode().strip() + "/v1/chat/completions"
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                async with session.post(url, json=question(Dialect.CHAT, "small")) as answer:
                    await answer.read()
            asking = asyncio.create_task(session.post(url, json=question(Dialect.CHAT, "small")))
            await upstream.arrived(3)
            child.kill()
            await child.wait()
            await asyncio.gather(asking, return_exceptions=True)
    calls = read_calls(tmp_path)
    assert [call.in_flight_at_kill for call in calls] == [False, False, True]
    assert [call.status for call in calls] == [200, 200, 0]
    found = spend(calls)
    assert found.nano_usd == 2 * (50 * 1000 + 1000 * 1000 + 40 * 5000)
    assert found.lower_bound
