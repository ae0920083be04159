"""``bodies.bin``: requests and answers of an attempt's calls, compressed, in one append-only file.

One file, because making two files a call costs more than the whole proxying of the call (0.3 ms against 0.2). A frame
is a line of JSON (``seq``, ``part`` request | response, ``length``), a gzip member of that length, and a newline.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assay.errors import EvidenceError

NAME = "bodies.bin"
PARTS = ("request", "response")
_GZIP = 31  # zlib's window bits for a gzip container


@dataclass(frozen=True, slots=True)
class Body:
    """One stored body, still packed."""

    seq: int
    part: str
    packed: bytes

    def unpack(self) -> bytes:
        """Return the bytes as they were on the wire."""
        return zlib.decompress(self.packed, wbits=_GZIP)


def encode_body(seq: int, part: str, data: bytes) -> bytes:
    """Return the frame to append."""
    packed = zlib.compress(data, 1, wbits=_GZIP)
    return b'{"seq":%d,"part":"%s","length":%d}\n%s\n' % (seq, part.encode(), len(packed), packed)


def read_bodies(folder: Path) -> Iterator[Body]:
    """Yield the stored bodies of an attempt; none without a file. A last frame cut by a kill is passed over."""
    path = folder / NAME
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise EvidenceError(f"cannot be read: {error.strerror}", where=path) from error
    at = 0
    while (end := data.find(b"\n", at)) >= 0:
        try:
            head = json.loads(data[at:end])
            seq, part, length = int(head["seq"]), str(head["part"]), int(head["length"])
        except (ValueError, KeyError, TypeError) as error:
            raise EvidenceError(f"is damaged at byte {at}", where=path) from error
        at = end + 2 + length
        if at > len(data):
            return
        yield Body(seq, part, data[end + 1 : end + 1 + length])


def read_body(folder: Path, seq: int, part: str) -> bytes | None:
    """Return the ``request`` or ``response`` of one call; None when it was not kept."""
    found = next((body for body in read_bodies(folder) if body.seq == seq and body.part == part), None)
    return None if found is None else found.unpack()
