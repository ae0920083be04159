"""Reads what an agent printed, as a sandbox keeps it: JSON lines ``{"t", "fd", "text"}``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LONGEST_EVENT = 16 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """One whole line on standard output. ``at_s`` = seconds since the start; ``event`` None = not a JSON object."""

    at_s: float
    text: str
    event: Mapping[str, Any] | None

    @property
    def complaints(self) -> tuple[str, ...]:
        """One sentence for a line that says something and is no JSON object, else nothing."""
        said = self.text.strip()
        return (f"not a JSON event: {said[:80]}",) if said and self.event is None else ()


def printed(output: Path, fd: int = 1) -> Iterator[str]:
    """Yield the texts of one file descriptor. Lines that are not such records are left out."""
    for _, text in _records(output, fd):
        yield text


def lines(output: Path) -> Iterator[Line]:
    """Yield the lines of standard output, each with the time of its first piece; one that came in pieces is joined."""
    rest, began = "", 0.0
    for at, text in _records(output, 1):
        began = began if rest else at
        *whole, rest = (rest + text).split("\n")
        for line in whole:
            yield Line(began, line, _object(line))
            began = at
        last = _object(rest) if rest.startswith("{") else None
        if last is not None:
            yield Line(began, rest, last)
        rest = "" if last is not None or len(rest) > _LONGEST_EVENT else rest
    if rest:
        yield Line(began, rest, _object(rest))


def events(output: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the JSON objects that a program printed one to a line."""
    for line in lines(output):
        if line.event is not None:
            yield line.event


def _records(output: Path, fd: int) -> Iterator[tuple[float, str]]:
    try:
        with output.open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                record = _object(line)
                if record is not None and record.get("fd") == fd and isinstance(record.get("text"), str):
                    at = record.get("t")
                    yield float(at) if isinstance(at, int | float) else 0.0, record["text"]
    except OSError:
        return


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
