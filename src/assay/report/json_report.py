"""The report for programs: ``report.schema.json`` and ``docs/report.md`` are its contract."""

from __future__ import annotations

import json
from typing import Any

from assay.analysis.base import Analysis, ArmSummary, Both, Estimate, Finding
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.records import Tokens
from assay.report.json_agents import agents_data
from assay.report.material import Material, in_order, ordered
from assay.report.numbers import moment

SCHEMA_VERSION = 2


def report_data(analysis: Analysis, lock: Lock, facts: Facts) -> dict[str, Any]:
    """Return the report as plain data. Text is as it was given; missing is None, never 0."""
    made = ordered(analysis, lock, facts)
    analysis, facts = made.analysis, made.facts
    return {
        "schema_version": SCHEMA_VERSION,
        "simulated": analysis.simulated,
        "run": _run(made),
        "verdict": analysis.verdict,
        "established": list(analysis.established),
        "not_established": list(analysis.not_established),
        "trials": _trials(made),
        "arms": [_arm(arm) for arm in analysis.arms],
        "findings": [_finding(finding, made) for finding in analysis.findings],
        "heatmap": [cell.to_json() for cell in analysis.heatmap],
        "tasks": [row.to_json() for row in analysis.tasks],
        "health": {
            **facts.health.to_json(),
            "amendments": [dict(row) for row in facts.health.amendments],
            "notes": list(facts.health.notes),
        },
        "predictions": [row.to_json() for row in analysis.predictions],
        "controls": list(analysis.controls),
        "anchors": [anchor.to_json() for anchor in facts.anchors],
        "limitations": list(analysis.limitations),
        "disclosures": list(analysis.disclosures),
        "provenance": _provenance(made),
        **agents_data(made, _finding),
    }


def render_json(analysis: Analysis, lock: Lock, facts: Facts) -> str:
    """Return the data as text: indented, ASCII only (so that no text of others can steer a terminal)."""
    return json.dumps(report_data(analysis, lock, facts), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _run(made: Material) -> dict[str, Any]:
    lock = made.lock
    return {
        "id": lock.run_id,
        "name": lock.name,
        "question": lock.experiment.get("question"),
        "created": moment(lock.created),
        "created_ms": lock.created,
        "lock_id": made.lock_id,
        "primary": made.analysis.primary,
        "n_arms": len(made.analysis.arms),
        "n_tasks": len(lock.tasks),
        "repetitions": lock.repetitions,
        "seed": lock.seed,
    }


def _trials(made: Material) -> dict[str, Any]:
    health = made.facts.health
    return {
        "planned": health.planned,
        "attempted": health.attempted,
        "settled": health.settled,
        "unsettled": health.unsettled,
        "scored": sum(cell.solved.n for cell in made.facts.cells),
        "attempts": health.attempts,
        "lost_attempts": health.lost_attempts,
        "retried": health.retried,
        "excluded": health.excluded,
        "ours": health.ours,
        "by_outcome": made.by_outcome(),
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return {**estimate.to_json(), "target": estimate.target.value}


def _both(both: Both) -> dict[str, Any]:
    return {**_estimate(both.like), "these_tasks": _estimate(both.these)}


def _tokens(tokens: Tokens) -> dict[str, int | None]:
    return {**tokens.to_json(), "prompt": tokens.prompt, "total": tokens.total}


def _arm(arm: ArmSummary) -> dict[str, Any]:
    cost = _estimate(arm.cost_per_solved)
    return {
        "id": arm.id,
        "label": arm.label,
        "agent": arm.agent,
        "model": arm.model,
        "provider": arm.provider,
        "variant": arm.variant,
        "replicate": arm.replicate,
        "n_tasks": arm.n_tasks,
        "n_trials": arm.n_trials,
        "n_scored": arm.n_scored,
        "solved_trials": arm.solved_trials,
        "solved": _both(arm.solved),
        "score": _both(arm.score),
        "bracket": None if arm.bracket is None else {"low": arm.bracket[0], "high": arm.bracket[1]},
        "parts": dict(arm.parts),
        "cost_usd": arm.cost_usd,
        "cost_unknown": arm.cost_unknown,
        "cost_is_lower_bound": arm.cost_is_lower_bound,
        "cost_per_solved": cost.pop("mean"),
        "cost_per_solved_interval": cost,
        "cost_per_trial": arm.cost_per_trial,
        "wall_s": arm.wall_s,
        "simulated_s": arm.simulated_s,
        "tokens": _tokens(arm.tokens),
        "tokens_unknown": arm.tokens_unknown,
        "calls": arm.calls,
        "by_outcome": in_order(arm.by_outcome),
        "complaints": {key: arm.complaints[key] for key in sorted(arm.complaints) if arm.complaints[key]},
        "rank": {"low": arm.rank_low, "high": arm.rank_high},
        "tie_group": arm.tie_group,
    }


def _finding(finding: Finding, made: Material) -> dict[str, Any]:
    data = finding.to_json()
    data |= {"target": finding.target.value, "verdict": finding.verdict.value, "caveats": list(finding.caveats)}
    return {**data, "a_label": made.name(finding.a), "b_label": made.name(finding.b)}


def _provenance(made: Material) -> dict[str, Any]:
    lock = made.lock
    return {
        "experiment_id": lock.experiment_id,
        "prediction_id": lock.prediction_id,
        "lock_version": lock.version,
        "grain": made.facts.grain,
        "weights": dict(lock.weights),
        "machine": dict(lock.machine),
        "prices": made.prices(),
        "providers": sorted(lock.providers),
        "excluded": [dict(row) for row in lock.excluded],
        "planned": dict(made.analysis.planned),
        "tasks": [
            {"id": task.id, "hash": task.hash, "type": task.type, "difficulty": task.difficulty} for task in lock.tasks
        ],
    }
