"""What the gateway promises to those who run attempts: a door per attempt, and the truth about its spend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from assay.providers import Provider
from assay.records import Dialect, NanoUSD, OwnerKind, Record, Tokens


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a model id goes."""

    provider: Provider
    model: str


@dataclass(frozen=True, slots=True)
class Budget(Record):
    """What one attempt may spend; None = no cap. A cap in money needs priced models or a token cap."""

    nano_usd: NanoUSD | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who comes through a door.

    ``models`` maps the ids that the agent may name to upstreams; with ``strict`` any other id is refused,
    else it is forwarded as it is to the provider of the first entry, and recorded. ``folder`` receives
    ``gateway.jsonl`` and ``bodies.bin``. ``labels`` become the ``x-assay-trial`` header, sent to lab providers
    only: trial, arm, agent, task, type, variant, repetition, and what else simulates (fault, script, ...).
    ``egress`` are hosts (``host`` or ``host:port``) that it may reach besides, encrypted and not looked into.
    With ``watch_tools`` every answer is looked at for tools that are asked for again and again.
    """

    owner_kind: OwnerKind
    owner: str
    attempt: str
    models: Mapping[str, Upstream]
    folder: Path
    budget: Budget = field(default_factory=Budget)
    labels: Mapping[str, str] = field(default_factory=dict)
    strict: bool = True
    keep_bodies: str = "all"
    watch_tools: bool = False
    egress: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals(Record):
    """What went through a door so far.

    ``cost`` is None when nothing is known; ``lower_bound`` when a call was open or a call's usage or price
    is unknown. ``provider_errors`` counts calls that failed upstream (status 0, 408, 429, 5xx, or a stream that
    carried an error or was cut); ``last_call_failed`` says that the latest one did. ``queued_ms`` is the time spent
    held back. ``over_budget`` is true for either cap, ``run_cap_reached`` when it was the run's ``max_cost``.
    ``paused_until`` (epoch seconds) is when a subscription's usage window opens that was found used up.
    """

    calls: int = 0
    open_calls: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    cost: NanoUSD | None = None
    unpriced_calls: int = 0
    lower_bound: bool = False
    provider_errors: int = 0
    last_call_failed: bool = False
    last_error: str | None = None
    queued_ms: float = 0.0
    simulated_ms: float = 0.0
    over_budget: bool = False
    refused_model: str | None = None
    simulated: bool = False
    run_cap_reached: bool = False
    paused_until: float | None = None


@dataclass(frozen=True, slots=True)
class Activity(Record):
    """Whether something happens at a door. Telemetry does not count: it is sent by the clock.

    ``last`` is when bytes of a request or of an answer last passed, on the monotonic clock; a request that is held
    back here counts as passing. ``repeated`` is the tool with the longest run of equal arguments in a
    conversation, and the length of that run; None below three, or without ``Visitor.watch_tools``.
    """

    last: float
    bytes_passed: int = 0
    repeated: tuple[str, int] | None = None


class Door(Protocol):
    """An open way through the gateway for one attempt."""

    def base_urls(self, door_url: str) -> Mapping[Dialect, str]:
        """Addresses by dialect, ``<door_url>/a/<token>/<dialect>``."""
        ...

    def otlp_url(self, door_url: str) -> str:
        """Where OTLP exporters inside send to: ``<door_url>/a/<token>/otlp``."""
        ...

    def egress_url(self, door_url: str) -> str:
        """The proxy (``HTTPS_PROXY``) through which the hosts of ``Visitor.egress`` can be reached."""
        ...

    def set_step(self, step: int) -> None:
        """Calls from now on belong to this step."""
        ...

    def totals(self) -> Totals:
        """Spend so far."""
        ...

    def activity(self) -> Activity:
        """What has passed so far, and when."""
        ...

    async def over_budget(self) -> None:
        """Return once the attempt has used up its budget."""
        ...

    async def close(self) -> Totals:
        """Kill the token, mark open calls ``in_flight_at_kill``, flush the log, return the final totals."""
        ...


class Gateway(Protocol):
    """The local server between sandbox and model."""

    socket: Path

    def open(self, visitor: Visitor) -> Door:
        """Make a door with a fresh token of 128 random bits."""
        ...
