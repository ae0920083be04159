"""Telemetry through the door is kept as it came, and always welcome."""

import asyncio
import gzip
import io
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from assay.evidence.otlp import read_frames, read_telemetry
from assay.gateway.forwarding import headers_from_environment
from assay.gateway.server import GatewayServer
from assay.providers import Provider
from assay.testing.upstream import Reply, ScriptedUpstream

MakeProvider = Callable[..., Provider]
PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}
SPANS = [{"name": f"span {number}", "attributes": [{"key": "k", "value": {"stringValue": "v"}}]} for number in range(9)]
BODY: bytes = ParseDict(
    {"resourceSpans": [{"scopeSpans": [{"spans": SPANS}]}]}, ExportTraceServiceRequest()
).SerializeToString()


async def post(inside: Any, data: bytes, headers: Mapping[str, str], signal: str = "traces") -> tuple[int, bytes]:
    url = f"{inside.door.otlp_url('http://x')}/v1/{signal}"
    async with inside.session.post(url, data=io.BytesIO(data), headers=headers) as answer:
        assert answer.status == 404 or answer.headers["Content-Type"] == headers["Content-Type"]
        return answer.status, await answer.read()


def counted(inside: Any) -> dict[str, int]:
    return {
        key: value
        for key, value in json.loads((inside.door.visitor.folder / "otlp" / "receiver.json").read_text()).items()
        if value
    }


async def test_bodies_are_appended_raw_and_answered_in_their_own_encoding(enter: Any, provider: MakeProvider) -> None:
    packed = gzip.compress(BODY, mtime=0)
    async with enter(provider("http://127.0.0.1:9")) as inside:
        base = inside.door.otlp_url("http://127.0.0.1:8400")
        sent = [
            ("traces", b'{"resourceSpans":[]}', {"Content-Type": "application/json"}),
            ("traces", packed, {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}),
            ("metrics", b"", {"Content-Type": "application/x-protobuf"}),
        ]
        answers = []
        for signal, body, headers in sent:
            async with inside.session.post(f"{base}/v1/{signal}", data=body, headers=headers) as answer:
                answers.append((answer.status, await answer.read(), answer.headers["Content-Type"]))
        async with inside.session.post(f"{base}/v1/secrets", data=b"x") as answer:
            assert answer.status == 404
        async with inside.session.get(f"{base}/v1/traces") as answer:
            assert answer.status == 405
        await inside.door.close()
        async with inside.session.post(f"{base}/v1/traces", data=b"x") as answer:
            assert answer.status == 410
        folder = inside.door.visitor.folder / "otlp"
    assert answers == [
        (200, b"{}", "application/json"),
        (200, b"", "application/x-protobuf"),
        (200, b"", "application/x-protobuf"),
    ]
    frames = list(read_frames(folder / "traces.bin"))
    assert [(frame.type, frame.encoding, frame.body) for frame in frames] == [
        ("application/json", "identity", b'{"resourceSpans":[]}'),
        ("application/x-protobuf", "gzip", packed),
    ]
    assert [frame.body for frame in read_frames(folder / "metrics.bin")] == [b""]
    assert not (folder / "logs.bin").exists()


async def test_a_flood_is_dropped_but_still_welcome(
    enter: Any, provider: MakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assay.gateway.otlp.MAX_BYTES", 250)
    async with enter(provider("http://127.0.0.1:9")) as inside:
        url = inside.door.otlp_url("http://x") + "/v1/logs"
        for number in range(5):
            logs = {"resourceLogs": [{"schemaUrl": f"{number}" * 100}]}
            data = ParseDict(logs, ExportLogsServiceRequest()).SerializeToString()
            async with inside.session.post(url, data=data, headers=PROTOBUF) as answer:
                assert answer.status == 200
        await inside.door.close()
        folder = inside.door.visitor.folder / "otlp"
    assert len(list(read_frames(folder / "logs.bin"))) == 1
    assert json.loads((folder / "receiver.json").read_text())["dropped"] == 4


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\xff\xff\xff", PROTOBUF, 400),
        (b"{", JSON, 400),
        (b"[]", JSON, 400),
        (b'{"resourceSpans": 7}', JSON, 400),
        (b"not gzip", {**PROTOBUF, "Content-Encoding": "gzip"}, 400),
        (gzip.compress(BODY, mtime=0)[:-9], {**PROTOBUF, "Content-Encoding": "gzip"}, 400),
        (BODY, {**PROTOBUF, "Content-Encoding": "zstd"}, 415),
        (BODY, {"Content-Type": "text/plain"}, 415),
    ],
)
async def test_what_is_wrong_with_a_body_is_said_in_its_own_encoding(
    enter: Any, provider: MakeProvider, body: bytes, headers: Mapping[str, str], status: int
) -> None:
    if headers["Content-Type"] == "text/plain":
        expected = {"Content-Type": "application/x-protobuf"}
    else:
        expected = {"Content-Type": headers["Content-Type"]}
    async with enter(provider("http://127.0.0.1:9")) as inside:
        url = f"{inside.door.otlp_url('http://x')}/v1/traces"
        async with inside.session.post(url, data=body, headers=headers) as answer:
            said = await answer.read()
            assert (answer.status, answer.headers["Content-Type"]) == (status, expected["Content-Type"])
        await inside.door.close()
        folder = inside.door.visitor.folder
    assert json.loads(said)["message"] if headers == JSON else said[0] == 0x12 and said[1] == len(said) - 2
    assert counted(inside) == ({"bodies": 1, "malformed": 1} if status == 400 else {"refused": 1})
    # What was refused as malformed is in the evidence, and its reader says so.
    assert len(read_telemetry(folder).problems) == (status == 400)


async def test_a_body_that_unpacks_to_too_much_is_too_large(enter: Any, provider: MakeProvider) -> None:
    bomb = gzip.compress(bytes(65 << 20), 1)
    async with enter(provider("http://127.0.0.1:9")) as inside:
        status, _ = await post(inside, bomb, {**PROTOBUF, "Content-Encoding": "gzip"})
    assert status == 413


async def test_a_body_longer_than_any_request_is_refused(
    enter: Any, provider: MakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assay.gateway.server.MAX_REQUEST_BYTES", 1000)
    async with enter(provider("http://127.0.0.1:9")) as inside:
        status, said = await post(inside, BODY * 100, PROTOBUF)
    assert (status, said[:1]) == (413, b"\x12")


async def test_a_body_that_comes_again_is_stored_once(enter: Any, provider: MakeProvider) -> None:
    async with enter(provider("http://127.0.0.1:9")) as inside:
        answers = [await post(inside, BODY, PROTOBUF) for _ in range(3)]
        other = inside.gateway.open(inside.door.visitor)
        await inside.door.close()
        await other.close()
    assert answers == [(200, b"")] * 3
    assert counted(inside) == {"bodies": 3, "repeated": 2}
    assert len(read_telemetry(inside.door.visitor.folder).spans) == len(SPANS)


async def test_telemetry_is_passed_on_with_the_same_bytes(
    enter: Any, provider: MakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=a%20b,x-team=t")
    packed = gzip.compress(BODY, mtime=0)
    async with (
        ScriptedUpstream(Reply(b"")) as backend,
        enter(provider("http://127.0.0.1:9"), forward=f"{backend.url}/otlp") as inside,
    ):
        await post(inside, packed, {**PROTOBUF, "Content-Encoding": "gzip"})
        await post(inside, b'{"resourceLogs":[]}', JSON, "logs")
        await post(inside, b"broken", JSON, "logs")
        await inside.door.close()
    got = {asked.target: asked for asked in backend.requests}
    assert set(got) == {"/otlp/v1/traces", "/otlp/v1/logs"}
    traces = got["/otlp/v1/traces"]
    assert (traces.body, traces.header("content-encoding"), traces.header("x-api-key")) == (packed, "gzip", "a b")
    assert counted(inside) == {"bodies": 3, "malformed": 1, "forwarded": 2}


@pytest.mark.parametrize("reply", [Reply(b"", status=503), Reply(delay_s=5)])
async def test_a_back_end_that_fails_delays_nobody_and_is_counted(
    enter: Any, provider: MakeProvider, reply: Reply
) -> None:
    async with ScriptedUpstream(reply) as backend, enter(provider("http://x"), forward=backend.url) as inside:
        began = time.perf_counter()
        for number in range(10):
            body = json.dumps({"resourceSpans": [], "n": number}).encode()
            assert (await post(inside, body, JSON))[0] == 200
        assert time.perf_counter() - began < 0.8
        await inside.door.close()
        assert time.perf_counter() - began < 2.5
    assert counted(inside) == {"bodies": 10, "not_forwarded": 10}


async def test_a_full_queue_drops_and_counts(
    enter: Any, provider: MakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assay.gateway.forwarding.MAX_PENDING_BYTES", 100)
    monkeypatch.setattr("assay.gateway.forwarding.GRACE_S", 0.05)
    async with (
        ScriptedUpstream(Reply(delay_s=5)) as backend,
        enter(provider("http://127.0.0.1:9"), forward=backend.url) as inside,
    ):
        await post(inside, b'{"resourceSpans":[]}', JSON)
        await asyncio.wait_for(backend.arrived(1), 2)
        await post(inside, b'{"resourceSpans":[],"x":"' + b"y" * 100 + b'"}', JSON)
        await inside.door.close()
    assert len(backend.requests) == 1
    assert counted(inside) == {"bodies": 2, "not_forwarded": 2}


def test_headers_for_a_back_end_are_read_as_opentelemetry_defines() -> None:
    assert headers_from_environment({"OTEL_EXPORTER_OTLP_HEADERS": " a=1 , b=x%3Dy,junk"}) == {"a": "1", "b": "x=y"}
    assert headers_from_environment({}) == {}


async def test_without_telemetry_nothing_is_written(enter: Any, provider: MakeProvider) -> None:
    async with enter(provider("http://127.0.0.1:9")) as inside:
        assert isinstance(inside.gateway, GatewayServer)
        await inside.door.close()
    assert not (inside.door.visitor.folder / "otlp").exists()
