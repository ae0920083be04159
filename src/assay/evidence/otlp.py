"""``otlp/<signal>.bin``: bodies of OpenTelemetry exporters as they came, framed; decoding comes later, from evidence.

A frame is one line of JSON (``at`` UTC ms, ``type`` and ``encoding`` as the sender declared, ``length``), the body
of that length, and a newline.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from assay.errors import EvidenceError
from assay.evidence import otlp_json, otlp_protobuf
from assay.evidence.telemetry import LogRecord, Point, Span, Telemetry

FOLDER = "otlp"
SIGNALS = ("traces", "logs", "metrics")
MAX_BODY = 64 << 20
"""Unpacked, so that a small body cannot fill the memory."""

Entry: TypeAlias = LogRecord | Span | Point
_DECODERS: Mapping[str, Mapping[str, Callable[[bytes], Iterator[Any]]]] = {
    "application/x-protobuf": {
        "traces": otlp_protobuf.spans, "logs": otlp_protobuf.logs, "metrics": otlp_protobuf.points
    },
    "application/json": {"traces": otlp_json.spans, "logs": otlp_json.logs, "metrics": otlp_json.points},
}  # fmt: skip
_NEXT = b'\n{"at": '
_ANY_HEADER, _RAW = 47, -15  # zlib's window bits: gzip or zlib by its header, and deflate without any


@dataclass(frozen=True, slots=True)
class Frame:
    """One export request."""

    at: int
    type: str
    encoding: str
    body: bytes


def encode_head(frame: Frame) -> bytes:
    """Return the line before a body; behind the body comes a newline."""
    head = {"at": frame.at, "type": frame.type, "encoding": frame.encoding, "length": len(frame.body)}
    return json.dumps(head).encode() + b"\n"


def encode_frame(frame: Frame) -> bytes:
    """Return the bytes to append."""
    return encode_head(frame) + frame.body + b"\n"


def read_frames(path: Path) -> Iterator[Frame]:
    """Yield whole frames in order; a last one that was cut by a kill is passed over.

    Raises ``EvidenceError`` at the first damage.
    """
    for found in _frames(path):
        if isinstance(found, str):
            raise EvidenceError(found, where=path)
        yield found


def read_telemetry(folder: Path) -> Telemetry:
    """Decode all that an attempt exported; ``folder`` is the attempt's. Never raises for what lies there.

    A body that came twice counts once, as exporters retry. What cannot be read is named in ``problems``.
    """
    found: dict[str, list[Any]] = {signal: [] for signal in SIGNALS}
    problems: list[str] = []
    for signal in SIGNALS:
        path = folder / FOLDER / f"{signal}.bin"
        seen: set[bytes] = set()
        if not path.is_file():
            continue
        try:
            for number, frame in enumerate(_frames(path), start=1):
                problem = frame if isinstance(frame, str) else _take(signal, frame, seen, found[signal])
                if problem is not None:
                    problems.append(f"{path.name}, body {number}: {problem}")
        except OSError as error:
            problems.append(f"{path.name} cannot be read: {error.strerror}")
    return Telemetry(tuple(found["logs"]), tuple(found["traces"]), tuple(found["metrics"]), tuple(problems))


def unpacked(frame: Frame) -> bytes:
    """Return the body without its ``Content-Encoding``. Raises ``ValueError`` when it cannot be undone."""
    encoding = frame.encoding.strip().lower()
    if encoding in {"", "identity"}:
        return frame.body
    if encoding not in {"gzip", "deflate"}:
        raise ValueError(f"has the unknown encoding {frame.encoding!r}")
    for bits in (_ANY_HEADER, _RAW):
        unpacking = zlib.decompressobj(wbits=bits)
        try:
            body = unpacking.decompress(frame.body, MAX_BODY)
        except zlib.error:
            continue
        if unpacking.unconsumed_tail:
            raise ValueError(f"is larger than {MAX_BODY} bytes")
        if unpacking.eof:
            return body
    raise ValueError(f"is not whole {encoding}")


def decode(signal: str, kind: str, body: bytes) -> list[Entry]:
    """Return the entries of one unpacked body of the content type ``kind``. Raises ``ValueError`` for anything else."""
    decoders = _DECODERS.get(kind.partition(";")[0].strip().lower())
    if decoders is None:
        raise ValueError(f"has the unknown type {kind!r}")
    try:
        return list(decoders[signal](body))
    except (TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"is not OTLP ({error})") from error


def _take(signal: str, frame: Frame, seen: set[bytes], into: list[Any]) -> str | None:
    """Decode one body into ``into`` unless it was seen before, or say what is wrong with it."""
    try:
        body = unpacked(frame)
        digest = hashlib.sha256(body).digest()
        if digest not in seen:
            into.extend(decode(signal, frame.type, body))
            seen.add(digest)
    except ValueError as error:
        return str(error)
    return None


def _frames(path: Path) -> Iterator[Frame | str]:
    """Yield frames, and a sentence for each damaged stretch: reading goes on at the next thing like a frame."""
    data = path.read_bytes()
    at = 0
    while (end := data.find(b"\n", at)) >= 0:
        frame = _frame(data, at, end)
        if frame is None:
            yield f"is damaged at byte {at}"
            at = data.find(_NEXT, at) + 1
            if not at:
                return
            continue
        after = end + 1 + len(frame.body)
        if after >= len(data):
            return
        yield frame
        at = after + 1


def _frame(data: bytes, at: int, end: int) -> Frame | None:
    """Read the frame whose first line is ``data[at:end]``; None when it is not one, or does not end where it says."""
    try:
        head = json.loads(data[at:end])
        length = int(head["length"])
        frame = Frame(int(head["at"]), str(head["type"]), str(head["encoding"]), data[end + 1 : end + 1 + length])
    except (ValueError, KeyError, TypeError):
        return None
    after = end + 1 + length
    return None if length < 0 or (after < len(data) and data[after : after + 1] != b"\n") else frame
