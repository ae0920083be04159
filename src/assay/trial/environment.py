"""What an attempt needs around it. Everything here can be rebuilt from the run folder and this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assay.agents.base import Agent
from assay.evidence.layout import RunFolder
from assay.gateway.base import Budget, Gateway, Upstream
from assay.ledger.base import Ledger
from assay.records import Arm, ArmId, Dialect, Trial, TrialId
from assay.sandboxes.base import Limits, SandboxKind
from assay.sandboxes.toolchain import Toolchain
from assay.suites.base import Task

TIME_S = 600.0
"""Seconds for a step of which nobody says how long it may take."""


@dataclass(frozen=True, slots=True)
class StuckLimits:
    """When an attempt is stuck; None = never for that reason.

    ``no_progress_s``: seconds without output of the agent and without a byte between it and its model.
    ``repeated_calls``: the same tool with the same arguments so often in a row, within one conversation.
    """

    no_progress_s: float | None = 360.0
    repeated_calls: int | None = 5


@dataclass(frozen=True, slots=True)
class TrialLimits:
    """What one attempt may use: seconds per step (None = what its task says), spend, output per call."""

    time_s: float | None = None
    budget: Budget = field(default_factory=Budget)
    max_output_tokens: int = 16_384
    sandbox: Limits = field(default_factory=Limits)
    stuck: StuckLimits = field(default_factory=StuckLimits)

    def seconds(self, of_task: float | None) -> float:
        """Return the limit of a step: the task's own, else ``TIME_S``; never more than the experiment allows."""
        if self.time_s is None:
            return of_task or TIME_S
        return min(of_task or self.time_s, self.time_s)


@dataclass(frozen=True, slots=True)
class Route:
    """How an arm reaches its model: the ids that its agent may name, and the dialect it speaks."""

    upstreams: Mapping[str, Upstream] = field(default_factory=dict)
    dialect: Dialect | None = None


@dataclass(frozen=True, slots=True)
class TrialEnvironment:
    """``tasks`` by content hash; ``routes`` by arm; ``scratch`` is where sandboxes live; ``ttl`` in seconds."""

    ledger: Ledger
    gateway: Gateway
    sandboxes: SandboxKind
    agents: Callable[[str], Agent]
    toolchains: Callable[[str], Toolchain]
    folder: RunFolder
    scratch: Path
    trials: Mapping[TrialId, Trial]
    arms: Mapping[ArmId, Arm]
    tasks: Mapping[str, Task]
    routes: Mapping[ArmId, Route]
    limits: TrialLimits
    worker: str
    ttl: float = 60.0
    keep_sandbox: bool = False
    keep_bodies: str = "all"
    strict_models: bool = True
    offers: frozenset[str] = frozenset()
