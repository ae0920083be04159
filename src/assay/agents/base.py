"""The seam ``Agent``: the program that drives a model, as a pure recipe for one step in a sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from assay.identity import Json
from assay.records import Arm, Dialect, Ended, Record
from assay.sandboxes.base import WORKSPACE, ExitRecord, Mount
from assay.suites.base import Task

MODEL_PATHS: Mapping[Dialect, str] = {
    Dialect.MESSAGES: "/v1/messages",
    Dialect.CHAT: "/v1/chat/completions",
    Dialect.RESPONSES: "/v1/responses",
    Dialect.GEMINI: "/v1beta/models/{model}:generateContent",
}


@dataclass(frozen=True, slots=True)
class StepRequest:
    """What an agent is asked in one step.

    ``base_urls`` are the door's addresses inside the sandbox, by dialect, token included, without the
    final ``MODEL_PATHS`` part. ``feedback`` is the visible tests' outcome for follow-up steps. ``otlp_url`` is where
    OTLP exporters inside send to (HTTP, any signal below ``/v1/``), None without a door. ``attributes`` name the trial
    for ``OTEL_RESOURCE_ATTRIBUTES``. ``session`` is a UUID, the same for all steps of an attempt. ``models`` are the
    ids that may be named through the door, the arm's own first. ``workspace`` is where the files lie inside.
    """

    task: Task
    step: int
    arm: Arm
    base_urls: Mapping[Dialect, str]
    dialect: Dialect | None
    max_output_tokens: int
    feedback: str | None = None
    otlp_url: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    session: str = ""
    models: tuple[str, ...] = ()
    workspace: str = WORKSPACE


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start the agent: everything by inside path. ``files`` are written before the start.

    ``collect`` are globs below HOME (``**`` goes down folders): session files that become evidence after the last
    step. ``grace_s`` are the seconds that the agent has after INT and after TERM to flush its telemetry.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    collect: tuple[str, ...] = ()
    grace_s: tuple[float, float] = (2.0, 2.0)


@dataclass(frozen=True, slots=True)
class Reading(Record):
    """What the agent's own output says. ``ended`` is None when it ended as it should.

    ``complaint`` (``format_error``, ``no_answer``) is for the scorer; ``facts`` are agent-specific counts.
    """

    ended: Ended | None = None
    detail: str | None = None
    complaint: str | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)


class Agent(Protocol):
    """One program. ``dialects`` is empty for agents without a model (anchors, commands)."""

    name: ClassVar[str]
    dialects: ClassVar[frozenset[Dialect]]

    def version(self) -> str:
        """The version that goes into the arm's identity. Raises ``MachineError`` when not installed."""
        ...

    def mounts(self, arm: Arm) -> Sequence[Mount]:
        """Read-only trees that the sandbox must show."""
        ...

    def launch(self, request: StepRequest) -> Launch:
        """Return the command for one step; pure."""
        ...

    def read(self, request: StepRequest, output: Path, exit_record: ExitRecord) -> Reading:
        """Read the step's output file (see ``Sandbox.run``). Never raises for what the agent printed."""
        ...
