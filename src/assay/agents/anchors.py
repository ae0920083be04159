"""The built-in agents that know the answer, or know that they do not: every scale needs its two ends.

They take the same path as any agent (sandbox, snapshot, verification) and speak to no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from assay.agents.base import Launch, Reading, StepRequest
from assay.agents.output import crash_detail
from assay.records import Arm, Dialect, Ended
from assay.sandboxes.base import WORKSPACE, ExitRecord, Mount
from assay.suites.base import Task

ANCHOR_VERSION = "1"


class Anchor:
    """Common to the three: a program that does nothing, over a workspace that was prepared."""

    name: ClassVar[str]
    dialects: ClassVar[frozenset[Dialect]] = frozenset()

    def version(self) -> str:
        """Version of what the anchors write."""
        return ANCHOR_VERSION

    def mounts(self, arm: Arm) -> Sequence[Mount]:  # noqa: ARG002 - the seam's signature
        """Nothing."""
        return ()

    def files(self, task: Task) -> Mapping[str, bytes]:  # noqa: ARG002 - for those that write
        """Workspace files to write, by path."""
        return {}

    def launch(self, request: StepRequest) -> Launch:
        """Write the files, run ``true``."""
        files = {f"{WORKSPACE}/{path}": data for path, data in self.files(request.task).items()}
        return Launch(argv=("/bin/true",), files=files)

    def read(self, request: StepRequest, output: Path, exit_record: ExitRecord) -> Reading:  # noqa: ARG002 - the seam's signature
        """Nothing is said; a crash of ``true`` would be the machine's."""
        detail = crash_detail(output, exit_record)
        return Reading(Ended.AGENT_CRASH, detail) if detail else Reading()


class Oracle(Anchor):
    """Writes the reference solution: what cannot be solved by it is not a task."""

    name: ClassVar[str] = "oracle"

    def files(self, task: Task) -> Mapping[str, bytes]:
        """The reference solution."""
        return task.solution_files()


class Nop(Anchor):
    """Leaves the start untouched: what passes with it is no evidence."""

    name: ClassVar[str] = "nop"


class Empty(Anchor):
    """Empties the files that may be written, or all starting files where any may: the floor of every scale."""

    name: ClassVar[str] = "empty"

    def files(self, task: Task) -> Mapping[str, bytes]:
        """The writable files, with nothing in them; globs stand for the starting files that fit."""
        if task.answer == "text":
            return {"ANSWER.md": b""}
        start = {Path(path) for path in task.start_files()}
        plain = {Path(path) for path in task.writable if not set(path) & set("*?[")}
        fitting = {path for path in start if not task.writable or any(path.match(glob) for glob in task.writable)}
        return {path.as_posix(): b"" for path in sorted(plain | fitting)}
