"""Trial outcomes summed to task x arm: the only input of paired analysis. Order-independent by construction."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from assay.evidence.facts import CellFact, Sums
from assay.evidence.outcomes import TrialOutcome
from assay.records import Tokens

COMPLAINTS = frozenset({"tampered", "format_error", "verification_failed", "no_answer", "not_verified"})


def sums(values: Iterable[float | None]) -> Sums:
    """Sum statistics; ``math.fsum`` makes them the same in any order."""
    everything = list(values)
    known = [value for value in everything if value is not None]
    return Sums(
        n=len(known),
        total=math.fsum(known),
        squares=math.fsum(value * value for value in known),
        least=min(known, default=None),
        most=max(known, default=None),
        unknown=len(everything) - len(known),
    )


def cells(outcomes: Sequence[TrialOutcome]) -> tuple[CellFact, ...]:
    """One fact per (task, arm) that was planned, sorted by task and arm."""
    groups: dict[tuple[str, str], list[TrialOutcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.trial.task, outcome.trial.arm].append(outcome)
    return tuple(_cell(task, arm, group) for (task, arm), group in sorted(groups.items()))


def _cell(task: str, arm: str, group: Sequence[TrialOutcome]) -> CellFact:
    settled = [outcome for outcome in group if outcome.settled]
    metrics = sorted({metric for outcome in settled for metric in outcome.metrics})
    return CellFact(
        arm=arm,
        task=task,
        planned=len(group),
        settled=len(settled),
        attempts=sum(outcome.attempts for outcome in group),
        lost_attempts=sum(outcome.lost_attempts for outcome in group),
        solved=sums(None if outcome.solved is None else float(outcome.solved) for outcome in settled),
        cost=sums(outcome.cost for outcome in group if outcome.attempts),
        wall_s=sums(outcome.wall_s for outcome in settled),
        simulated_s=sums(outcome.simulated_s for outcome in settled if outcome.simulated_s is not None),
        metrics={name: sums(outcome.metrics.get(name) for outcome in settled) for name in metrics},
        tokens=sum((outcome.tokens for outcome in group), Tokens()),
        tokens_unknown=sum(not outcome.tokens_known for outcome in group if outcome.attempts),
        calls=sum(outcome.calls for outcome in group),
        cost_is_lower_bound=sum(outcome.cost_is_lower_bound for outcome in group),
        by_outcome=dict(sorted(Counter(outcome.outcome for outcome in settled).items())),
        complaints=_complaints(settled),
    )


def _complaints(settled: Sequence[TrialOutcome]) -> dict[str, int]:
    reasons = (outcome.reasons.get("solved", "").split(":")[0] for outcome in settled)
    return dict(sorted(Counter(reason for reason in reasons if reason in COMPLAINTS).items()))
