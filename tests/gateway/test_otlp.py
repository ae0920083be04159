"""Telemetry through the door is kept as it came, and always welcome."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from assay.evidence.otlp import read_frames
from assay.providers import Provider

MakeProvider = Callable[..., Provider]


async def test_bodies_are_appended_raw_and_answered_in_their_own_encoding(enter: Any, provider: MakeProvider) -> None:
    packed = gzip.compress(b"\x0a\x00\xff" * 50)
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
        for _ in range(5):
            async with inside.session.post(url, data=b"x" * 100) as answer:
                assert answer.status == 200
    assert len(list(read_frames(inside.door.visitor.folder / "otlp" / "logs.bin"))) == 2
