"""Reads what an agent printed, as a sandbox keeps it: JSON lines ``{"t", "fd", "text"}``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assay.sandboxes.base import Exit, ExitRecord

_LONGEST_EVENT = 1 << 20


def printed(output: Path, fd: int = 1) -> Iterator[str]:
    """Yield the texts of one file descriptor. Lines that are not such records are left out."""
    try:
        with output.open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                record = _object(line)
                if record is not None and record.get("fd") == fd and isinstance(record.get("text"), str):
                    yield record["text"]
    except OSError:
        return


def events(output: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the JSON objects that a program printed one to a line; a line that came in pieces is joined."""
    rest = ""
    for text in printed(output):
        rest += text
        *lines, last = rest.split("\n")
        whole = _object(last) if last.startswith("{") else None
        rest = "" if whole is not None or len(last) > _LONGEST_EVENT else last
        for found in (*map(_object, lines), whole):
            if found is not None:
                yield found


def crash_detail(output: Path, exit_record: ExitRecord) -> str | None:
    """Say how a process broke, with the last line of its complaint; None when it ended well or was stopped."""
    if exit_record.reason is Exit.SIGNALLED:
        how = f"signal {exit_record.signal}"
    elif exit_record.reason is Exit.EXITED and exit_record.exit_code != 0:
        how = f"exit code {exit_record.exit_code}"
    else:
        return None
    last = ""
    for text in printed(output, fd=2):
        last = text.strip() or last
    words = " ".join(last.split("\n")[-1].split())[:300]
    return f"the agent ended with {how}" + (f": {words}" if words else "")


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
