"""Scorer ``workspace``: how much an attempt changed, read from sealed evidence alone."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from assay.errors import EvidenceError
from assay.identity import content_id
from assay.records import Score
from assay.sandboxes.base import SandboxKind
from assay.scorers.base import Subject
from assay.scorers.rebuild import archived, last_step, read_changes
from assay.suites.base import Complaint, Task

MAX_DIFF = 2 << 20
MAX_PRODUCT = 4_000_000
CACHES = frozenset(
    {".git", "__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".hypothesis", "node_modules", ".venv"}
)
"""Folders that tools leave behind when they are run: nobody wrote what is in them."""


class Workspace:
    """Scorer ``workspace``: ``files_changed``, ``lines_added``, ``lines_removed`` against the task's start.

    All changed files count, tests and protected paths too: it is what the agent did, not what is graded. Only what
    tools leave behind (``CACHES``) does not. Lines are those of a diff; binary files and files over 2 MiB count as
    files and have no lines. Where two texts are too long to be aligned in bounded time, lines that moved are not
    counted.
    """

    name: ClassVar[str] = "workspace"
    metrics: ClassVar[tuple[str, ...]] = ("files_changed", "lines_added", "lines_removed")

    @property
    def hash(self) -> str:
        """Content id: the version of the counting rule."""
        return content_id("scorer", ["workspace", 2])

    async def score(self, subject: Subject, sandboxes: SandboxKind) -> Sequence[Score]:
        """Count from evidence alone; no sandbox is opened."""
        del sandboxes
        reason: str | None = None
        counts: tuple[int | None, ...] = (None, None, None)
        if subject.attempt.ended is None or subject.attempt.ended.is_ours:
            reason = str(subject.attempt.ended or Complaint.NOT_VERIFIED)
        else:
            try:
                counts = count_changes(subject.task, last_step(subject.evidence))
            except EvidenceError as error:
                reason = f"{Complaint.NOT_VERIFIED}: {error.what}"
        return tuple(
            Score(subject.attempt.id, 0, self.name, self.hash, name, count, reason, higher_is_better=False)
            for name, count in zip(self.metrics, counts, strict=True)
        )


def count_changes(task: Task, step: Path) -> tuple[int, int, int]:
    """Return (files changed, lines added, lines removed) of one sealed step."""
    changes = [one for one in read_changes(step) if one.kind != "dir" and not CACHES & set(Path(one.path).parts)]
    after = {name: data for name, _, data in archived(step)}
    added = removed = 0
    for change in changes:
        new = b"" if change.change == "D" else after.get(change.path)
        old = _old(task.start / change.path)
        more, fewer = _lines(old, new)
        added, removed = added + more, removed + fewer
    return len(changes), added, removed


def _old(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else b""


def _lines(old: bytes, new: bytes | None) -> tuple[int, int]:
    if new is None or b"\0" in old or b"\0" in new or max(len(old), len(new)) > MAX_DIFF:
        return 0, 0
    left, right = _without_common_ends(old.splitlines(), new.splitlines())
    if len(left) * len(right) > MAX_PRODUCT:
        return (Counter(right) - Counter(left)).total(), (Counter(left) - Counter(right)).total()
    added = removed = 0
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag != "equal":
            removed, added = removed + i2 - i1, added + j2 - j1
    return added, removed


def _without_common_ends(left: list[bytes], right: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    least = min(len(left), len(right))
    start = next((at for at in range(least) if left[at] != right[at]), least)
    left, right = left[start:], right[start:]
    least = min(len(left), len(right))
    end = next((at for at in range(least) if left[-1 - at] != right[-1 - at]), least)
    return left[: len(left) - end], right[: len(right) - end]
