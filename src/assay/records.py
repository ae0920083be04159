"""The frozen data that every layer speaks. ``docs/records.md`` is the table of fields and units.

Rules: missing is ``None``, never 0. Money is integer nano-USD, in facts USD. Times are UTC ms, durations end in ``_ms``
or ``_s``. Token kinds are disjoint: five input kinds sum to the prompt, and ``output`` includes ``reasoning``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self, TypeAlias

from assay.identity import Json, content_id

NanoUSD: TypeAlias = int
ArmId: TypeAlias = str
TrialId: TypeAlias = str

NANO = 1_000_000_000


class Ended(StrEnum):
    """How an attempt ended: written once, by ``settle``. It says nothing about whether it solved."""

    COMPLETED = "completed"
    TIMEOUT = "timeout"
    STUCK = "stuck"
    OVER_BUDGET = "over_budget"
    REFUSED = "refused"
    ASKED = "asked"
    AGENT_CRASH = "agent_crash"
    PROVIDER_ERROR = "provider_error"
    INFRASTRUCTURE = "infrastructure"
    HARNESS_ERROR = "harness_error"

    @property
    def is_ours(self) -> bool:
        """True when a machine failed, not the model: ``solved`` is null and the trial leaves the denominator."""
        return self in OURS


OURS = frozenset({Ended.PROVIDER_ERROR, Ended.INFRASTRUCTURE, Ended.HARNESS_ERROR})


class OwnerKind(StrEnum):
    """What a work item is. Everything that spends is one."""

    TRIAL = "trial"
    JUDGEMENT = "judgement"
    PROBE = "probe"


class Dialect(StrEnum):
    """A wire protocol between an agent and a model."""

    MESSAGES = "messages"
    CHAT = "chat"
    RESPONSES = "responses"
    GEMINI = "gemini"


class Role(StrEnum):
    """On whose behalf an agent asked: its main loop, a sub-agent, or itself (titles, summaries, topic checks)."""

    MAIN = "main"
    SUB_AGENT = "sub-agent"
    AUXILIARY = "auxiliary"


class Record:
    """Mixin of the frozen dataclasses: JSON in snake_case, unknown keys refused on the way in."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def to_json(self) -> dict[str, Any]:
        """Return plain data, nested records included; several times faster than ``dataclasses.asdict``."""
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build the record from ``to_json`` output; raises ``TypeError`` for missing or unknown keys."""
        return cls(**data)


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, tuple | list):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


@dataclass(frozen=True, slots=True)
class Tokens(Record):
    """Tokens of one or many calls, by disjoint kind. ``None`` = the provider did not say."""

    input_uncached: int | None = None
    cache_read: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None
    cache_write_unknown: int | None = None
    output: int | None = None
    reasoning: int | None = None

    def __add__(self, other: Tokens) -> Tokens:
        """Sum kind by kind; unknown plus known is known (a lower bound), unknown plus unknown stays unknown."""
        return Tokens(*(_add(getattr(self, name), getattr(other, name)) for name in Tokens.__slots__))

    @property
    def prompt(self) -> int | None:
        """All input kinds together, or ``None`` when none is known."""
        writes = _add(_add(self.cache_write_5m, self.cache_write_1h), self.cache_write_unknown)
        return _add(_add(self.input_uncached, self.cache_read), writes)

    @property
    def total(self) -> int | None:
        """Prompt plus output (``reasoning`` is inside ``output``)."""
        return _add(self.prompt, self.output)


def _add(one: int | None, two: int | None) -> int | None:
    return two if one is None else one if two is None else one + two


@dataclass(frozen=True, slots=True)
class Arm(Record):
    """The thing compared. Identity = content of everything but ``label`` and ``names``.

    ``variant``, ``profile`` and ``settings`` hold content (the prompt text itself, not its name): a changed prompt is
    another arm. ``replicate`` is 0, or 1 for the twin of an A/A control. ``names`` are what the experiment file calls
    its parts: ``model``, ``variant``, ``profile``, ``control``.
    """

    agent: str
    agent_version: str
    model: str
    provider: str
    variant: Mapping[str, Json] = field(default_factory=dict)
    profile: Mapping[str, Json] = field(default_factory=dict)
    settings: Mapping[str, Json] = field(default_factory=dict)
    replicate: int = 0
    label: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> ArmId:
        """``hash(agent, version, model, provider, variant, profile, settings, replicate)``."""
        content = {name: value for name, value in self.to_json().items() if name not in {"label", "names"}}
        return content_id("arm", content)


@dataclass(frozen=True, slots=True)
class Trial(Record):
    """One arm x task x repetition. ``id`` is independent of the size of the experiment."""

    id: TrialId
    run_id: str
    arm: ArmId
    task: str
    task_hash: str
    repetition: int
    order: int
    requires: tuple[str, ...] = ()


def trial_id(arm: ArmId, task_hash: str, repetition: int) -> TrialId:
    """Return the id of a trial from what defines it."""
    return content_id("trial", [arm, task_hash, repetition])


@dataclass(frozen=True, slots=True)
class Attempt(Record):
    """One paid execution of a work item. Append-only: every attempt costs and stays.

    ``fence`` grows with each claim of the item; a settle with an older fence is refused. ``ended is None`` = still
    running, or lost with its worker (then ``finished`` is None too, and the ledger's lease says which).
    """

    id: str
    run_id: str
    owner_kind: OwnerKind
    owner: str
    number: int
    fence: int
    worker: str
    started: int
    finished: int | None = None
    ended: Ended | None = None
    ended_detail: str | None = None
    spent: NanoUSD | None = None
    spent_is_lower_bound: bool = False
    simulated: bool = False
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Outcome(Record):
    """What ``settle`` writes of an attempt."""

    ended: Ended
    detail: str | None = None
    spent: NanoUSD | None = None
    spent_is_lower_bound: bool = False
    simulated: bool = False
    evidence: str | None = None


class Order(StrEnum):
    """The ledger's answer to a heartbeat."""

    GO_ON = "go_on"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Progress(Record):
    """What a heartbeat carries for ``watch``: the stage, and calls and tokens so far."""

    stage: str
    calls: int = 0
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Call(Record):
    """One request to a model, as the gateway saw it.

    ``status`` is the HTTP status (0 = no answer). ``cost`` is None when the model is unpriced or the usage unknown.
    ``in_flight_at_kill`` marks a call without an end: its spend is a lower bound. ``simulated_ms`` is the unscaled
    duration that a lab provider states. ``request_id`` is the provider's header, ``response_id`` the id in the answer's
    body: both join this call with what the agent says. ``hints`` are headers that tell who asked
    (``evidence.calls.HINTS``). ``role``, ``agent_name`` and ``effort`` come from all sources: the log knows ``main``.
    """

    owner_kind: OwnerKind
    owner: str
    attempt: str
    step: int
    seq: int
    dialect: Dialect
    provider: str
    model_requested: str
    model_served: str | None
    tokens: Tokens
    status: int
    sent_at: int
    role: str = "main"
    queued_ms: float = 0.0
    ttft_ms: float | None = None
    duration_ms: float | None = None
    simulated_ms: float | None = None
    in_flight_at_kill: bool = False
    price_id: str | None = None
    cost: NanoUSD | None = None
    error: str | None = None
    usage_injected: bool = False
    replayed: bool = False
    agent_name: str | None = None
    effort: str | None = None
    stop_reason: str | None = None
    request_id: str | None = None
    response_id: str | None = None
    hints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score(Record):
    """One number read from evidence. ``value is None`` needs a ``reason``; so does ``solved: false`` by rule."""

    attempt: str
    step: int
    scorer: str
    scorer_hash: str
    metric: str
    value: float | None
    reason: str | None = None
    lower: float | None = None
    upper: float | None = None
    higher_is_better: bool = True

    @property
    def is_instrument_failure(self) -> bool:
        """True for a null that is the machine's fault or the scorer's: the evidence may be scored again.

        Its reason is ``infrastructure`` or ``<scorer> failed: ...``; a composite hands on that of the part it lacks.
        """
        if self.value is not None or self.reason is None:
            return False
        part, lacks, of_part = self.reason.partition(" is missing: ")
        reason = of_part if lacks and part.isidentifier() else self.reason
        scorer, failed, _ = reason.partition(" failed: ")
        return reason == Ended.INFRASTRUCTURE or bool(failed and scorer.isidentifier())


@dataclass(frozen=True, slots=True)
class Price(Record):
    """Rates frozen at first sight of (provider, model): nano-USD per token, by kind. None = that kind has no rate.

    A rate may be fractional ($0.0228 per million is 22.8). ``tiers`` replace rates for the **whole** request once
    its prompt is longer than ``above`` tokens: ``({"above": 200000, "input": 6000, ...},)``, ascending.
    """

    id: str
    provider: str
    model: str
    input: float | None
    output: float | None
    cache_read: float | None = None
    cache_write_5m: float | None = None
    cache_write_1h: float | None = None
    source: str = ""
    as_of: str = ""
    simulated: bool = False
    tiers: tuple[Mapping[str, float], ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build the record; tiers become a tuple again."""
        return cls(**{**data, "tiers": tuple(data.get("tiers", ()))})


class Verdict(StrEnum):
    """The five words in which a finding may speak."""

    BETTER = "better"
    WORSE = "worse"
    NOT_WORSE = "not worse"
    EQUAL = "equal within margin"
    NOT_ESTABLISHED = "not established"


class Target(StrEnum):
    """What an interval is about."""

    THESE_TASKS = "these tasks"
    TASKS_LIKE_THESE = "tasks like these"
