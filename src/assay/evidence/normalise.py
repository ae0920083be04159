"""One attempt's evidence -> facts, in one pure, versioned function over the four sources. Nothing here guesses.

The gateway's log says what was sent and billed; the agent's event stream, OTLP and session files say on whose behalf,
with which tools, and what the agent believes. What cannot be read is a sentence in ``problems``, and the rest counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from assay.evidence.commits import commits
from assay.evidence.conversation import tool_uses
from assay.evidence.coordination import Asked, coordination
from assay.evidence.cut import cut_off
from assay.evidence.gaps import HIDE_TOOLS, Counted
from assay.evidence.inventory import leaks, shipped
from assay.evidence.measures import Seen, Value, measures
from assay.evidence.offered import offered
from assay.evidence.reconcile import Reconciliation, cost_of, costs_differ, reconcile, total
from assay.evidence.retries import Try, has_failed, tries
from assay.evidence.roles import Claim, Joined, claims, declared_models, join
from assay.evidence.sources.base import (
    AttemptFiles,
    Delegation,
    ErrorEvent,
    Inventory,
    Source,
    SourceReport,
    ToolCall,
)
from assay.evidence.sources.readers import reader
from assay.evidence.sources.values import SHOWN
from assay.evidence.tool_calls import Bodies, Gathered, gather
from assay.records import Arm, Call, Record, Role, Tokens

NORMALISE_VERSION = 2

_reader = lru_cache(maxsize=None)(reader)  # looking for plug-ins takes a millisecond


@dataclass(frozen=True, slots=True)
class CallFact(Record):
    """One request with what all sources make of it. ``tries`` = 1 + failed requests with the same body before it.

    ``role`` and ``tries`` are None where they are not known; ``cost_reported`` is the agent's own figure in USD;
    ``seen_by`` counts the agent's own sources that have a row of it.
    """

    call: Call
    role: Role | None
    agent_name: str | None = None
    effort: str | None = None
    stop_reason: str | None = None
    tries: int | None = None
    cost_reported: float | None = None
    seen_by: int = 0


@dataclass(frozen=True, slots=True)
class Normalised(Record):
    """The facts of one attempt. ``tools_from`` and ``delegations_from``: the source they are from, None = no source.

    ``registered`` are the sub-agents that the agent says it has, else those declared. ``leaked`` are sentences
    ``leaked: <kind> <name>``. ``cost_usd`` is recomputed, ``cost_reported_usd`` the agent's own figure;
    ``cost_differs`` when they are more than 1% apart, None when that is not known.
    ``lookups`` are the names that were asked of the name server inside the sandbox, None = not audited.
    """

    calls: tuple[CallFact, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tools_from: Source | None = None
    delegations: tuple[Delegation, ...] = ()
    registered: tuple[str, ...] = ()
    errors: tuple[ErrorEvent, ...] = ()
    sources: tuple[Reconciliation, ...] = ()
    inventory: Inventory | None = None
    leaked: tuple[str, ...] = ()
    cost_usd: float | None = None
    cost_reported_usd: float | None = None
    cost_differs: bool | None = None
    lower_bound: bool = False
    lookups: tuple[str, ...] | None = None
    problems: tuple[str, ...] = ()
    measures: Mapping[str, Value] = field(default_factory=dict)


def normalise(
    folder: Path, arm: Arm, calls: Sequence[Call], reports: Sequence[SourceReport] | None = None
) -> Normalised:
    """Derive the facts of one attempt from its folder and its gateway calls. Never raises for what lies there.

    ``reports`` are what the agent's reader said, when they are known already.
    """
    failure, exits = None, _exits(folder)
    if reports is None:
        reports, failure = _read(folder, arm.agent)
    bodies = Bodies(folder)
    joined = join(calls, reports)
    who = claims(calls, arm, reports, joined, bodies.offers_tools)
    tried = tries(calls, bodies)
    facts = tuple(_call_fact(call, who[call.seq], joined, tried[call.seq].number) for call in calls)
    counted = [Counted(fact.call, fact.role, frozenset(joined.get(fact.call.seq, ()))) for fact in facts]
    tools = gather(reports, calls, who, bodies)
    sources = reconcile(counted, reports)
    delegations = _delegations(reports, facts)
    inventory = _inventory(reports, _offered(arm, facts, bodies) if reports else None)
    registered = _registered(inventory, arm)
    leaked = leaks(inventory, arm) if inventory else ()
    delegations_known = bool(delegations) or _delegations_known(reports, facts)
    reported = next((one for one in sources if one.cost_usd is not None), None)
    seen = Seen(
        counted=counted,
        tokens=total(counted),
        tools=tools.calls,
        tools_known=_tools_known(tools, reports, calls, bodies),
        failures_known=_failures_known(tools, reports),
        delegations=delegations,
        delegations_known=delegations_known,
        registered=len(registered),
        reports=reports,
        wall_s=_wall_s(exits),
        commits=commits(tools.calls, tools.committing, SHOWN),
        coordination=coordination(counted, delegations, lambda: _asked(counted, bodies), known=delegations_known),
    )
    return Normalised(
        calls=facts,
        tool_calls=tools.calls,
        tools_from=tools.source,
        delegations=delegations,
        registered=registered,
        errors=_errors(reports, calls, tried, leaked),
        sources=sources,
        inventory=inventory,
        leaked=leaked,
        cost_usd=cost_of(counted),
        cost_reported_usd=reported.cost_usd if reported else None,
        cost_differs=costs_differ(reported.cost_usd, reported.gateway_cost_usd) if reported else None,
        lower_bound=any(call.in_flight_at_kill for call in calls),
        lookups=_lookups(exits),
        problems=_problems(reports, bodies, failure, cut_off(folder)),
        measures=measures(seen),
    )


def _read(folder: Path, agent: str) -> tuple[tuple[SourceReport, ...], str | None]:
    """Ask the agent's reader; one that fails, against its contract, costs its own sources and no more."""
    try:
        known = _reader(agent)
        return (() if known is None else tuple(known.read(AttemptFiles(folder)))), None
    except Exception as error:  # noqa: BLE001 - a reader may be a plug-in
        return (), f"the reader of {agent} failed: {type(error).__name__}: {error}"


def _call_fact(call: Call, claim: Claim, joined: Joined, tries: int | None) -> CallFact:
    rows = tuple(joined.get(call.seq, {}).values())
    return CallFact(
        call=call,
        role=claim.role,
        agent_name=claim.agent_name,
        effort=claim.effort,
        stop_reason=call.stop_reason or next((row.stop_reason for row in rows if row.stop_reason), None),
        tries=tries,
        cost_reported=next((row.cost_usd for row in rows if row.cost_usd is not None), None),
        seen_by=len(rows),
    )


def _delegations(reports: Sequence[SourceReport], facts: Sequence[CallFact]) -> tuple[Delegation, ...]:
    """Take the source that names most; fill its gaps by id from the others, then from the gateway where it is sure.

    The gateway's requests of a sub-agent are those of one delegation when that agent was used once.
    """
    told = sorted((report.delegations for report in reports if report.delegations), key=len, reverse=True)
    if not told:
        return ()
    best, *others = told
    by_id = {one.id: one for other in others for one in other if one.id is not None}
    filled = [_filled(one, by_id.get(one.id or "")) for one in best]
    alone = Counter(one.agent_name for one in filled)
    return tuple(_counted(one, facts) if alone[one.agent_name] == 1 else one for one in filled)


def _delegations_known(reports: Sequence[SourceReport], facts: Sequence[CallFact]) -> bool:
    """Tell whether "nothing was delegated" can be believed, of sources that name no delegation.

    One that has its end would show it; so would one that lists every request of the main loop that was answered.
    """
    if any(fact.role is Role.SUB_AGENT for fact in facts):
        return False
    if any(report.finished for report in reports):
        return True
    main = [fact for fact in facts if fact.role in {Role.MAIN, None} and fact.call.tokens.total is not None]
    return any(report.calls for report in reports) and all(fact.seen_by for fact in main)


def _filled(one: Delegation, other: Delegation | None) -> Delegation:
    if other is None:
        return one
    names = ("model", "background", "failed", "calls", "tool_calls", "cost_usd", "at_ms", "duration_ms")
    known = {name: getattr(other, name) for name in names if getattr(one, name) is None}
    tokens = other.tokens if one.tokens.total is None else one.tokens
    return replace(one, agent_name=one.agent_name or other.agent_name, tokens=tokens, **known)


def _counted(one: Delegation, facts: Sequence[CallFact]) -> Delegation:
    mine = [fact for fact in facts if fact.role is Role.SUB_AGENT and fact.agent_name == one.agent_name]
    if not mine:
        return one
    tokens = sum((fact.call.tokens for fact in mine), Tokens())
    cost = cost_of([Counted(fact.call, fact.role) for fact in mine])
    model = one.model or mine[0].call.model_served or mine[0].call.model_requested
    return replace(one, tokens=tokens, calls=len(mine), cost_usd=cost, model=model)


def _offered(arm: Arm, facts: Sequence[CallFact], bodies: Bodies) -> Inventory | None:
    """What the main loop offered its model first: the word of agents that say nothing of it elsewhere."""
    main = next(
        (fact.call for fact in facts if fact.role in {Role.MAIN, None} and bodies.offers_tools(fact.call)), None
    )
    body = None if main is None else bodies.get(main.seq, "request")
    return None if body is None else offered(body, arm)


def _inventory(reports: Sequence[SourceReport], on_the_wire: Inventory | None) -> Inventory | None:
    """Merge what the sources say, field by field, the best source first; the wire fills what they leave open."""
    own = [report.inventory for report in reports if report.inventory is not None]
    said = [*own, on_the_wire] if on_the_wire is not None else own
    if not said:
        return None
    fields = {
        name: next((value for one in said if (value := getattr(one, name)) is not None), None)
        for name in Inventory.__slots__
        if name != "settings"
    }
    return Inventory(**fields, settings=next((one.settings for one in said if one.settings), {}))


def _registered(inventory: Inventory | None, arm: Arm) -> tuple[str, ...]:
    """What the arm declares and what the agent says it has beyond what it is shipped with."""
    names = {name for names in declared_models(arm).values() for name in names}
    return tuple(sorted(names | set(inventory.sub_agents or () if inventory else ()) - shipped(arm, "sub_agents")))


def _tools_known(tools: Gathered, reports: Sequence[SourceReport], calls: Sequence[Call], bodies: Bodies) -> bool:
    """Tell whether "no tool calls" can be believed: a source of the agent's own, or whole answers, would show them."""
    whole = (report for report in reports if report.finished and report.sum() is not None)
    if tools.calls or any(not HIDE_TOOLS & set(report.gaps) for report in whole):
        return True
    if any(call.in_flight_at_kill for call in calls):
        return False  # what its answer asked for is not on the wire
    answered = [call for call in calls if call.status and call.error is None]
    return bool(answered) and all(bodies.get(call.seq, "response") is not None for call in answered)


def _failures_known(tools: Gathered, reports: Sequence[SourceReport]) -> bool:
    """Tell whether "no tool failed" can be believed: all ends are known, to a source that does not hide failures."""
    seen = tools.source is Source.GATEWAY or any(
        report.tool_calls and not HIDE_TOOLS & set(report.gaps) for report in reports
    )
    return seen and all(tool.failed is not None for tool in tools.calls)


def _errors(
    reports: Sequence[SourceReport], calls: Sequence[Call], tried: Mapping[int, Try], leaked: Sequence[str]
) -> tuple[ErrorEvent, ...]:
    """What went wrong, from every source by name; the same fault may show in several."""
    found = [
        ErrorEvent(
            "api",
            call.error or f"HTTP {call.status}",
            Source.GATEWAY,
            at_ms=call.sent_at,
            status=call.status or None,
            retried=tried[call.seq].recovered,
        )
        for call in calls
        if has_failed(call)
    ]
    found += [error for report in reports for error in report.errors]
    source = next((report.source for report in reports if report.inventory is not None), Source.STREAM)
    return (*found, *(ErrorEvent("inventory", sentence, source) for sentence in leaked))


def _problems(
    reports: Sequence[SourceReport], bodies: Bodies, failure: str | None, cut: Sequence[str]
) -> tuple[str, ...]:
    own = [f"{report.source}: {problem}" for report in reports for problem in report.problems]
    return tuple(
        dict.fromkeys([*([failure] if failure else []), *own, *([bodies.problem] if bodies.problem else []), *cut])
    )


def _asked(counted: Sequence[Counted], bodies: Bodies) -> Asked:
    """The tools that each answer of the main loop asked for, as the gateway saw it."""
    main = [one.call for one in counted if one.role is Role.MAIN]
    answers = {call.seq: (call.dialect, bodies.get(call.seq, "response")) for call in main}
    return {
        seq: None if body is None else [use.tool for use in tool_uses(dialect, body)]
        for seq, (dialect, body) in answers.items()
    }


def _wall_s(ends: Sequence[Mapping[str, Any]]) -> float | None:
    """Seconds of the agent's process, all steps together; None when a step has no end."""
    known = [float(end["wall_s"]) for end in ends if isinstance(end.get("wall_s"), int | float)]
    return sum(known) if known and len(known) == len(ends) else None


def _lookups(ends: Sequence[Mapping[str, Any]]) -> tuple[str, ...] | None:
    """Names that were looked up in any step; None when a step was not audited."""
    names = [end.get("lookups") for end in ends]
    if not names or not all(isinstance(found, list) for found in names):
        return None
    return tuple(sorted({str(name) for found in names for name in found or ()}))


def _exits(folder: Path) -> tuple[Mapping[str, Any], ...]:
    """How the agent's process ended in each step; empty for a step without an end."""
    try:
        return tuple(_exit(path / "status.json") for path in (folder / "steps").iterdir())
    except OSError:
        return ()


def _exit(path: Path) -> Mapping[str, Any]:
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))["exit"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, Mapping) else {}
