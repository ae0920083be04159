"""The shape of ``task.yaml``; ``docs/tasks.md`` explains each key."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from assay.documents.schema import Strict

DIFFICULTIES = ("floor", "easy", "medium", "hard", "headroom")
SCORED_PARTS = ("tests", "lint", "complexity")


class LimitsFile(Strict):
    """``limits`` of a task or step."""

    time_s: float | None = Field(default=None, gt=0)
    tokens: int | None = Field(default=None, gt=0)


class StepFile(Strict):
    """One entry of ``steps``."""

    prompt: str
    limits: LimitsFile = LimitsFile()
    verify: bool = False
    feedback: Literal["visible_tests"] | None = None


class VerifierFile(Strict):
    """``verifier``."""

    kind: Literal["pytest", "exit_code", "junit", "reward"] = "pytest"
    command: list[str] | None = None
    time_s: float = Field(default=60.0, gt=0)
    test_ids: list[str] = Field(default_factory=list)
    protected: list[str] = Field(default_factory=list)
    isolated: bool = False


class GradedFile(Strict):
    """One entry of ``graded``."""

    name: str
    quality: float = Field(ge=0, le=1)
    solves: bool


class ScoringFile(Strict):
    """``scoring``: weights of the composite's parts."""

    tests: float | None = Field(default=None, ge=0)
    lint: float | None = Field(default=None, ge=0)
    complexity: float | None = Field(default=None, ge=0)


class TaskFile(Strict):
    """``task.yaml``."""

    id: str | None = None
    type: str
    difficulty: Literal["floor", "easy", "medium", "hard", "headroom"]
    language: str
    tags: list[str] = Field(default_factory=list)
    writable: list[str] = Field(default_factory=list)
    limits: LimitsFile = LimitsFile()
    verifier: VerifierFile = VerifierFile()
    graded: list[GradedFile] = Field(default_factory=list)
    expects_start_to_pass: bool = False
    contamination: str | None = None
    scoring: ScoringFile = ScoringFile()
    steps: list[StepFile] = Field(default_factory=list)
    answer: Literal["files", "text"] = "files"
    toolchain: str = "python"
