import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from assay.agents.inside.dialects import Reply, feed, whole
from assay.lab.models import DEEP, SWIFT
from assay.lab.sending import SIMULATED_HEADER
from assay.lab.server import TRIAL_HEADER, LabServer
from assay.records import Dialect
from assay.testing.tasks import make_task

PATHS = {Dialect.MESSAGES: "/v1/messages", Dialect.CHAT: "/v1/chat/completions", Dialect.RESPONSES: "/v1/responses"}
ALL = list(PATHS)
PROMPT = "Repair `mean`. " * 40


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[LabServer]:
    async with await LabServer.start({"tiny": make_task(tmp_path)}, seed=11, time_scale=0.001) as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def question(dialect: Dialect, model: str = "always", **more: Any) -> dict[str, Any]:
    user = [{"role": "user", "content": PROMPT}]
    if dialect is Dialect.MESSAGES:
        return {"model": model, "max_tokens": 8000, "messages": user, **more}
    return {"model": model, ("input" if dialect is Dialect.RESPONSES else "messages"): user, **more}


def header(trial: str = "trial-1", **more: str) -> dict[str, str]:
    return {TRIAL_HEADER: json.dumps({"trial": trial, "task": "tiny", "step": "0", **more})}


async def streamed(response: aiohttp.ClientResponse, dialect: Dialect) -> Reply:
    reply = Reply()
    async for line in response.content:
        if line.startswith(b"data:"):
            feed(dialect, line[5:].strip(), reply)
    return reply


@pytest.mark.parametrize("dialect", ALL)
async def test_streamed_and_whole_answers_say_the_same(
    lab: LabServer, http: aiohttp.ClientSession, dialect: Dialect
) -> None:
    url = lab.base_url + PATHS[dialect]
    options = {"stream_options": {"include_usage": True}} if dialect is Dialect.CHAT else {}
    async with http.post(url, json=question(dialect, "deep"), headers=header()) as response:
        one = Reply()
        whole(dialect, await response.read(), one)
    async with http.post(url, json=question(dialect, "deep", stream=True, **options), headers=header()) as response:
        assert response.content_type == "text/event-stream"
        assert float(response.headers[SIMULATED_HEADER]) > DEEP.ttft_ms / 3
        two = await streamed(response, dialect)
    assert "".join(one.text) == "".join(two.text) != ""
    assert "".join(one.thinking) == "".join(two.thinking) != ""
    assert one.usage == two.usage
    assert (one.stop, one.model) == (two.stop, two.model)
    assert two.done


async def test_the_three_dialects_count_the_same_tokens_in_their_own_convention(
    lab: LabServer, http: aiohttp.ClientSession
) -> None:
    usage = {}
    for dialect in ALL:
        async with http.post(lab.base_url + PATHS[dialect], json=question(dialect, "deep"), headers=header()) as got:
            usage[dialect] = (await got.json())["usage"]
    messages, chat, responses = (usage[dialect] for dialect in ALL)
    assert messages["input_tokens"] == chat["prompt_tokens"] == responses["input_tokens"] > 100
    assert messages["output_tokens"] == chat["completion_tokens"] == responses["output_tokens"]
    reasoning = chat["completion_tokens_details"]["reasoning_tokens"]
    assert reasoning == responses["output_tokens_details"]["reasoning_tokens"] > 0
    assert chat["completion_tokens"] > reasoning
    assert chat["total_tokens"] == chat["prompt_tokens"] + chat["completion_tokens"]


async def test_cached_tokens_are_exclusive_in_messages_and_inclusive_elsewhere(
    lab: LabServer, http: aiohttp.ClientSession
) -> None:
    long = "word " * 2000
    marked = [{"role": "user", "content": [{"type": "text", "text": long, "cache_control": {"type": "ephemeral"}}]}]
    counts = []
    for step in ("0", "1"):
        body = {"model": "swift", "max_tokens": 100, "messages": marked}
        async with http.post(lab.base_url + "/v1/messages", json=body, headers=header(step=step)) as got:
            counts.append((await got.json())["usage"])
    write, read = counts
    assert (write["input_tokens"], write["cache_read_input_tokens"], read["input_tokens"]) == (0, 0, 0)
    assert write["cache_creation_input_tokens"] == read["cache_read_input_tokens"] > 2000
    plain = {"model": "swift", "messages": [{"role": "user", "content": long}]}
    async with http.post(lab.base_url + "/v1/chat/completions", json=plain, headers=header(step="1")) as got:
        chat = (await got.json())["usage"]
    assert chat["prompt_tokens"] > chat["prompt_tokens_details"]["cached_tokens"] - 1 > 2000


async def test_a_probe_gets_a_tiny_fixed_answer(lab: LabServer, http: aiohttp.ClientSession) -> None:
    for dialect in ALL:
        async with http.post(lab.base_url + PATHS[dialect], json=question(dialect, "lab/swift")) as got:
            reply = Reply()
            whole(dialect, await got.read(), reply)
            assert ("".join(reply.text), reply.model) == ("OK", "swift")


@pytest.mark.parametrize("dialect", ALL)
async def test_an_unknown_model_is_a_404_of_the_dialect(
    lab: LabServer, http: aiohttp.ClientSession, dialect: Dialect
) -> None:
    async with http.post(lab.base_url + PATHS[dialect], json=question(dialect, "swfit"), headers=header()) as got:
        body = await got.json()
    assert got.status == 404
    assert "Did you mean 'swift'?" in body["error"]["message"]
    assert (body.get("type") == "error") is (dialect is Dialect.MESSAGES)


async def test_what_is_not_understood_is_a_400(lab: LabServer, http: aiohttp.ClientSession) -> None:
    url = lab.base_url + "/v1/messages"
    good = question(Dialect.MESSAGES)
    for body, headers in [
        (b"{", header()),
        (b"[]", header()),
        (json.dumps({"model": "swift"}).encode(), header()),
        (json.dumps(good).encode(), {TRIAL_HEADER: "{"}),
        (json.dumps(good).encode(), {TRIAL_HEADER: '{"task": "tiny"}'}),
        (json.dumps(good).encode(), header(task="other")),
        (json.dumps(good).encode(), header(fault="hangs")),
    ]:
        async with http.post(url, data=body, headers=headers) as got:
            assert got.status == 400, (body, headers)
            assert (await got.json())["error"]["type"] == "invalid_request_error"


async def test_a_token_limit_cuts_the_answer(lab: LabServer, http: aiohttp.ClientSession) -> None:
    stops = []
    for dialect, limit in zip(ALL, ("max_tokens", "max_completion_tokens", "max_output_tokens"), strict=True):
        body = question(dialect) | {limit: 20}
        async with http.post(lab.base_url + PATHS[dialect], json=body, headers=header()) as got:
            reply = Reply()
            whole(dialect, await got.read(), reply)
            assert len("".join(reply.text)) < 120
            stops.append((reply.stop, reply.too_long))
    assert stops == [("max_tokens", True), ("length", True), ("max_output_tokens", True)]


async def test_time_is_slept_at_the_scale(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    task = make_task(tmp_path)
    async with await LabServer.start({"tiny": task}, seed=1, time_scale=0.05) as lab:
        clock = asyncio.get_running_loop().time
        started = clock()
        url, body = lab.base_url + "/v1/messages", question(Dialect.MESSAGES, "deep", stream=True)
        async with http.post(url, json=body, headers=header()) as got:
            first = clock() - started
            await got.read()
        slept, stated = clock() - started, float(got.headers[SIMULATED_HEADER]) / 1000
    assert stated * 0.05 <= slept < stated * 0.05 + 0.7
    assert first < slept


async def test_status_faults_have_the_providers_shape(lab: LabServer, http: aiohttp.ClientSession) -> None:
    for name, kind in (("429", "rate_limit_error"), ("529", "overloaded_error"), ("500", "api_error")):
        for model, labels in ((f"swift!{name}", {}), ("swift", {"fault": f'"{name}"'})):
            body = question(Dialect.MESSAGES, model)
            async with http.post(lab.base_url + "/v1/messages", json=body, headers=header(**labels)) as got:
                assert got.status == int(name)
                assert (await got.json())["error"]["type"] == kind
                assert ("retry-after" in got.headers) is (name == "429")


async def test_a_fault_that_comes_once_spares_the_second_request_of_a_trial(
    lab: LabServer, http: aiohttp.ClientSession
) -> None:
    statuses = []
    for trial in ("a", "a", "b"):
        body, labels = question(Dialect.CHAT), header(trial, fault="529-once")
        async with http.post(lab.base_url + "/v1/chat/completions", json=body, headers=labels) as got:
            statuses.append(got.status)
    assert statuses == [529, 200, 529]


async def test_usage_can_be_wrong_or_missing(lab: LabServer, http: aiohttp.ClientSession) -> None:
    outputs = []
    for fault in ("", "wrong_usage", "no_usage"):
        body = question(Dialect.MESSAGES)
        async with http.post(lab.base_url + "/v1/messages", json=body, headers=header(fault=fault)) as got:
            outputs.append((await got.json()).get("usage", {}).get("output_tokens"))
    assert outputs == [outputs[0], outputs[0] * 7, None]


async def test_a_hanging_answer_ends_with_the_lab(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    lab = await LabServer.start({"tiny": make_task(tmp_path)}, seed=1, time_scale=0)
    asked = asyncio.ensure_future(
        http.post(lab.base_url + "/v1/messages", json=question(Dialect.MESSAGES, "swift!hang"), headers=header())
    )
    done, _ = await asyncio.wait({asked}, timeout=0.3)
    assert not done
    await asyncio.wait_for(lab.stop(), 5)
    with pytest.raises(aiohttp.ClientError):
        await asked
    await lab.stop()


async def test_the_provider_is_data_with_prices(lab: LabServer) -> None:
    provider = lab.provider(ids=["swift!cut"])
    assert provider.simulated
    assert provider.base_url.startswith("http://127.0.0.1:")
    assert provider.prices["swift"] == provider.prices["lab/swift"] == provider.prices["swift!cut"] == SWIFT.price
    assert set(provider.dialects) == set(Dialect)
