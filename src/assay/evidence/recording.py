"""A run's calls as a recording: what a model answered to the n-th request with this body within a trial.

The key is (trial, hash of the request's body, n). A call that was open at a kill has no answer, and is left out.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias

from assay.errors import EvidenceError
from assay.evidence.bodies import read_bodies, read_body
from assay.evidence.calls import LOG_NAME, read_calls
from assay.records import Call, Dialect

Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One answered call; ``body`` is read when it is asked for."""

    folder: Path
    call: Call

    def body(self) -> bytes:
        """Return the answer's bytes; empty when the provider sent none."""
        return read_body(self.folder, self.call.seq, "response") or b""


def body_key(owner: str, dialect: Dialect, model: str, body: bytes) -> Key:
    """Return the key of a request, without its number. Gemini names the model outside of the body."""
    head = f"{dialect.value}\n{model}\n".encode("utf-8", "surrogateescape")
    return owner, hashlib.sha256(head + body).hexdigest()


class Cassette:
    """Answers by key, each once, in the order in which they were recorded; numbers run over all attempts of a trial."""

    def __init__(self, recorded: Iterable[tuple[Key, Recorded]]) -> None:
        self._calls: dict[Key, list[Recorded]] = defaultdict(list)
        for key, one in recorded:
            self._calls[key].append(one)
        self._next: dict[Key, int] = defaultdict(int)

    @classmethod
    def read(cls, root: Path) -> Self:
        """Read every attempt below ``root``, a run's folder. Raises ``EvidenceError`` when there is nothing in it."""
        folders = sorted({path.parent for path in root.rglob(LOG_NAME)})
        cassette = cls(pair for folder in _by_time(folders) for pair in _answered(folder))
        if not cassette._calls:
            raise EvidenceError(
                "holds no answers to replay", where=root, remedy="Only runs with keep_bodies: all can be replayed"
            )
        return cassette

    def take(self, key: Key) -> Recorded | None:
        """Return the next answer for a key; None = nothing (more) was recorded."""
        number = self._next[key]
        calls = self._calls.get(key, [])
        if number >= len(calls):
            return None
        self._next[key] = number + 1
        return calls[number]


def _by_time(folders: Iterable[Path]) -> list[Path]:
    """Attempts in the order in which they were made."""
    begun = [(calls[0].sent_at, folder) for folder in folders if (calls := read_calls(folder))]
    return [folder for _, folder in sorted(begun)]


def _answered(folder: Path) -> Iterator[tuple[Key, Recorded]]:
    hashes = {body.seq: body.unpack() for body in read_bodies(folder) if body.part == "request"}
    for call in read_calls(folder):
        asked = hashes.get(call.seq)
        if asked is not None and not call.in_flight_at_kill:
            yield body_key(call.owner, call.dialect, call.model_requested, asked), Recorded(folder, call)
