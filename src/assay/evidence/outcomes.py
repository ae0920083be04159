"""One row per trial, derived from ledger and evidence: what was planned, what came, what it cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assay.records import NANO, ArmId, Attempt, Call, OwnerKind, Score, Tokens, Trial, TrialId

ANCHOR = "anchor/"
"""Scores whose attempt begins with this are of a known answer: ``anchor/<anchor>/<task id>``."""


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """A trial by its counting attempt (the last one that settled); costs are over all its attempts.

    ``solved`` and each metric are None when not known, with the reason in ``reasons``. Costs in USD,
    ``cost`` is None when any attempt's spend is unknown. ``ended`` is None while nothing has settled.
    """

    trial: Trial
    attempt: Attempt | None
    attempts: int
    lost_attempts: int
    solved: bool | None
    cost: float | None
    cost_is_lower_bound: bool
    wall_s: float | None
    simulated_s: float | None
    tokens: Tokens
    tokens_known: bool
    calls: int
    unpriced_calls: int
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """True when an attempt has counted."""
        return self.attempt is not None

    @property
    def outcome(self) -> str:
        """The derived word of reports: how it ended and whether it solved, in one."""
        if self.attempt is None or self.attempt.ended is None:
            return "unsettled"
        ended = self.attempt.ended
        if ended.is_ours:
            return ended.value
        verdict = {True: "solved", False: "failed", None: "unscored"}[self.solved]
        return verdict if ended.value == "completed" else f"{ended.value}+{verdict}"


def latest_scores(scores: Iterable[Score]) -> dict[str, dict[str, Score]]:
    """By attempt and metric: the newest instrument's score (scores come oldest first), last step."""
    chosen: dict[str, dict[str, Score]] = defaultdict(dict)
    for score in scores:
        before = chosen[score.attempt].get(score.metric)
        if before is None or score.step >= before.step:
            chosen[score.attempt][score.metric] = score
    return dict(chosen)


def trial_outcomes(
    trials: Sequence[Trial],
    attempts: Iterable[Attempt],
    scores: Iterable[Score],
    calls_of: Callable[[Attempt], Sequence[Call]],
    arms_with_model: frozenset[ArmId],
) -> tuple[TrialOutcome, ...]:
    """Join the books with the evidence, in plan order. ``calls_of`` reads one attempt's gateway log."""
    by_owner: dict[TrialId, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if attempt.owner_kind is OwnerKind.TRIAL:
            by_owner[attempt.owner].append(attempt)
    by_attempt = latest_scores(scores)
    return tuple(
        _outcome(trial, by_owner.get(trial.id, []), by_attempt, calls_of, has_model=trial.arm in arms_with_model)
        for trial in trials
    )


def _outcome(
    trial: Trial,
    attempts: Sequence[Attempt],
    by_attempt: Mapping[str, Mapping[str, Score]],
    calls_of: Callable[[Attempt], Sequence[Call]],
    *,
    has_model: bool,
) -> TrialOutcome:
    counting = next((a for a in reversed(attempts) if a.ended is not None), None)
    calls = [call for attempt in attempts for call in calls_of(attempt)] if has_model else []
    scored = by_attempt.get(counting.id, {}) if counting else {}
    solved = scored.get("solved")
    tokens = sum((call.tokens for call in calls), Tokens())
    spends = [attempt.spent for attempt in attempts]
    simulated = [call.simulated_ms for call in calls if call.simulated_ms is not None]
    return TrialOutcome(
        trial=trial,
        attempt=counting,
        attempts=len(attempts),
        lost_attempts=sum(attempt.lost for attempt in attempts),
        solved=None if solved is None or solved.value is None else solved.value >= 1.0,
        cost=_usd(spends) if attempts else None,
        cost_is_lower_bound=any(attempt.spent_is_lower_bound for attempt in attempts),
        wall_s=(counting.finished - counting.started) / 1000 if counting and counting.finished else None,
        simulated_s=sum(simulated) / 1000 if simulated else None,
        tokens=tokens,
        tokens_known=bool(calls) and tokens.total is not None,
        calls=len(calls),
        unpriced_calls=sum(call.cost is None and call.tokens.total is not None for call in calls),
        metrics={metric: score.value for metric, score in scored.items() if metric != "solved"},
        reasons={metric: score.reason for metric, score in scored.items() if score.reason},
    )


def _usd(spends: Sequence[int | None]) -> float | None:
    known = [spend for spend in spends if spend is not None]
    return sum(known) / NANO if len(known) == len(spends) else None
