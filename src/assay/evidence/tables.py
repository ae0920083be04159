"""Facts on disk: Parquet tables that any tool reads, and a manifest. Rebuildable at any time, never the truth."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from assay.errors import RunError
from assay.evidence.facts import Anchor, CellFact, Facts, Health, Sums
from assay.evidence.lock import Lock
from assay.evidence.outcomes import TrialOutcome
from assay.records import NANO, Call, Price, Tokens

FACTS_VERSION = 1
_SUMS = ("solved", "cost", "wall_s", "simulated_s")
_TOKENS = (
    "input_uncached",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "cache_write_unknown",
    "output",
    "reasoning",
)

_TRIALS = {
    "run_id": "VARCHAR", "trial": "VARCHAR", "arm": "VARCHAR", "arm_label": "VARCHAR", "task": "VARCHAR",
    "task_type": "VARCHAR", "difficulty": "VARCHAR", "repetition": "INTEGER", "position": "INTEGER",
    "attempts": "INTEGER", "lost_attempts": "INTEGER", "attempt": "VARCHAR", "number": "INTEGER", "ended": "VARCHAR",
    "ended_detail": "VARCHAR", "outcome": "VARCHAR", "solved": "BOOLEAN", "solved_reason": "VARCHAR",
    "cost_usd": "DOUBLE", "cost_is_lower_bound": "BOOLEAN", "calls": "INTEGER", "measured_wall_s": "DOUBLE",
    "simulated_s": "DOUBLE", "simulated": "BOOLEAN", **dict.fromkeys(_TOKENS, "BIGINT"),
    "metrics": "JSON", "reasons": "JSON",
}  # fmt: skip
_CALLS = {
    "owner_kind": "VARCHAR", "owner": "VARCHAR", "attempt": "VARCHAR", "step": "INTEGER", "seq": "INTEGER",
    "dialect": "VARCHAR", "provider": "VARCHAR", "model_requested": "VARCHAR", "model_served": "VARCHAR",
    "role": "VARCHAR", **dict.fromkeys(_TOKENS, "BIGINT"), "status": "INTEGER", "sent_at": "BIGINT",
    "measured_queued_ms": "DOUBLE", "measured_ttft_ms": "DOUBLE", "measured_duration_ms": "DOUBLE",
    "simulated_ms": "DOUBLE", "in_flight_at_kill": "BOOLEAN", "price_id": "VARCHAR", "cost_usd": "DOUBLE",
    "error": "VARCHAR",
}  # fmt: skip
_CELLS = {
    "arm": "VARCHAR", "task": "VARCHAR", "planned": "INTEGER", "settled": "INTEGER", "attempts": "INTEGER",
    "lost_attempts": "INTEGER", "calls": "INTEGER", "cost_is_lower_bound": "INTEGER", "tokens_unknown": "INTEGER",
    **{f"{name}_{part}": kind for name in _SUMS for part, kind in (
        ("n", "INTEGER"), ("total", "DOUBLE"), ("squares", "DOUBLE"), ("least", "DOUBLE"), ("most", "DOUBLE"),
        ("unknown", "INTEGER"))},
    **dict.fromkeys(_TOKENS, "BIGINT"), "metrics": "JSON", "by_outcome": "JSON", "complaints": "JSON",
}  # fmt: skip


def write_tables(
    folder: Path, lock: Lock, outcomes: Sequence[TrialOutcome], calls: Iterable[Call], facts: Facts
) -> None:
    """Write ``trials``, ``llm_calls`` and ``cells`` as Parquet and ``manifest.json``; each file is replaced whole."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = {arm.id: arm.label for arm in lock.arms}
    tasks = {task.id: task for task in lock.tasks}
    trials = (_trial_row(o, labels, tasks[o.trial.task].type, tasks[o.trial.task].difficulty) for o in outcomes)
    _write(folder / "trials.parquet", _TRIALS, trials)
    _write(folder / "llm_calls.parquet", _CALLS, map(_call_row, calls))
    _write(folder / "cells.parquet", _CELLS, map(_cell_row, facts.cells))
    manifest = {
        "version": FACTS_VERSION,
        "grain": facts.grain,
        "simulated": lock.simulated,
        "run_id": lock.run_id,
        "health": facts.health.to_json(),
        "anchors": [anchor.to_json() for anchor in facts.anchors],
        "prices": [price.to_json() for price in facts.prices],
    }
    _replace(folder / "manifest.json", json.dumps(manifest, indent=1, sort_keys=True))


def read_tables(folder: Path) -> Facts:
    """Read what ``write_tables`` wrote. Raises ``RunError`` when it is missing, damaged or from another version."""
    remedy = "Rebuild them with: assay facts RUN"
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["version"] != FACTS_VERSION:
            raise RunError(f"facts of format {manifest['version']}, not {FACTS_VERSION}", where=folder, remedy=remedy)
        with duckdb.connect() as db:
            cursor = db.execute("SELECT * FROM read_parquet(?) ORDER BY task, arm", [str(folder / "cells.parquet")])
            names = [column[0] for column in cursor.description or ()]
            cells = tuple(_cell_from(dict(zip(names, row, strict=True))) for row in cursor.fetchall())
        health = {**manifest["health"], "amendments": tuple(manifest["health"]["amendments"])}
        health["notes"] = tuple(health["notes"])
        anchors = tuple(Anchor.from_json(anchor) for anchor in manifest["anchors"])
        prices = tuple(Price.from_json(price) for price in manifest["prices"])
        return Facts(cells, Health.from_json(health), anchors, manifest["grain"], prices)
    except (OSError, ValueError, KeyError, TypeError, duckdb.Error) as error:
        raise RunError(f"facts cannot be read: {error}", where=folder, remedy=remedy) from error


def _trial_row(outcome: TrialOutcome, labels: Mapping[str, str], task_type: str, difficulty: str) -> dict[str, Any]:
    trial, attempt = outcome.trial, outcome.attempt
    return {
        "run_id": trial.run_id,
        "trial": trial.id,
        "arm": trial.arm,
        "arm_label": labels.get(trial.arm),
        "task": trial.task,
        "task_type": task_type,
        "difficulty": difficulty,
        "repetition": trial.repetition,
        "position": trial.order,
        "attempts": outcome.attempts,
        "lost_attempts": outcome.lost_attempts,
        "attempt": attempt.id if attempt else None,
        "number": attempt.number if attempt else None,
        "ended": attempt.ended if attempt else None,
        "ended_detail": attempt.ended_detail if attempt else None,
        "outcome": outcome.outcome,
        "solved": outcome.solved,
        "solved_reason": outcome.reasons.get("solved"),
        "cost_usd": outcome.cost,
        "cost_is_lower_bound": outcome.cost_is_lower_bound,
        "calls": outcome.calls,
        "measured_wall_s": outcome.wall_s,
        "simulated_s": outcome.simulated_s,
        "simulated": attempt.simulated if attempt else None,
        **outcome.tokens.to_json(),
        "metrics": dict(outcome.metrics),
        "reasons": dict(outcome.reasons),
    }


def _call_row(call: Call) -> dict[str, Any]:
    row = call.to_json()
    row.update(row.pop("tokens"))
    for name in ("queued_ms", "ttft_ms", "duration_ms"):
        row[f"measured_{name}"] = row.pop(name)
    cost = row.pop("cost")
    row["cost_usd"] = None if cost is None else cost / NANO
    return {name: row[name] for name in _CALLS}


def _cell_row(cell: CellFact) -> dict[str, Any]:
    row = cell.to_json()
    for name in _SUMS:
        row.update({f"{name}_{part}": value for part, value in row.pop(name).items()})
    row.update(row.pop("tokens"))
    return row


def _cell_from(row: dict[str, Any]) -> CellFact:
    for name in _SUMS:
        parts = ("n", "total", "squares", "least", "most", "unknown")
        row[name] = Sums(**{part: row.pop(f"{name}_{part}") for part in parts})
    row["tokens"] = Tokens(**{kind: row.pop(kind) for kind in _TOKENS})
    row["metrics"] = {name: Sums(**parts) for name, parts in json.loads(row["metrics"]).items()}
    for name in ("by_outcome", "complaints"):
        row[name] = json.loads(row[name])
    return CellFact(**row)


def _write(path: Path, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
    """One table through newline-delimited JSON, with declared types, so that an empty table has them too."""
    half = path.with_suffix(f".{os.getpid()}.half")
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson", encoding="utf-8") as lines, duckdb.connect() as db:
        for row in rows:
            lines.write(json.dumps(row) + "\n")
        lines.flush()
        types = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
        source = f"read_json(?, format='newline_delimited', columns={{{types}}}, maximum_object_size=16777216)"
        db.execute(f"COPY (SELECT * FROM {source}) TO '{_quoted(half)}' (FORMAT parquet)", [lines.name])  # noqa: S608 - our own names
    half.replace(path)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _replace(path: Path, text: str) -> None:
    half = path.with_suffix(f".{os.getpid()}.half")
    half.write_text(text + "\n", encoding="utf-8")
    half.replace(path)
