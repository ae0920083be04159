"""``otlp/<signal>.bin``: bodies of OpenTelemetry exporters as they came, framed; decoding comes later, from evidence.

A frame is one line of JSON (``at`` UTC ms, ``type`` and ``encoding`` as the sender declared, ``length``), the body
of that length, and a newline.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = "otlp"
SIGNALS = ("traces", "logs", "metrics")


@dataclass(frozen=True, slots=True)
class Frame:
    """One export request."""

    at: int
    type: str
    encoding: str
    body: bytes


def encode_frame(frame: Frame) -> bytes:
    """Return the bytes to append."""
    head = {"at": frame.at, "type": frame.type, "encoding": frame.encoding, "length": len(frame.body)}
    return json.dumps(head).encode() + b"\n" + frame.body + b"\n"


def read_frames(path: Path) -> Iterator[Frame]:
    """Yield whole frames in order; a last one that was cut by a kill is passed over."""
    data = path.read_bytes()
    at = 0
    while (end := data.find(b"\n", at)) >= 0:
        head = json.loads(data[at:end])
        body = data[end + 1 : end + 1 + head["length"]]
        at = end + 2 + head["length"]
        if at > len(data):
            return
        yield Frame(head["at"], head["type"], head["encoding"], body)
