"""What agents did, summed by arm over the attempts that count: plain frozen data. Unknown is None, never 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from assay.records import Record, Tokens


@dataclass(frozen=True, slots=True)
class ToolWork(Record):
    """Uses of one tool. ``ended`` have a known outcome, ``failed`` of them failed; ``seconds`` sums ``timed`` uses."""

    tool: str
    uses: int
    ended: int
    failed: int
    timed: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class ToolFailure(Record):
    """Failures of one tool in one class, and how long they took: ``seconds`` in sum, ``longest`` alone."""

    tool: str
    error_class: str
    times: int
    trials: int
    timed: int
    seconds: float | None
    longest: float | None


@dataclass(frozen=True, slots=True)
class ModelWork(Record):
    """Requests of one role to one model. ``role`` None = unknown; ``cost_usd`` None = a request has no known cost.

    ``ttft_ms`` is a mean over ``ttft_n`` requests; ``api_s`` adds up the requests whose end was seen.
    """

    role: str | None
    agent_name: str | None
    model: str
    requests: int
    failed: int
    tokens: Tokens
    cost_usd: float | None
    api_s: float | None
    ttft_ms: float | None
    ttft_n: int


@dataclass(frozen=True, slots=True)
class SubAgentWork(Record):
    """One sub-agent: in how many trials it was registered and used, how often, and by which models it was served."""

    name: str
    registered: int
    trials: int
    invoked: int
    failed: int
    models: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceWork(Record):
    """Trials by what one source says against the gateway. ``agree_with_gaps``, ``documented``: gaps account for it.

    ``lower_bound``: the source has no end. ``unread`` counts sentences on what could not be read, ``unknown_events``
    events that the reader does not know; ``sentences`` are the undocumented disagreements with their trials.
    """

    source: str
    agree: int
    agree_with_gaps: int
    documented: int
    disagree: int
    missing: int
    lower_bound: int
    unread: int
    unknown_events: int
    gaps: tuple[str, ...] = ()
    sentences: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErrorWork(Record):
    """What went wrong, by word: how often (most that one source tells of a trial), and in how many trials."""

    word: str
    times: int
    trials: int


@dataclass(frozen=True, slots=True)
class ArmWork(Record):
    """One arm. ``trials`` are those whose counting attempt was read.

    ``delegating`` had a sub-agent used, ``delegations_unknown`` have no source that would show one. ``costs_apart``:
    the agent's own cost is more than 1% from the recomputed one, among ``costs_compared``. ``audited`` trials have a
    record of look-ups. ``leaked``, ``lookups`` and ``problems`` count trials by sentence. ``lower_bound``: a request
    was in flight when the agent was stopped; ``unpriced`` counts requests.
    """

    arm: str
    trials: int
    registering: int = 0
    delegating: int = 0
    delegations_unknown: int = 0
    invoked: int = 0
    costs_compared: int = 0
    costs_apart: int = 0
    audited: int = 0
    lower_bound: int = 0
    unpriced: int = 0
    without_sources: int = 0
    tools: tuple[ToolWork, ...] = ()
    failures: tuple[ToolFailure, ...] = ()
    models: tuple[ModelWork, ...] = ()
    sub_agents: tuple[SubAgentWork, ...] = ()
    sources: tuple[SourceWork, ...] = ()
    errors: tuple[ErrorWork, ...] = ()
    leaked: Mapping[str, int] = field(default_factory=dict)
    lookups: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build the record from ``to_json`` output."""
        rows: dict[str, Any] = {
            "tools": tuple(ToolWork(**row) for row in data["tools"]),
            "failures": tuple(ToolFailure(**row) for row in data["failures"]),
            "models": tuple(ModelWork(**{**row, "tokens": Tokens(**row["tokens"])}) for row in data["models"]),
            "sub_agents": tuple(SubAgentWork(**row) for row in data["sub_agents"]),
            "sources": tuple(SourceWork(**{**row, "gaps": tuple(row["gaps"])}) for row in data["sources"]),
            "errors": tuple(ErrorWork(**row) for row in data["errors"]),
        }
        return cls(**{**data, **rows})
