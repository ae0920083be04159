"""Columns and rows of the tables that normalisation fills: requests, tool calls, delegations, errors, sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assay.evidence.normalise import CallFact, Normalised
from assay.evidence.outcomes import TrialOutcome
from assay.evidence.reconcile import Reconciliation
from assay.records import NANO, Record, Tokens

TOKENS = tuple(Tokens.__slots__)
_WHO = {"run_id": "VARCHAR", "trial": "VARCHAR", "attempt": "VARCHAR", "number": "INTEGER"}

CALLS = {
    "owner_kind": "VARCHAR", "owner": "VARCHAR", "attempt": "VARCHAR", "step": "INTEGER", "seq": "INTEGER",
    "dialect": "VARCHAR", "provider": "VARCHAR", "model_requested": "VARCHAR", "model_served": "VARCHAR",
    "role": "VARCHAR", "agent_name": "VARCHAR", "effort": "VARCHAR", **dict.fromkeys(TOKENS, "BIGINT"),
    "status": "INTEGER", "stop_reason": "VARCHAR", "tries": "INTEGER", "sent_at": "BIGINT",
    "measured_queued_ms": "DOUBLE", "measured_ttft_ms": "DOUBLE", "measured_duration_ms": "DOUBLE",
    "simulated_ms": "DOUBLE", "in_flight_at_kill": "BOOLEAN", "price_id": "VARCHAR", "cost_usd": "DOUBLE",
    "cost_reported_usd": "DOUBLE", "seen_by": "INTEGER", "request_id": "VARCHAR", "response_id": "VARCHAR",
    "error": "VARCHAR",
}  # fmt: skip
TOOLS = {
    **_WHO, "id": "VARCHAR", "tool": "VARCHAR", "source": "VARCHAR", "role": "VARCHAR", "agent_name": "VARCHAR",
    "arguments": "VARCHAR", "arguments_id": "VARCHAR", "failed": "BOOLEAN", "exit_status": "INTEGER",
    "error_class": "VARCHAR", "error": "VARCHAR", "at_ms": "BIGINT", "measured_duration_ms": "DOUBLE",
    "model": "VARCHAR",
}  # fmt: skip
DELEGATIONS = {
    **_WHO, "agent_name": "VARCHAR", "invoked": "BOOLEAN", "source": "VARCHAR", "id": "VARCHAR", "model": "VARCHAR",
    "background": "BOOLEAN", "failed": "BOOLEAN", **dict.fromkeys(TOKENS, "BIGINT"), "calls": "INTEGER",
    "tool_calls": "INTEGER", "cost_usd": "DOUBLE", "at_ms": "BIGINT", "measured_duration_ms": "DOUBLE",
}  # fmt: skip
ERRORS = {
    **_WHO, "kind": "VARCHAR", "message": "VARCHAR", "source": "VARCHAR", "at_ms": "BIGINT", "status": "INTEGER",
    "retried": "BOOLEAN",
}  # fmt: skip
SOURCES = {
    **_WHO, "source": "VARCHAR", "verdict": "VARCHAR", "sentence": "VARCHAR", "scope": "VARCHAR",
    "differences": "JSON", "left_out": "JSON", "documented": "BOOLEAN", "lower_bound": "BOOLEAN",
    **{f"{side}_{kind}": "BIGINT" for side in ("source", "gateway") for kind in TOKENS},
    "calls": "INTEGER", "gateway_calls": "INTEGER", "cost_usd": "DOUBLE", "gateway_cost_usd": "DOUBLE",
    "cost_differs": "BOOLEAN", "gaps": "JSON", "problems": "JSON", "unknown_events": "INTEGER",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """What normalisation made of one attempt of a trial, and whose it is."""

    run_id: str
    trial: str
    attempt: str
    number: int
    facts: Normalised

    @property
    def who(self) -> dict[str, Any]:
        """The columns that every table begins with."""
        return {"run_id": self.run_id, "trial": self.trial, "attempt": self.attempt, "number": self.number}


def call_row(fact: CallFact) -> dict[str, Any]:
    """One request."""
    row = fact.call.to_json()
    row.update(row.pop("tokens"))
    for name in ("queued_ms", "ttft_ms", "duration_ms"):
        row[f"measured_{name}"] = row.pop(name)
    cost = row.pop("cost")
    row["cost_usd"] = None if cost is None else cost / NANO
    row["cost_reported_usd"] = fact.cost_reported
    for name in ("role", "agent_name", "effort", "stop_reason", "tries", "seen_by"):
        row[name] = getattr(fact, name)
    return {name: row[name] for name in CALLS}


def tool_rows(made: Iterable[AttemptFacts]) -> Iterator[Mapping[str, Any]]:
    """One row per use of a tool."""
    for one in made:
        for tool in one.facts.tool_calls:
            yield one.who | _flat(tool)


def delegation_rows(made: Iterable[AttemptFacts]) -> Iterator[Mapping[str, Any]]:
    """One row per use of a sub-agent, and one (``invoked`` false) for each that was registered and never used."""
    for one in made:
        for delegation in one.facts.delegations:
            row = one.who | _flat(delegation) | {"invoked": True}
            row.update(row.pop("tokens"))
            yield row
        used = {delegation.agent_name for delegation in one.facts.delegations}
        for name in one.facts.registered:
            if name not in used:
                yield dict.fromkeys(DELEGATIONS) | one.who | {"agent_name": name, "invoked": False}


def error_rows(made: Iterable[AttemptFacts]) -> Iterator[Mapping[str, Any]]:
    """One row per error and source that tells it."""
    for one in made:
        for error in one.facts.errors:
            yield one.who | error.to_json()


def source_rows(made: Iterable[AttemptFacts]) -> Iterator[Mapping[str, Any]]:
    """One row per attempt and source: the reconciliation."""
    for one in made:
        for source in one.facts.sources:
            yield one.who | _source(source)


def trial_columns(outcome: TrialOutcome, facts: Normalised | None) -> dict[str, Any]:
    """What a trial's row has from its counting attempt; all None where nothing was normalised."""
    if facts is None or outcome.attempt is None:
        return dict.fromkeys(TRIAL)
    return {
        "cost_reported_usd": facts.cost_reported_usd,
        "cost_differs": facts.cost_differs,
        "sources": {source.source.value: source.verdict for source in facts.sources},
        "tools": _by_tool(facts),
        "tools_from": facts.tools_from.value if facts.tools_from else None,
        "leaked": list(facts.leaked),
        "problems": list(facts.problems),
    }


TRIAL = {
    "cost_reported_usd": "DOUBLE", "cost_differs": "BOOLEAN", "sources": "JSON", "tools": "JSON",
    "tools_from": "VARCHAR", "leaked": "JSON", "problems": "JSON",
}  # fmt: skip


def _by_tool(facts: Normalised) -> dict[str, list[int]] | None:
    """Uses and failed uses by tool; None where "no tool calls" would not be known to be true."""
    if facts.measures.get("tool_calls") is None:
        return None
    found: dict[str, list[int]] = {}
    for tool in facts.tool_calls:
        counts = found.setdefault(tool.tool, [0, 0])
        counts[0] += 1
        counts[1] += bool(tool.failed)
    return dict(sorted(found.items()))


def _flat(record: Record) -> dict[str, Any]:
    row = record.to_json()
    row["measured_duration_ms"] = row.pop("duration_ms")
    return row


def _source(source: Reconciliation) -> dict[str, Any]:
    row = source.to_json()
    for side, name in (("source", "tokens"), ("gateway", "gateway")):
        row.update({f"{side}_{kind}": value for kind, value in row.pop(name).items()})
    return row | {"sentence": source.sentence}
