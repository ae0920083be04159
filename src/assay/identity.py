"""Content identity: equal content has an equal id, on every machine and in every version.

An id is the first 20 hexadecimal digits (80 bits) of SHA-256 over ``kind`` and the canonical
JSON of the content: keys sorted, no white space, UTF-8, no NaN or infinity.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from assay.errors import InternalError

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

ID_LENGTH = 20
_PIECE = 256 << 10


def canonical(content: Json) -> bytes:
    """Encode ``content`` as canonical JSON. Raises ``InternalError`` for NaN, infinity or a foreign type."""
    try:
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InternalError(f"content has no identity: {error}") from error
    return text.encode()


def content_id(kind: str, content: Json) -> str:
    """Return the id of ``content``; ``kind`` keeps an arm and a trial of equal content apart."""
    return hashlib.sha256(kind.encode() + b"\0" + canonical(content)).hexdigest()[:ID_LENGTH]


def file_hash(path: Path | str) -> str:
    """Return the full SHA-256 of a regular file's bytes."""
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while part := os.read(descriptor, _PIECE):
            digest.update(part)
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def tree_entries(root: Path) -> Iterator[tuple[str, str, int, str]]:
    """Yield ``(relative posix path, kind, executable bit, sha256 or link target)`` in sorted order.

    ``kind`` is ``file`` or ``link``; directories count only through what they hold, and byte-code
    caches and ``.git`` are left out, so that running a test does not change a task's identity.
    """
    top = str(root)
    for folder, names, files in os.walk(top):
        names[:] = sorted(name for name in names if name not in {"__pycache__", ".git"})
        for name in sorted([*files, *names]):
            path = f"{folder}/{name}"
            relative = path[len(top) :].lstrip("/")
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                yield relative, "link", 0, str(Path(path).readlink())
            elif stat.S_ISREG(status.st_mode):
                yield relative, "file", int(bool(status.st_mode & stat.S_IXUSR)), file_hash(path)


def tree_id(root: Path) -> str:
    """Return the id of a folder's content: names, executable bits and bytes; no times, no owners."""
    return content_id("tree", [list(entry) for entry in sorted(tree_entries(root))])
