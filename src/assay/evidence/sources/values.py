"""Values of other programs' JSON, read without trust: what is not what was asked for is None, or empty."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

from assay.identity import content_id

SHOWN = 200
"""Characters of a tool's arguments or of its complaint that people are shown."""


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def text(value: Any) -> str | None:
    """Return a text that says something."""
    return value if isinstance(value, str) and value else None


def number(value: Any) -> float | None:
    """Return a finite number, also one that is spelled as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if isfinite(found) else None


def whole(value: Any) -> int | None:
    """Return a count, also where it came as text or as a float."""
    if type(value) is int:
        return value
    found = number(value)
    return None if found is None else round(found)


def timestamp_ms(value: Any) -> int | None:
    """Return a time in ISO 8601 as UTC ms."""
    try:
        return round(datetime.fromisoformat(value).timestamp() * 1000) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def between_ms(begin: int | None, end: int | None) -> float | None:
    """Return how long something took; None when either end is not known."""
    return None if begin is None or end is None else float(end - begin)


def digest(arguments: Any) -> tuple[str, str]:
    """Return a tool's arguments for people, and what is equal for equal arguments."""
    shown = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False, sort_keys=True)
    return shown[:SHOWN], content_id("arguments", arguments)


def texts(value: Any) -> Iterator[str]:
    """Yield every text below a value, wherever it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from texts(item)


def json_lines(path: Path, problems: list[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a file of JSON lines. What cannot be read is named; a last line without end is cut off."""
    try:
        *whole_lines, last = path.read_bytes().split(b"\n")
    except OSError as error:
        problems.append(f"{path.name} cannot be read: {error.strerror}")
        return
    for count, line in enumerate((*whole_lines, last), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            yield value
        else:
            how = "is cut off" if count > len(whole_lines) else "is not a JSON object"
            problems.append(f"{path.name}, line {count} {how}")
