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
from assay.evidence import attempt_tables as attempt
from assay.evidence.facts import Anchor, CellFact, Effort, Facts, Health, SentinelRun, Sums
from assay.evidence.lock import Lock
from assay.evidence.measures import MEASURES
from assay.evidence.normalise import NORMALISE_VERSION, CallFact, Normalised
from assay.evidence.outcomes import TrialOutcome
from assay.evidence.work import ArmWork
from assay.records import Price, Tokens

FACTS_VERSION = 3
_SUMS = ("solved", "cost", "wall_s", "simulated_s")

_TRIALS = {
    "run_id": "VARCHAR", "trial": "VARCHAR", "arm": "VARCHAR", "arm_label": "VARCHAR", "task": "VARCHAR",
    "task_type": "VARCHAR", "difficulty": "VARCHAR", "repetition": "INTEGER", "position": "INTEGER",
    "attempts": "INTEGER", "lost_attempts": "INTEGER", "attempt": "VARCHAR", "number": "INTEGER", "ended": "VARCHAR",
    "ended_detail": "VARCHAR", "outcome": "VARCHAR", "solved": "BOOLEAN", "solved_reason": "VARCHAR",
    "cost_usd": "DOUBLE", "cost_is_lower_bound": "BOOLEAN", "calls": "INTEGER", "measured_wall_s": "DOUBLE",
    "simulated_s": "DOUBLE", "simulated": "BOOLEAN", **dict.fromkeys(attempt.TOKENS, "BIGINT"),
    "metrics": "JSON", "reasons": "JSON", **attempt.TRIAL,
}  # fmt: skip
_CELLS = {
    "arm": "VARCHAR", "task": "VARCHAR", "planned": "INTEGER", "settled": "INTEGER", "attempts": "INTEGER",
    "lost_attempts": "INTEGER", "calls": "INTEGER", "cost_is_lower_bound": "INTEGER", "tokens_unknown": "INTEGER",
    **{f"{name}_{part}": kind for name in _SUMS for part, kind in (
        ("n", "INTEGER"), ("total", "DOUBLE"), ("squares", "DOUBLE"), ("least", "DOUBLE"), ("most", "DOUBLE"),
        ("unknown", "INTEGER"))},
    **dict.fromkeys(attempt.TOKENS, "BIGINT"), "metrics": "JSON", "by_outcome": "JSON", "complaints": "JSON",
}  # fmt: skip
_EFFORTS = {"arm": "VARCHAR", "difficulty": "VARCHAR", "outcome": "VARCHAR", "trials": "INTEGER", "sums": "JSON"}
_SENTINELS = {
    "arm": "VARCHAR", "task": "VARCHAR", "at_ms": "BIGINT", "solved": "BOOLEAN", "cost_usd": "DOUBLE",
    "wall_s": "DOUBLE",
}  # fmt: skip


def write_tables(
    folder: Path,
    lock: Lock,
    outcomes: Sequence[TrialOutcome],
    calls: Iterable[CallFact],
    facts: Facts,
    attempts: Sequence[attempt.AttemptFacts] = (),
) -> None:
    """Write every table as Parquet and ``manifest.json``; each file is replaced whole.

    ``calls`` are all requests of the run, ``attempts`` what normalisation made of each attempt of a trial.
    """
    folder.mkdir(parents=True, exist_ok=True)
    labels = {arm.id: arm.label for arm in lock.arms}
    tasks = {task.id: task for task in lock.tasks}
    made = {one.attempt: one.facts for one in attempts}
    trials = (_trial_row(o, labels, tasks[o.trial.task].type, tasks[o.trial.task].difficulty, made) for o in outcomes)
    _write(folder / "trials.parquet", _TRIALS, trials)
    _write(folder / "llm_calls.parquet", attempt.CALLS, map(attempt.call_row, calls))
    _write(folder / "tool_calls.parquet", attempt.TOOLS, attempt.tool_rows(attempts))
    _write(folder / "delegations.parquet", attempt.DELEGATIONS, attempt.delegation_rows(attempts))
    _write(folder / "errors.parquet", attempt.ERRORS, attempt.error_rows(attempts))
    _write(folder / "sources.parquet", attempt.SOURCES, attempt.source_rows(attempts))
    _write(folder / "cells.parquet", _CELLS, map(_cell_row, facts.cells))
    _write(folder / "efforts.parquet", _EFFORTS, (effort.to_json() for effort in facts.efforts))
    _write(folder / "sentinels.parquet", _SENTINELS, (run.to_json() for run in facts.sentinels))
    manifest = {
        "version": FACTS_VERSION,
        "normalise_version": NORMALISE_VERSION,
        "grain": facts.grain,
        "simulated": lock.simulated,
        "run_id": lock.run_id,
        "health": facts.health.to_json(),
        "anchors": [anchor.to_json() for anchor in facts.anchors],
        "prices": [price.to_json() for price in facts.prices],
        "works": [work.to_json() for work in facts.works],
        "measures": [measure.to_json() for measure in MEASURES.values()],
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
            cells = tuple(map(_cell_from, _read(db, folder / "cells.parquet", "task, arm")))
            efforts = tuple(map(_effort_from, _read(db, folder / "efforts.parquet", "arm, difficulty, outcome")))
            sentinels = tuple(SentinelRun(**row) for row in _read(db, folder / "sentinels.parquet", "at_ms, task, arm"))
        health = {**manifest["health"], "amendments": tuple(manifest["health"]["amendments"])}
        health["notes"] = tuple(health["notes"])
        anchors = tuple(Anchor.from_json(anchor) for anchor in manifest["anchors"])
        prices = tuple(Price.from_json(price) for price in manifest["prices"])
        works = tuple(map(ArmWork.from_json, manifest["works"]))
        return Facts(cells, Health.from_json(health), anchors, manifest["grain"], prices, works, efforts, sentinels)
    except (OSError, ValueError, KeyError, TypeError, duckdb.Error) as error:
        raise RunError(f"facts cannot be read: {error}", where=folder, remedy=remedy) from error


def _trial_row(
    outcome: TrialOutcome, labels: Mapping[str, str], task_type: str, difficulty: str, made: Mapping[str, Normalised]
) -> dict[str, Any]:
    trial, counting = outcome.trial, outcome.attempt
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
        "attempt": counting.id if counting else None,
        "number": counting.number if counting else None,
        "ended": counting.ended if counting else None,
        "ended_detail": counting.ended_detail if counting else None,
        "outcome": outcome.outcome,
        "solved": outcome.solved,
        "solved_reason": outcome.reasons.get("solved"),
        "cost_usd": outcome.cost,
        "cost_is_lower_bound": outcome.cost_is_lower_bound,
        "calls": outcome.calls,
        "measured_wall_s": outcome.wall_s,
        "simulated_s": outcome.simulated_s,
        "simulated": counting.simulated if counting else None,
        **outcome.tokens.to_json(),
        "metrics": dict(outcome.metrics),
        "reasons": dict(outcome.reasons),
        **attempt.trial_columns(outcome, made.get(counting.id) if counting else None),
    }


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
    row["tokens"] = Tokens(**{kind: row.pop(kind) for kind in attempt.TOKENS})
    row["metrics"] = {name: Sums(**parts) for name, parts in json.loads(row["metrics"]).items()}
    for name in ("by_outcome", "complaints"):
        row[name] = json.loads(row[name])
    return CellFact(**row)


def _effort_from(row: dict[str, Any]) -> Effort:
    return Effort(**{**row, "sums": {name: Sums(**parts) for name, parts in json.loads(row["sums"]).items()}})


def _read(db: duckdb.DuckDBPyConnection, path: Path, order: str) -> list[dict[str, Any]]:
    cursor = db.execute(f"SELECT * FROM read_parquet(?) ORDER BY {order}", [str(path)])  # noqa: S608 - our own names
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


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
