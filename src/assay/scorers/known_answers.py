"""The known answers of a task, graded: its reference, its untouched start, and an empty workspace."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import Mapping

from assay.scorers.grading import Grade, grade
from assay.scorers.rebuild import overlay
from assay.scorers.verification import Bench
from assay.suites.base import Task

REFERENCE = "reference"
ANCHORS = (REFERENCE, "start", "empty")


async def grade_known_answer(task: Task, anchor: str, bench: Bench) -> Grade:
    """Grade one of ``ANCHORS`` in a fresh sandbox."""
    files: Mapping[str, bytes] = task.solution_files() if anchor == REFERENCE else {}
    workspace = bench.scratch / f"anchor-{secrets.token_hex(8)}"
    try:
        changes = await asyncio.to_thread(overlay, task, files, workspace, start=anchor != "empty")
        return await grade(task, workspace, [one.path for one in changes], bench)
    finally:
        await asyncio.to_thread(shutil.rmtree, workspace, ignore_errors=True)
