"""The shape into which every source of one attempt is read, and the seam ``Reader``.

There are four sources: the gateway's log (the truth about what was sent and billed), the agent's own event stream,
OTLP, and session files. A reader turns the last three, of one agent, into ``SourceReport``: what that source claims,
in disjoint token kinds, and nothing that it cannot know. Missing is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from assay.identity import Json
from assay.records import Record, Role, Tokens


class Source(StrEnum):
    """Where a claim comes from, best first."""

    GATEWAY = "gateway"
    STREAM = "stream"
    OTLP = "otlp"
    SESSION = "session"


class Scope(StrEnum):
    """What a source's totals cover: every request of the attempt, or only those of the main loop."""

    ALL = "all"
    MAIN = "main"


@dataclass(frozen=True, slots=True)
class SourceCall(Record):
    """One request as one source saw it. ``request_id`` and ``response_id`` join it with the gateway's ``Call``."""

    request_id: str | None = None
    response_id: str | None = None
    model: str | None = None
    role: Role | None = None
    agent_name: str | None = None
    effort: str | None = None
    tokens: Tokens = field(default_factory=Tokens)
    at_ms: int | None = None
    ttft_ms: float | None = None
    duration_ms: float | None = None
    cost_usd: float | None = None
    stop_reason: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall(Record):
    """One use of a tool. ``failed`` is normalised: a command by its exit status, any other tool by its own word.

    ``failed`` is None when the call never came back (a hung tool, a kill). ``error_class`` is one of
    ``exit_status | rejected | invalid_input | not_found | timeout | interrupted | other``. ``arguments`` is a
    digest-sized text for people; ``arguments_id`` the content id of all of them, equal for equal arguments.
    """

    id: str
    tool: str
    source: Source
    agent_name: str | None = None
    role: Role | None = None
    arguments: str | None = None
    arguments_id: str | None = None
    failed: bool | None = None
    exit_status: int | None = None
    error_class: str | None = None
    error: str | None = None
    at_ms: int | None = None
    duration_ms: float | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Delegation(Record):
    """One use of a sub-agent. ``tokens`` and ``cost_usd`` are of all its requests, None where that is not known."""

    agent_name: str
    source: Source
    id: str | None = None
    model: str | None = None
    background: bool | None = None
    failed: bool | None = None
    tokens: Tokens = field(default_factory=Tokens)
    calls: int | None = None
    tool_calls: int | None = None
    cost_usd: float | None = None
    at_ms: int | None = None
    duration_ms: float | None = None


@dataclass(frozen=True, slots=True)
class ErrorEvent(Record):
    """Something that went wrong, as a source says it. ``kind``: ``api | tool | agent | parse | limit``.

    ``retried``: of the gateway, a later request with the same body succeeded; of an agent, it says it will try again.
    """

    kind: str
    message: str
    source: Source
    at_ms: int | None = None
    status: int | None = None
    retried: bool | None = None


@dataclass(frozen=True, slots=True)
class Inventory(Record):
    """What the agent itself says it has. None = it does not say; empty = it says that there is none."""

    version: str | None = None
    model: str | None = None
    tools: tuple[str, ...] | None = None
    sub_agents: tuple[str, ...] | None = None
    plugins: tuple[str, ...] | None = None
    mcp_servers: tuple[str, ...] | None = None
    skills: tuple[str, ...] | None = None
    settings: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one source says of one attempt.

    ``totals`` (by model; the key ``""`` = over all models) is None when the source has none of its own: then they are
    the sum of ``calls``. ``finished`` says that the source has an end (a result event, a closed session): without it
    its totals are a lower bound. ``problems`` are what could not be read, each one sentence; ``unknown`` counts event
    types that this reader does not know (they stay in the raw evidence). ``gaps`` are this source's documented blind
    spots that apply here, each a stable word such as ``sub_agents`` or ``last_request``.
    """

    source: Source
    scope: Scope = Scope.ALL
    calls: tuple[SourceCall, ...] = ()
    totals: Mapping[str, Tokens] | None = None
    cost_usd: float | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    errors: tuple[ErrorEvent, ...] = ()
    inventory: Inventory | None = None
    active_s: float | None = None
    api_s: float | None = None
    wall_s: float | None = None
    turns: int | None = None
    finished: bool = False
    problems: tuple[str, ...] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()

    def sum(self) -> Tokens | None:
        """Tokens over everything that this source covers; None when it counts none at all."""
        parts = list(self.totals.values()) if self.totals is not None else [call.tokens for call in self.calls]
        total = sum(parts, Tokens())
        return total if total.total is not None else None


@dataclass(frozen=True, slots=True)
class AttemptFiles:
    """Where the raw evidence of one attempt lies: ``steps/<k>/stream.jsonl``, ``otlp/``, ``home/``."""

    folder: Path

    @property
    def home(self) -> Path:
        """The session files that were kept, with the layout they had below HOME."""
        return self.folder / "home"

    @property
    def streams(self) -> tuple[Path, ...]:
        """The output of each step, in order."""
        steps = self.folder / "steps"
        found = sorted(steps.iterdir(), key=lambda path: int(path.name)) if steps.is_dir() else []
        return tuple(path / "stream.jsonl" for path in found if (path / "stream.jsonl").is_file())


class Reader(Protocol):
    """Reads all sources of one agent but the gateway. A module or an object; registered in ``sources.readers``."""

    def read(self, files: AttemptFiles) -> Sequence[SourceReport]:
        """Return one report for each source that this agent has, whatever was lost or damaged. Never raises."""
        ...
