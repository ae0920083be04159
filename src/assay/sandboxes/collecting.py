"""What an agent left below HOME that is worth keeping: regular files by glob, copied out without trusting a name."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from assay.errors import EvidenceError
from assay.sandboxes.workspace import printable
from assay.sandboxes.workspace_files import FILE, Found, opened, walk

CHUNK = 1 << 20
ENTRY_BYTES = 1 << 10
"""What each file counts beside its content, so that a crowd of empty files meets the cap as well."""
ANY_DEPTH = "**"


def matches(path: str, pattern: str) -> bool:
    """Tell whether a relative path fits a glob; ``**`` stands for any number of folders, none included."""
    return _match(tuple(path.split("/")), tuple(pattern.split("/")))


def may_hold(folder: str, pattern: str) -> bool:
    """Tell whether something below ``folder`` could fit: the walk leaves out the rest (caches may be huge)."""
    return _match(tuple(folder.split("/")), tuple(pattern.split("/")), partly=True)


def _match(parts: tuple[str, ...], pattern: tuple[str, ...], *, partly: bool = False) -> bool:
    """Follow the pattern as a set of places in it that the path so far may have reached."""
    places = _without_moving({0}, pattern)
    for part in parts:
        stays = {place for place in places if place < len(pattern) and pattern[place] == ANY_DEPTH}
        goes = {place + 1 for place in places - stays if place < len(pattern) and fnmatchcase(part, pattern[place])}
        places = _without_moving(stays | goes, pattern)
    return any(place < len(pattern) for place in places) if partly else len(pattern) in places


def _without_moving(places: set[int], pattern: tuple[str, ...]) -> set[int]:
    """Add the places that are reached because ``**`` may stand for nothing."""
    reached = set(places)
    for place in sorted(places):
        here = place
        while here < len(pattern) and pattern[here] == ANY_DEPTH:
            here += 1
            reached.add(here)
    return reached


def collect_files(home: Path, patterns: Sequence[str], into: Path, limit_bytes: int) -> tuple[str, ...]:
    """Copy what fits below ``into`` under its relative path; return the paths that matched and were left out.

    A file is taken whole or not at all. Links and special files do not match. Raises ``EvidenceError`` when
    a copy cannot be written; what HOME holds is no reason to fail.
    """
    left_out: list[str] = []
    room = limit_bytes
    for found in walk(home, enter=_one_of(may_hold, patterns)):
        if found.kind != "file" or not _one_of(matches, patterns)(found.path):
            continue
        name = printable(found.path)
        needed = found.state.st_size + ENTRY_BYTES
        if needed > room or not _copy(found, into / name):
            left_out.append(name)
        else:
            room -= needed
    return tuple(left_out)


def _one_of(test: Callable[[str, str], bool], patterns: Sequence[str]) -> Callable[[str], bool]:
    return lambda path: any(test(path, pattern) for pattern in patterns)


def _copy(found: Found, target: Path) -> bool:
    """Copy one file; False when its name is too long for the evidence folder."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened(found.name, FILE, found.folder) as source, target.open("wb") as copy:
            while part := os.read(source, CHUNK):
                copy.write(part)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise EvidenceError(f"the agent's files cannot be kept: {error.strerror}", where=target) from error
    return True
