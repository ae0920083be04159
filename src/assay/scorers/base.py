"""The seam ``Scorer``: reads scores from sealed evidence; one that executes is handed a sandbox kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from assay.records import Attempt, Score
from assay.sandboxes.base import Mount, SandboxKind
from assay.suites.base import Task


@dataclass(frozen=True, slots=True)
class Subject:
    """What is scored: one settled attempt's sealed folder (``steps/<k>/...``) and its task.

    ``output`` is ``scores/<scorer>@<hash>/<attempt>/``; ``scratch`` is where sandboxes may live;
    ``toolchain`` are the read-only mounts of the task's toolchain, ``python`` its interpreter by inside path, and
    ``environment`` what programs in it need.
    """

    attempt: Attempt
    task: Task
    evidence: Path
    output: Path
    scratch: Path
    toolchain: tuple[Mount, ...] = ()
    python: str = "/usr/bin/python3"
    environment: Mapping[str, str] = field(default_factory=dict)


class Scorer(Protocol):
    """One instrument. ``hash`` changes whenever its numbers could; ``metrics`` are what it gives, one Score each."""

    name: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]]

    @property
    def hash(self) -> str:
        """Content id of the instrument: code version, tool versions, configuration."""
        ...

    async def score(self, subject: Subject, sandboxes: SandboxKind) -> Sequence[Score]:
        """Return the scores; a failure of the instrument is a Score with value None and a reason."""
        ...
