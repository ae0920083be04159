"""The composite: one number 0..100 from declared weights, always shown beside its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assay.errors import InternalError
from assay.identity import content_id
from assay.records import Score
from assay.suites.base import Complaint

DEFAULT_WEIGHTS: Mapping[str, float] = {"tests": 50.0, "lint": 25.0, "complexity": 25.0}
TESTS = "tests"
NAME = "composite"
# Rounding here keeps the sum of floating-point parts equal on every machine.
DIGITS = 9


def normalised(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights that sum to 1, without those that are 0. Raises ``InternalError`` when none is positive."""
    total = sum(weights.values())
    if total <= 0 or min(weights.values()) < 0:
        raise InternalError(f"weights must be positive: {dict(weights)}")
    return {name: weight / total for name, weight in sorted(weights.items()) if weight > 0}


def composite_hash(weights: Mapping[str, float]) -> str:
    """Content id of the composite: its rule's version and its weights."""
    return content_id("scorer", [NAME, 1, normalised(weights)])


def composite(scores: Iterable[Score], weights: Mapping[str, float]) -> tuple[Score, ...]:
    """Return ``score`` and ``score_ungated`` for one attempt, from its other scores.

    The part ``tests`` is 100 x the share of tests passed; all others are 0..100 by themselves. In ``score`` they count
    only where the attempt solved the task (an empty file lints well); in ``score_ungated`` always. A part that is
    missing makes the number None, unless its weight is 0 or the gate leaves it out anyway.
    """
    by_metric = {one.metric: one for one in scores}
    solved = by_metric.get("solved")
    if solved is None:
        raise InternalError("a composite needs the score 'solved'")
    share = normalised(weights)
    if solved.value is None:
        reason = solved.reason or Complaint.NOT_VERIFIED
        return _records(solved, weights, (None, reason), (None, reason))
    gated = share if solved.value == 1.0 else {name: weight for name, weight in share.items() if name == TESTS}
    return _records(solved, weights, _weighted(by_metric, gated), _weighted(by_metric, share))


def _weighted(by_metric: Mapping[str, Score], share: Mapping[str, float]) -> tuple[float | None, str | None]:
    total = 0.0
    for name, weight in share.items():
        part = by_metric.get(name)
        if part is None or part.value is None:
            why = "it was not scored" if part is None else part.reason
            return None, f"{name} is missing: {why}"
        total += weight * part.value * (100.0 if name == TESTS else 1.0)
    return round(total, DIGITS), None


def _records(
    like: Score,
    weights: Mapping[str, float],
    gated: tuple[float | None, str | None],
    ungated: tuple[float | None, str | None],
) -> tuple[Score, ...]:
    own = composite_hash(weights)
    named: Sequence[tuple[str, tuple[float | None, str | None]]] = (("score", gated), ("score_ungated", ungated))
    return tuple(Score(like.attempt, like.step, NAME, own, name, value, reason) for name, (value, reason) in named)
