"""What goes in comes out: bytes, headers, status, order and time."""

import asyncio
import gzip
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from yarl import URL

from assay.evidence.calls import read_calls
from assay.providers import Provider
from assay.records import Dialect
from assay.testing.upstream import Received, Reply, ScriptedUpstream
from assay.testing.wire import SSE, event, question, streamed, whole

EVERY = list(itertools.product(Dialect, (False, True)))
MakeProvider = Callable[..., Provider]

# A body that any re-encoding would change: odd spacing, escapes, key order, long numbers, repeated blanks.
ODD = (
    '{ "temperature":1.50,\t"model" : "small",  "messages":[{"role":"user","content":"\\u00e9 é \\/ \\ud83d\\ude00"}],'
    '"metadata":{"model":"other","n":12345678901234567890},"max_tokens":16 ,"stream":STREAM,"input":"x"\n}'
)


def joined(reply: Reply) -> bytes:
    return reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)


@pytest.mark.parametrize(("dialect", "stream"), EVERY)
async def test_bodies_are_equal_both_ways(dialect: Dialect, stream: bool, enter: Any, provider: MakeProvider) -> None:
    reply = streamed(dialect, "héllo ✓ wörld") if stream else whole(dialect, "héllo ✓ wörld")
    options = ',"stream_options":{"include_usage":true}' if dialect is Dialect.CHAT and stream else ""
    body = ODD.replace("STREAM", ("true" if stream else "false") + options).encode()
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url)) as inside:
        status, answer, _ = await inside.send(dialect, body)
    assert status == 200
    assert upstream.requests[0].body == body
    assert answer == joined(reply)


@pytest.mark.parametrize(("dialect", "stream"), EVERY)
async def test_a_stream_cut_into_single_bytes_is_equal_and_counted(
    dialect: Dialect, stream: bool, enter: Any, provider: MakeProvider, tmp_path: Any
) -> None:
    full = streamed(dialect) if stream else whole(dialect)
    pieces = tuple(bytes([byte]) for byte in joined(full))
    reply = Reply(pieces, headers=full.headers)
    more = {"stream_options": {"include_usage": True}} if dialect is Dialect.CHAT and stream else {}
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url)) as inside:
        status, answer = await inside.ask(dialect, stream=stream, **more)
        totals = await inside.door.close()
    assert (status, answer) == (200, joined(full))
    assert totals.tokens.output == 40
    assert totals.tokens.prompt == (1350 if dialect is Dialect.MESSAGES else 1050)


async def test_only_the_model_string_changes_when_the_map_says_another(enter: Any, provider: MakeProvider) -> None:
    body = ODD.replace("STREAM", "false").encode()
    async with (
        ScriptedUpstream(whole(Dialect.MESSAGES)) as upstream,
        enter(provider(upstream.url), model="big-é-2") as inside,
    ):
        await inside.send(Dialect.MESSAGES, body)
        await inside.door.close()
        call = read_calls(inside.door.visitor.folder)[0]
    assert upstream.requests[0].body == body.replace(b'"model" : "small"', '"model" : "big-é-2"'.encode())
    assert (call.model_requested, call.model_served) == ("small", "served-1")


async def test_usage_is_asked_for_in_chat_streams_and_its_chunk_taken_out_again(
    enter: Any, provider: MakeProvider
) -> None:
    full = streamed(Dialect.CHAT)
    assert not isinstance(full.body, bytes)
    without = b"".join(piece for piece in full.body if b'"choices":[]' not in piece)
    async with ScriptedUpstream(full) as upstream, enter(provider(upstream.url)) as inside:
        status, answer = await inside.ask(Dialect.CHAT, stream=True)
        totals = await inside.door.close()
        call = read_calls(inside.door.visitor.folder)[0]
    sent = upstream.requests[0].body
    asked = json.dumps(question(Dialect.CHAT, "small", stream=True)).encode()
    assert sent == asked[:-1] + b',"stream_options":{"include_usage":true}}'
    assert (status, answer) == (200, without)
    assert totals.tokens.output == 40
    assert call.usage_injected


async def test_other_stream_options_stay(enter: Any, provider: MakeProvider) -> None:
    async with ScriptedUpstream(streamed(Dialect.CHAT)) as upstream, enter(provider(upstream.url)) as inside:
        await inside.ask(Dialect.CHAT, stream=True, stream_options={"include_obfuscation": False})
    assert upstream.requests[0].data["stream_options"] == {"include_obfuscation": False, "include_usage": True}


async def test_a_provider_that_refuses_stream_options_gets_none_and_usage_stays_unknown(
    enter: Any, provider: MakeProvider
) -> None:
    made = {"quirks": {"stream_options": "no"}}
    async with (
        ScriptedUpstream(streamed(Dialect.CHAT, usage={})) as upstream,
        enter(provider(upstream.url, **made)) as inside,
    ):
        await inside.ask(Dialect.CHAT, stream=True)
        totals = await inside.door.close()
    assert "stream_options" not in upstream.requests[0].data
    assert totals.tokens.total is None
    assert totals.cost is None
    assert totals.lower_bound


async def test_headers_pass_but_for_hop_by_hop_host_and_credentials(enter: Any, provider: MakeProvider) -> None:
    sent = {
        "Content-Type": "application/json",
        "User-Agent": "agent/1.2 (x)",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "a-1,b-2",
        "X-Stainless-Lang": "js",
        "Accept": "application/json",
        "x-api-key": "dummy",
        "Authorization": "Bearer dummy",
        "Connection": "keep-alive, X-Private",
        "X-Private": "for the next hop",
        "TE": "trailers",
        "x-assay-trial": "forged",
    }
    back = {
        "Content-Type": "application/json; charset=utf-8",
        "request-id": "req_1",
        "anthropic-ratelimit-requests-remaining": "49",
        "Server": "cloud",
        "Date": "Thu, 01 Jan 2026 00:00:00 GMT",
        "x-assay-simulated-ms": "9",
    }
    reply = Reply(joined(whole(Dialect.MESSAGES)), headers=back)
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url)) as inside:
        _, _, got = await inside.send(Dialect.MESSAGES, json.dumps(question(Dialect.MESSAGES, "small")).encode(), sent)
    host = upstream.url.removeprefix("http://")
    expected = dict(list(sent.items())[:6])
    received = dict(upstream.requests[0].headers)
    length = received.pop("Content-Length")
    assert int(length) == len(upstream.requests[0].body)
    assert received == {**expected, "Host": host, "Accept-Encoding": "identity"}
    visible = {name: value for name, value in back.items() if not name.startswith("x-assay")}
    assert dict(got) == {**visible, "Content-Length": str(len(joined(reply)))}


async def test_streams_are_not_buffered(enter: Any, provider: MakeProvider) -> None:
    first, rest = event({"type": "ping"}, "ping"), event({"type": "message_stop"}, "message_stop")
    reply = Reply((first, rest), headers=SSE, pause_s=0.4)
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url)) as inside:
        began = time.perf_counter()
        body = json.dumps(question(Dialect.MESSAGES, "small", stream=True)).encode()
        async with inside.session.post(inside.url(Dialect.MESSAGES), data=body) as answer:
            chunk = await answer.content.readany()
            seen = time.perf_counter() - began
            await answer.read()
        totals = await inside.door.close()
        call = read_calls(inside.door.visitor.folder)[0]
    assert chunk == first
    assert seen < 0.3
    assert call.ttft_ms is not None
    assert call.duration_ms is not None
    assert call.ttft_ms < 300 < call.duration_ms
    assert totals.calls == 1


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 529])
async def test_errors_pass_unchanged_and_are_recorded_with_the_providers_words(
    status: int, enter: Any, provider: MakeProvider
) -> None:
    body = b'{"type":"error", "error":{"type":"overloaded_error","message":"Overloaded \\u2014 try later"}}'
    reply = Reply(body, status, {"Content-Type": "application/json", "Retry-After": "7"})
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url)) as inside:
        got, answer, headers = await inside.send(
            Dialect.MESSAGES, json.dumps(question(Dialect.MESSAGES, "small")).encode()
        )
        totals = await inside.door.close()
        call = read_calls(inside.door.visitor.folder)[0]
    assert (got, answer, headers["Retry-After"]) == (status, body, "7")
    assert len(upstream.requests) == 1, "the gateway never retries"
    assert call.error == "Overloaded — try later"
    assert call.cost is None
    assert not totals.lower_bound
    assert totals.last_call_failed == (status in {429, 500, 529})
    assert totals.provider_errors == int(status in {429, 500, 529})


async def test_redirects_are_passed_on_not_followed(enter: Any, provider: MakeProvider) -> None:
    reply = Reply(b"", 307, {"Location": "http://127.0.0.1:9/elsewhere"})
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url)) as inside:
        status, _ = await inside.ask(Dialect.CHAT)
    assert status == 307
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_a_compressed_answer_is_passed_as_it_is_and_still_counted(
    stream: bool, enter: Any, provider: MakeProvider
) -> None:
    plain = streamed(Dialect.MESSAGES) if stream else whole(Dialect.MESSAGES)
    packed = gzip.compress(joined(plain))
    reply = Reply(
        (packed[:20], packed[20:]) if stream else packed, headers={**plain.headers, "Content-Encoding": "gzip"}
    )
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url)) as inside:
        _, answer, headers = await inside.send(
            Dialect.MESSAGES, json.dumps(question(Dialect.MESSAGES, "small", stream=stream)).encode()
        )
        totals = await inside.door.close()
    assert answer == packed
    assert headers["Content-Encoding"] == "gzip"
    assert totals.tokens.output == 40


async def test_a_large_request_passes(enter: Any, provider: MakeProvider) -> None:
    body = json.dumps({**question(Dialect.RESPONSES, "small"), "input": "x" * 5_000_000}).encode()
    async with ScriptedUpstream(whole(Dialect.RESPONSES)) as upstream, enter(provider(upstream.url)) as inside:
        status, _, _ = await inside.send(Dialect.RESPONSES, body)
    assert status == 200
    assert upstream.requests[0].body == body


async def test_a_broken_stream_breaks_for_the_client_too(enter: Any, provider: MakeProvider) -> None:
    full = streamed(Dialect.MESSAGES)
    assert not isinstance(full.body, bytes)
    reply = Reply(tuple(full.body[:3]), headers=SSE, cut=True, pause_s=0.01)
    async with ScriptedUpstream(reply) as upstream, enter(provider(upstream.url)) as inside:
        with pytest.raises(aiohttp.ClientPayloadError):
            await inside.ask(Dialect.MESSAGES, stream=True)
        totals = await inside.door.close()
    assert totals.last_call_failed
    assert totals.lower_bound
    assert totals.tokens.input_uncached == 50
    assert totals.cost is not None, "what was seen is charged as a lower bound"
    assert "broke off" in (totals.last_error or "")


async def test_a_stream_that_ends_early_without_a_cut_is_a_failure_of_the_provider(
    enter: Any, provider: MakeProvider
) -> None:
    full = streamed(Dialect.MESSAGES)
    assert not isinstance(full.body, bytes)
    async with (
        ScriptedUpstream(Reply(tuple(full.body[:3]), headers=SSE)) as upstream,
        enter(provider(upstream.url)) as inside,
    ):
        await inside.ask(Dialect.MESSAGES, stream=True)
        totals = await inside.door.close()
    assert totals.last_call_failed
    assert totals.last_error == "the stream ended before its last event"


async def test_no_answer_and_no_server_are_502_in_the_dialects_shape(enter: Any, provider: MakeProvider) -> None:
    async with ScriptedUpstream(Reply(silent=True)) as upstream, enter(provider(upstream.url)) as inside:
        status, answer = await inside.ask(Dialect.MESSAGES)
        assert status == 502
        assert json.loads(answer)["error"]["type"] == "api_error"
        assert (await inside.door.close()).lower_bound, "it may have been billed"
    async with enter(provider("http://127.0.0.1:9")) as inside:
        status, answer = await inside.ask(Dialect.CHAT)
        totals = await inside.door.close()
    assert status == 502
    assert "cannot be reached" in json.loads(answer)["error"]["message"]
    assert totals.last_call_failed
    assert (totals.cost, totals.lower_bound) == (0, False), "nothing was sent, nothing was spent"


async def test_connections_to_the_provider_are_reused(enter: Any, provider: MakeProvider) -> None:
    async with ScriptedUpstream(whole(Dialect.CHAT)) as upstream, enter(provider(upstream.url)) as inside:
        for _ in range(5):
            await inside.ask(Dialect.CHAT)
    assert len(upstream.connections) == 1


async def test_the_query_is_passed_and_base_urls_are_joined_as_their_makers_do(
    enter: Any, provider: MakeProvider
) -> None:
    async with ScriptedUpstream(lambda _: whole(Dialect.CHAT)) as upstream:
        targets = []
        for base in ("", "/v1", "/v1beta/openai/", "/api/v1"):
            async with enter(provider(upstream.url + base)) as inside:
                await inside.ask(Dialect.CHAT)
                url = URL(inside.url(Dialect.MESSAGES) + "?beta=true&x=a%2Fb", encoded=True)
                async with inside.session.post(url, json=question(Dialect.MESSAGES, "small")) as answer:
                    await answer.read()
            targets.append(tuple(request.target for request in upstream.requests[-2:]))
    assert targets == [
        ("/v1/chat/completions", "/v1/messages?beta=true&x=a%2Fb"),
        ("/v1/chat/completions", "/v1/messages?beta=true&x=a%2Fb"),
        ("/v1beta/openai/chat/completions", "/v1beta/openai/v1/messages?beta=true&x=a%2Fb"),
        ("/api/v1/chat/completions", "/api/v1/messages?beta=true&x=a%2Fb"),
    ]


async def test_many_at_once_keep_apart(enter: Any, provider: MakeProvider) -> None:
    def echo(received: Received) -> Reply:
        return whole(Dialect.CHAT, received.data["messages"][0]["content"])

    async with ScriptedUpstream(echo) as upstream, enter(provider(upstream.url)) as inside:
        asked = [{"messages": [{"role": "user", "content": f"number {n}"}]} for n in range(40)]
        answers = await asyncio.gather(*(inside.ask(Dialect.CHAT, **more) for more in asked))
        totals = await inside.door.close()
    assert [json.loads(body)["choices"][0]["message"]["content"] for _, body in answers] == [
        f"number {n}" for n in range(40)
    ]
    assert totals.calls == 40
    assert totals.tokens.output == 40 * 40
