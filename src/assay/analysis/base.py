"""What an analysis says: frozen data between the statistics and the pages. Pure function of facts and lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.analysis.drift import Drift
from assay.analysis.work import AgentWork
from assay.evidence.facts import Effort
from assay.records import Record, Target, Tokens, Verdict


@dataclass(frozen=True, slots=True)
class Estimate(Record):
    """A mean with its 95% interval. ``None`` bounds come with a ``reason``; ``n`` counts units (tasks)."""

    mean: float | None
    low: float | None
    high: float | None
    target: Target
    n: int
    method: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Both(Record):
    """One quantity for both targets. ``tasks like these`` is the default and carries verdicts."""

    like: Estimate
    these: Estimate


@dataclass(frozen=True, slots=True)
class ArmSummary(Record):
    """One row of the arm table.

    ``solved`` is a rate in [0, 1]; ``score`` is the composite in [0, 100]. ``cost_usd`` is the sum of known
    costs over all attempts (None when none is known), ``cost_unknown`` the trials without one.
    ``bracket`` is the solved rate if every missing verdict were false, and if every one were true; None when none is
    missing. ``wall_s`` and ``simulated_s`` are seconds per trial; ``n_tasks`` counts tasks with a verdict.
    ``rank_low``/``rank_high`` bound the rank on the primary measure; arms sharing a letter in ``tie_group``
    are not separable; controls (A/A twins, sabotage) have neither. ``parts`` are the composite's ingredients
    (means over tasks, gated and ungated).
    """

    id: str
    label: str
    agent: str
    model: str
    provider: str
    variant: str
    replicate: int
    n_tasks: int
    n_trials: int
    n_scored: int
    solved_trials: int
    solved: Both
    score: Both
    bracket: tuple[float, float] | None
    parts: Mapping[str, float | None]
    cost_usd: float | None
    cost_unknown: int
    cost_is_lower_bound: bool
    cost_per_solved: Estimate
    cost_per_trial: float | None
    wall_s: float | None
    simulated_s: float | None
    tokens: Tokens
    tokens_unknown: int
    calls: int
    by_outcome: Mapping[str, int]
    complaints: Mapping[str, int]
    rank_low: int | None
    rank_high: int | None
    tie_group: str


@dataclass(frozen=True, slots=True)
class Finding(Record):
    """One comparison, a minus b. ``p_corrected`` is Holm over ``family``; ``low``/``high`` are uncorrected 95%.

    ``difference``, ``low``, ``high`` and ``margin`` are fractions for ``solved`` and points of 100 for ``score``.
    ``run_level_p`` is Welch's test on pooled runs: printed as the control that must not be used.

    ``more_tasks`` estimates how many further tasks would settle it (80% power at the observed difference),
    None when that cannot be known.
    """

    a: str
    b: str
    measure: str
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_corrected: float | None
    n_tasks: int
    n_trials: int
    unit: str
    target: Target
    verdict: Verdict
    method: str
    family: str
    caveats: tuple[str, ...] = ()
    margin: float | None = None
    more_tasks: int | None = None
    minimum_p: float | None = None
    run_level_p: float | None = None


@dataclass(frozen=True, slots=True)
class HeatCell(Record):
    """One square of a heatmap: mean over tasks, or None with why. ``row`` is a task type, ``column`` an arm's id."""

    row: str
    column: str
    measure: str
    mean: float | None
    n_tasks: int
    n_trials: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TaskRow(Record):
    """One task x arm: mean, within-cell sd (None for one run), worst and best."""

    task: str
    type: str
    difficulty: str
    arm: str
    measure: str
    mean: float | None
    sd: float | None
    least: float | None
    most: float | None
    n: int
    unknown: int


@dataclass(frozen=True, slots=True)
class PredictionRow(Record):
    """One thing that was predicted before the run, and what came."""

    kind: str
    subject: str
    predicted: str
    observed: str
    held: bool | None


@dataclass(frozen=True, slots=True)
class Analysis(Record):
    """All that a report says, and nothing that it has to compute.

    ``verdict`` is prose in the manner of DESIGN: counts and money first, then what is and is not established.
    ``findings`` hold every pair on the primary measure and on ``score``; ``limitations`` are written from the data.
    ``agents``, ``harness`` and ``efforts`` are empty in a run without agents, ``drifts`` in one without sentinels.
    ``agents``, ``harness`` and ``efforts`` are empty in a run without agents, ``drifts`` in one without sentinels.
    """

    primary: str
    simulated: bool
    verdict: str
    established: tuple[str, ...]
    not_established: tuple[str, ...]
    arms: tuple[ArmSummary, ...]
    findings: tuple[Finding, ...]
    heatmap: tuple[HeatCell, ...]
    tasks: tuple[TaskRow, ...]
    predictions: tuple[PredictionRow, ...] = ()
    controls: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    disclosures: tuple[str, ...] = ()
    planned: Mapping[str, int] = field(default_factory=dict)
    agents: tuple[AgentWork, ...] = ()
    harness: tuple[Finding, ...] = ()
    efforts: tuple[Effort, ...] = ()
    drifts: tuple[Drift, ...] = ()
