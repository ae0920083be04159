"""OTLP through the door: bodies are appended to evidence as they came, and decoded when the trial is over.

Nothing here waits for anything but the disk. A body is stored first and looked at second, so that what is refused as
malformed is in the evidence too.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from aiohttp import web

from assay.evidence.otlp import FOLDER, MAX_BODY, Frame, encode_head, unpacked
from assay.gateway.forwarding import Forwarder, Lane
from assay.gateway.framing import is_framed

MAX_BYTES = 64 << 20
"""Per attempt; what comes after is dropped and counted, so that an agent cannot fill the disk."""
RECORD = "receiver.json"
PROTOBUF, JSON = "application/x-protobuf", "application/json"
ENCODINGS = frozenset({"", "identity", "gzip"})
_KEYS: Mapping[str, str] = {"traces": "resourceSpans", "logs": "resourceLogs", "metrics": "resourceMetrics"}


@dataclass(slots=True)
class Counts:
    """What came through one door. ``dropped``: beyond ``MAX_BYTES``, or the disk was full."""

    bodies: int = 0
    repeated: int = 0
    malformed: int = 0
    refused: int = 0
    dropped: int = 0
    forwarded: int = 0
    not_forwarded: int = 0


class Intake:
    """Takes the telemetry of one attempt; a body that comes again is stored once."""

    def __init__(self, folder: Path, forwarder: Forwarder | None) -> None:
        self._folder = folder / FOLDER
        self._files: dict[str, int] = {}
        self._seen: set[bytes] = set()
        self._size = 0
        self._lane = Lane() if forwarder is not None else None
        self._forwarder = forwarder
        self.counts = Counts()

    async def take(self, signal: str, request: web.BaseRequest) -> web.Response:
        """Store a body and say so: 200, or 400, 413, 415 in the request's own encoding."""
        kind = request.headers.get("Content-Type", PROTOBUF).partition(";")[0].strip().lower()
        encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
        if kind not in {PROTOBUF, JSON} or encoding not in ENCODINGS:
            self.counts.refused += 1
            what = f"{kind}, {encoding}" if kind in {PROTOBUF, JSON} else kind
            return _hung_up(_answer(415, kind, f"{what} is not taken: protobuf or JSON, as it is or gzip"))
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            self.counts.refused += 1
            return _hung_up(_answer(413, kind, "the body is too large"))
        self.counts.bodies += 1
        digest = hashlib.sha256(body).digest()
        if digest in self._seen:
            self.counts.repeated += 1
            return _answer(200, kind)
        self._store(signal, Frame(time.time_ns() // 1_000_000, kind, encoding, body))
        problem = malformed(signal, kind, encoding, body)
        if problem is not None:
            self.counts.malformed += 1
            return _answer(413 if "larger" in problem else 400, kind, problem)
        self._seen.add(digest)
        if self._forwarder is not None and self._lane is not None:
            self._forwarder.offer(self._lane, signal, kind, encoding, body)
        return _answer(200, kind)

    async def close(self) -> None:
        """Give forwarding its short grace, then write down what came and what was lost."""
        if self._forwarder is not None and self._lane is not None:
            await self._forwarder.finish(self._lane)
            self.counts.forwarded, self.counts.not_forwarded = self._lane.sent, self._lane.dropped
        for descriptor in self._files.values():
            with suppress(OSError):
                os.close(descriptor)
        self._files.clear()
        if self.counts.bodies or self.counts.refused:
            with suppress(OSError):
                self._folder.mkdir(parents=True, exist_ok=True)
                (self._folder / RECORD).write_text(json.dumps(asdict(self.counts)) + "\n", encoding="utf-8")

    def _store(self, signal: str, frame: Frame) -> None:
        head = encode_head(frame)
        size = len(head) + len(frame.body) + 1
        if self._size + size > MAX_BYTES:
            self.counts.dropped += 1
            return
        try:
            written = os.writev(self._file(signal), [head, frame.body, b"\n"])
        except OSError:
            written = 0
        if written != size:
            self.counts.dropped += 1
            self._size = MAX_BYTES  # the disk is full: no more of it
        else:
            self._size += written

    def _file(self, signal: str) -> int:
        descriptor = self._files.get(signal)
        if descriptor is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            descriptor = self._files[signal] = os.open(self._folder / f"{signal}.bin", flags, 0o644)
        return descriptor


def malformed(signal: str, kind: str, encoding: str, body: bytes) -> str | None:
    """Say what is wrong with a body, or None. JSON is parsed; of protobuf the outer framing is walked.

    That finds what is cut or is no protobuf at all. What is wrong further inside is found when the trial is over, and
    said there: an agent waits for this answer.
    """
    try:
        plain = body if encoding in {"", "identity"} else unpacked(Frame(0, kind, encoding, body))
        if len(plain) > MAX_BODY:
            return "the body is larger than is taken"
        if kind == PROTOBUF:
            return None if is_framed(plain) else "the body is not OTLP: it is no protobuf message, or is cut"
        data = json.loads(plain)
    except (ValueError, zlib.error, RecursionError) as error:
        return f"the body is not OTLP: {error}"
    groups = data.get(_KEYS[signal], []) if isinstance(data, dict) else None
    return None if isinstance(groups, list) else f"the body is not OTLP: no list of {_KEYS[signal]}"


def _answer(status: int, kind: str, message: str | None = None) -> web.Response:
    """Return an empty export response, or a ``google.rpc.Status`` with the message, as OTLP/HTTP wants them."""
    if kind == JSON:
        return web.Response(
            status=status,
            body=b"{}" if message is None else json.dumps({"message": message}).encode(),
            headers={"Content-Type": JSON},
        )
    text = (message or "").encode()[:127]
    body = b"\x12" + bytes([len(text)]) + text if text else b""
    return web.Response(status=status, body=body, headers={"Content-Type": PROTOBUF})


def _hung_up(response: web.Response) -> web.Response:
    response.force_close()  # the body is still on its way
    return response
