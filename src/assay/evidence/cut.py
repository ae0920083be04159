"""Files that end in the middle of a line or frame: their writer was killed, or they were damaged afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from assay.evidence import bodies, calls, otlp

_STREAM = "stream.jsonl"


def cut_off(folder: Path) -> tuple[str, ...]:
    """Name the files of an attempt that are cut off, one sentence each; readers pass over what is not whole.

    All files that are appended to end with a newline when they are whole.
    """
    return tuple(f"{path.relative_to(folder)} is cut off" for path in _appended(folder) if not _is_whole(path))


def _appended(folder: Path) -> Iterator[Path]:
    yield folder / calls.LOG_NAME
    yield folder / bodies.NAME
    yield from sorted((folder / otlp.FOLDER).glob("*.bin"))
    yield from sorted((folder / "steps").glob(f"*/{_STREAM}"))


def _is_whole(path: Path) -> bool:
    """Look at the last byte only; what is not there, or empty, is not cut."""
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
    except OSError:
        return True
