"""Task and suite: what is asked, what is shown, what is hidden, and how an answer is verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from assay.records import Record


class VerifierKind(StrEnum):
    """How the verification command speaks."""

    PYTEST = "pytest"
    EXIT_CODE = "exit_code"
    JUNIT = "junit"
    REWARD = "reward"


class Complaint(StrEnum):
    """Why a score's value is what it is, where the number alone does not say it."""

    TAMPERED = "tampered"
    FORMAT_ERROR = "format_error"
    VERIFICATION_FAILED = "verification_failed"
    NO_ANSWER = "no_answer"
    NOT_VERIFIED = "not_verified"


@dataclass(frozen=True, slots=True)
class TaskLimits(Record):
    """Seconds and tokens for one step; None = the experiment's limit."""

    time_s: float | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Step(Record):
    """An ordered part of a task. ``feedback`` = ``visible_tests`` puts their outcome before the prompt.

    ``unless_passing``: the step is skipped when the visible tests pass; only a variant's follow-ups say so.
    """

    prompt: str
    limits: TaskLimits = field(default_factory=TaskLimits)
    verify: bool = False
    feedback: str | None = None
    unless_passing: bool = False


@dataclass(frozen=True, slots=True)
class Verifier(Record):
    """The hidden check. ``command`` is None for pytest over ``tests/``.

    ``test_ids`` is the exact set that the reference solution passes, recorded by ``tasks check``;
    ``protected`` are workspace globs whose changes are dropped before grading; ``isolated`` runs the
    candidate as a subprocess of the tests.
    """

    kind: VerifierKind = VerifierKind.PYTEST
    command: tuple[str, ...] | None = None
    time_s: float = 60.0
    test_ids: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    isolated: bool = False


@dataclass(frozen=True, slots=True)
class Graded(Record):
    """A solution of known quality for the Lab: files under ``graded/<name>/``, best first.

    ``quality`` runs from 1 (excellent) to 0 (broken); ``solves`` says whether the hidden tests pass.
    """

    name: str
    quality: float
    solves: bool


@dataclass(frozen=True, slots=True)
class Task:
    """A task as loaded from ``root``; ``hash`` is the content of the whole folder.

    Folder: ``task.yaml instruction.md start/ tests/ solution/ graded/``. ``solution/`` and each graded
    folder hold only the files that differ from ``start/``. ``writable`` are the workspace paths an ``api``
    answer may write; empty = any path inside the workspace. ``answer`` is ``files`` or ``text``.
    """

    id: str
    root: Path
    hash: str
    type: str
    difficulty: str
    language: str
    instruction: str
    steps: tuple[Step, ...]
    verifier: Verifier
    graded: tuple[Graded, ...] = ()
    tags: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    answer: str = "files"
    toolchain: str = "python"
    limits: TaskLimits = field(default_factory=TaskLimits)
    scoring: Mapping[str, float] = field(default_factory=dict)
    contamination: str | None = None
    expects_start_to_pass: bool = False

    @property
    def start(self) -> Path:
        """Starting files, visible to the agent."""
        return self.root / "start"

    @property
    def tests(self) -> Path:
        """Hidden verification; never inside the agent's sandbox."""
        return self.root / "tests"

    @property
    def solution(self) -> Path:
        """Reference solution: files laid over ``start``."""
        return self.root / "solution"

    def graded_files(self, name: str) -> dict[str, bytes]:
        """Files of one graded solution by workspace path."""
        return _files(self.root / "graded" / name)

    def solution_files(self) -> dict[str, bytes]:
        """Files of the reference solution by workspace path."""
        return _files(self.solution)

    def start_files(self) -> dict[str, bytes]:
        """Starting files by workspace path."""
        return _files(self.start)


def _files(root: Path) -> dict[str, bytes]:
    paths = sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


class SuiteLoader(Protocol):
    """Reads one format of suites."""

    format: str

    def load(self, path: Path) -> Sequence[Task]:
        """Return the tasks below ``path``, by id. Raises ``TaskError`` naming file and line."""
        ...
