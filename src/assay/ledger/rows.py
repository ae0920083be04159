"""Rows of the ledger's tables as records, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from assay.records import Attempt, Ended, OwnerKind, Price, Score, Trial


def attempt_from_row(row: Sequence[Any]) -> Attempt:
    """Columns in the order of ``Attempt``'s fields."""
    *head, ended, detail, spent, lower_bound, simulated, lost = row
    identity, run_id, kind, owner, number, fence, worker, started, finished = head
    return Attempt(
        id=identity,
        run_id=run_id,
        owner_kind=OwnerKind(kind),
        owner=owner,
        number=number,
        fence=fence,
        worker=worker,
        started=started,
        finished=finished,
        ended=Ended(ended) if ended else None,
        ended_detail=detail,
        spent=spent,
        spent_is_lower_bound=bool(lower_bound),
        simulated=bool(simulated),
        lost=bool(lost),
    )


def trial_from_row(row: Sequence[Any]) -> Trial:
    """Columns in the order of ``Trial``'s fields; ``requires`` is a JSON list."""
    identity, run_id, arm, task, task_hash, repetition, order, requires = row
    return Trial(identity, run_id, arm, task, task_hash, repetition, order, tuple(json.loads(requires)))


def score_to_row(score: Score) -> tuple[Any, ...]:
    """Fields in the order of the table, booleans as integers."""
    return (
        score.attempt,
        score.step,
        score.scorer,
        score.scorer_hash,
        score.metric,
        score.value,
        score.reason,
        score.lower,
        score.upper,
        int(score.higher_is_better),
    )


def score_from_row(row: Sequence[Any]) -> Score:
    """Columns in the order of ``Score``'s fields."""
    attempt, step, scorer, scorer_hash, metric, value, reason, lower, upper, higher = row
    return Score(attempt, step, scorer, scorer_hash, metric, value, reason, lower, upper, bool(higher))


def price_from_row(row: Sequence[Any]) -> Price:
    """One JSON column."""
    return Price.from_json(json.loads(row[0]))
