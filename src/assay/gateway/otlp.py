"""OTLP through the door: bodies are appended to evidence as they are, and decoded later."""

from __future__ import annotations

import time
from pathlib import Path

from aiohttp import web

from assay.evidence.otlp import FOLDER, Frame, encode_frame
from assay.gateway.door import LocalDoor
from assay.gateway.refusals import plain

MAX_BYTES = 64 << 20
"""Per attempt; what comes after is dropped, so that an agent cannot fill the disk."""


async def take_otlp(door: LocalDoor, signal: str, request: web.BaseRequest) -> web.Response:
    """Append a body and say yes: a failing receiver must not slow an agent down."""
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return plain(413, "the request is too large")
    kind = request.headers.get("Content-Type", "application/x-protobuf").partition(";")[0].strip()
    door.otlp_bytes += len(body)
    if door.otlp_bytes <= MAX_BYTES:
        encoding = request.headers.get("Content-Encoding", "identity")
        frame = encode_frame(Frame(time.time_ns() // 1_000_000, kind, encoding, body))
        try:
            _append(door.visitor.folder / FOLDER / f"{signal}.bin", frame)
        except OSError:
            door.otlp_bytes = MAX_BYTES  # the disk is full: drop the rest
    answer = b"{}" if kind == "application/json" else b""
    return web.Response(body=answer, headers={"Content-Type": kind})


def _append(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as stream:
        stream.write(data)
