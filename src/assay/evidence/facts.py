"""Facts: the tables that reports read, as frozen data. Rebuildable from ledger and evidence at any time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.evidence.work import ArmWork
from assay.records import Price, Record, Tokens


@dataclass(frozen=True, slots=True)
class Sums(Record):
    """Sum statistics of one quantity over the trials of a cell: known values only, and how many were unknown."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    least: float | None = None
    most: float | None = None
    unknown: int = 0

    @property
    def mean(self) -> float | None:
        """Mean of the known values; None without any."""
        return self.total / self.n if self.n else None

    @property
    def variance(self) -> float | None:
        """Sample variance (n - 1); None below two known values, never 0 for one."""
        if self.n <= 1:
            return None
        return max(0.0, (self.squares - self.total * self.total / self.n) / (self.n - 1))


@dataclass(frozen=True, slots=True)
class CellFact(Record):
    """One task x arm, summed over its settled trials: the only input of paired analysis.

    Each settled trial counts once, by its counting attempt. ``solved`` sums 0/1 over trials whose verdict is
    known; ``unknown`` there are infrastructure, provider and harness failures. ``cost`` is USD per trial
    over **all** its attempts, lost ones included. ``metrics`` holds further scores (``score``, ``tests``, ``lint``,
    ``complexity``, ``files_changed``, ...). ``by_outcome`` counts trials by derived outcome:
    ``solved``, ``failed``, or the ``ended`` word with ``+solved`` / ``+failed`` (e.g. ``timeout+failed``), or
    the bare ``provider_error``, ``infrastructure``, ``harness_error``. ``complaints`` counts ``tampered``, ...
    Seconds in ``wall_s`` are measured; ``simulated_s`` is what a Lab model claims.
    """

    arm: str
    task: str
    planned: int
    settled: int
    attempts: int
    lost_attempts: int
    solved: Sums = field(default_factory=Sums)
    cost: Sums = field(default_factory=Sums)
    wall_s: Sums = field(default_factory=Sums)
    simulated_s: Sums = field(default_factory=Sums)
    metrics: Mapping[str, Sums] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=Tokens)
    tokens_unknown: int = 0
    calls: int = 0
    cost_is_lower_bound: int = 0
    by_outcome: Mapping[str, int] = field(default_factory=dict)
    complaints: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Effort(Record):
    """Trials of one arm, difficulty and outcome (``solved | failed | no verdict``), with sums of what they took.

    ``sums``: ``cost_usd`` (all attempts), ``wall_s``, and the measures in ``efforts.EFFORT`` of the counting attempt.
    """

    arm: str
    difficulty: str
    outcome: str
    trials: int
    sums: Mapping[str, Sums] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SentinelRun(Record):
    """One drift sentinel that settled: never in ``cells``. ``at_ms`` is when its counting attempt began."""

    arm: str
    task: str
    at_ms: int
    solved: bool | None
    cost_usd: float | None
    wall_s: float | None


@dataclass(frozen=True, slots=True)
class Anchor(Record):
    """What the scorers give a known answer on a task: ``reference``, ``start`` or ``empty``."""

    task: str
    anchor: str
    solved: bool | None
    metrics: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Health(Record):
    """What became of everything that was planned (the CONSORT flow of a run). Money in USD.

    ``lost_attempts`` never settled: their worker went away, or they were given back at the run's cost limit.
    ``lost_usd`` sums what is known of their cost, None when nothing is; ``lost_unknown`` of them have no known cost.
    """

    planned: int
    attempted: int
    settled: int
    unsettled: int
    attempts: int
    lost_attempts: int
    lost_usd: float | None
    retried: int
    excluded: int
    ours: int
    spent_usd: float | None
    spent_is_lower_bound: bool
    unpriced_calls: int
    amendments: tuple[Mapping[str, object], ...] = ()
    notes: tuple[str, ...] = ()
    lost_unknown: int = 0
    lost_is_lower_bound: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a report may read besides the lock.

    ``grain`` is trial | cell | arm. ``prices`` are the rates that the ledger froze when it first met each model.
    ``works`` and ``efforts`` are empty when no arm runs an agent of its own.
    """

    cells: tuple[CellFact, ...]
    health: Health
    anchors: tuple[Anchor, ...] = ()
    grain: str = "trial"
    prices: tuple[Price, ...] = ()
    works: tuple[ArmWork, ...] = ()
    efforts: tuple[Effort, ...] = ()
    sentinels: tuple[SentinelRun, ...] = ()
