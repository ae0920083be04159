"""What opencode leaves: JSON events (the main session's steps), its database (all sessions), and spans.

Blind spots, all documented: the request for a session's title is in neither events nor database; a step whose tool was
still running at a kill has no tokens yet; the last span may never be sent, even at a normal end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.evidence.sources.base import (
    AttemptFiles,
    Delegation,
    ErrorEvent,
    Inventory,
    Scope,
    Source,
    SourceCall,
    SourceReport,
    ToolCall,
)
from assay.evidence.sources.opencode_database import Database, Message, Session, read_database
from assay.evidence.sources.opencode_telemetry import otlp_report
from assay.evidence.sources.opencode_values import error_event, tokens, tool_call
from assay.evidence.sources.values import between_ms, mapping, text, whole
from assay.evidence.streams import lines
from assay.records import Role, Tokens

TITLE_GAP = "title_request"
RUNNING_STEP_GAP = "running_step"
SUB_AGENTS_GAP = "sub_agents"
_KNOWN = frozenset({"step_start", "text", "reasoning", "tool_use", "step_finish", "error"})


def read(files: AttemptFiles) -> Sequence[SourceReport]:
    """Return stream, session and OTLP reports."""
    return (_stream(files.streams), _session(files.home), otlp_report(files.folder))


def api_error(output: Path) -> ErrorEvent | None:
    """Return the error that a step ended with; None when it did not. ``status`` is the provider's, if it was one."""
    found = [line.event for line in lines(output) if line.event is not None and line.event.get("type") == "error"]
    return error_event(found[-1], Source.STREAM) if found else None


def _stream(outputs: Iterable[Path]) -> SourceReport:
    calls: list[SourceCall] = []
    tools: list[ToolCall] = []
    delegations: list[Delegation] = []
    errors: list[ErrorEvent] = []
    unknown: Counter[str] = Counter()
    problems: list[str] = []
    last = ""
    for output in outputs:
        for line in lines(output):
            event = line.event
            if event is None:
                problems += line.complaints
                continue
            last = str(event.get("type"))
            part = mapping(event.get("part"))
            if last == "step_finish":
                if "tokens" not in part:
                    problems.append("step_finish without tokens")
                calls.append(
                    SourceCall(
                        tokens=tokens(part.get("tokens")),
                        role=Role.MAIN,
                        cost_usd=part.get("cost") or None,
                        stop_reason=part.get("reason"),
                        at_ms=whole(event.get("timestamp")),
                    )
                )
            elif last == "tool_use":
                tools.append(tool_call(part, Source.STREAM, Role.MAIN))
                delegations += _delegated(part, tools[-1])
            elif last == "error":
                errors.append(error_event(event, Source.STREAM))
            elif last not in _KNOWN:
                unknown[last] += 1
    return SourceReport(
        Source.STREAM,
        Scope.MAIN,
        calls=tuple(calls),
        cost_usd=_cost(calls),
        tool_calls=tuple(tools),
        delegations=tuple(delegations),
        errors=tuple(errors),
        turns=len(calls),
        finished=last == "step_finish",
        problems=tuple(problems),
        unknown=dict(unknown),
        gaps=(SUB_AGENTS_GAP, TITLE_GAP),
    )


def _session(home: Path) -> SourceReport:
    database = read_database(home)
    sessions = {session.id: session for session in database.sessions}
    calls = [_call(message, sessions) for message in database.messages if message.tokens is not None]
    tools = [
        tool_call(part.data, Source.SESSION, *_who(sessions.get(part.session)), at=part.at_ms)
        for part in database.tools
    ]
    started = [m.at_ms for m in database.messages]
    ended = [m.ended_ms for m in database.messages if m.ended_ms is not None]
    open_steps = any(m.ended_ms is None for m in database.messages)
    return SourceReport(
        Source.SESSION,
        Scope.ALL,
        calls=tuple(calls),
        cost_usd=_cost(calls),
        tool_calls=tuple(tools),
        delegations=tuple(_delegation(session, database) for session in database.sessions if session.parent),
        inventory=_inventory(database),
        active_s=(max(ended) - min(started)) / 1000 if started and ended else None,
        finished=bool(calls) and not open_steps,
        problems=database.problems,
        gaps=(TITLE_GAP, *((RUNNING_STEP_GAP,) if open_steps else ())),
    )


def _cost(calls: Sequence[SourceCall]) -> float | None:
    """Add up its own figures. It writes 0 where its configuration names no price: that is not known."""
    costs = [call.cost_usd for call in calls if call.cost_usd is not None]
    return sum(costs) if costs else None


def _call(message: Message, sessions: Mapping[str, Session]) -> SourceCall:
    role, name = _who(sessions.get(message.session))
    return SourceCall(
        model=message.model,
        role=role,
        agent_name=name,
        tokens=tokens(message.tokens),
        cost_usd=message.cost or None,
        at_ms=message.at_ms,
        duration_ms=between_ms(message.at_ms, message.ended_ms),
        stop_reason=message.finish,
        error=message.error,
    )


def _who(session: Session | None) -> tuple[Role | None, str | None]:
    if session is None:
        return None, None
    return (Role.SUB_AGENT, session.agent) if session.parent else (Role.MAIN, None)


def _delegation(session: Session, database: Database) -> Delegation:
    mine = [m for m in database.messages if m.session == session.id]
    ended = [m.ended_ms for m in mine if m.ended_ms is not None]
    costs = [m.cost for m in mine if m.cost]
    counted = [m for m in mine if m.tokens is not None]
    return Delegation(
        agent_name=session.agent or "",
        source=Source.SESSION,
        id=session.id,
        model=mine[0].model if mine else None,
        failed=any(m.error for m in mine) if mine else None,
        tokens=sum((tokens(m.tokens) for m in counted), Tokens()),
        calls=len(counted),
        tool_calls=sum(part.session == session.id for part in database.tools),
        cost_usd=sum(costs) if costs else None,
        at_ms=session.at_ms,
        duration_ms=float(max(ended) - session.at_ms) if ended else None,
    )


def _delegated(part: Mapping[str, Any], tool: ToolCall) -> Sequence[Delegation]:
    """What a ``task`` call of the main session says; its tokens are in the session that it opened, named here."""
    if tool.tool != "task":
        return ()
    session = mapping(mapping(part.get("state")).get("metadata")).get("sessionId")
    return (
        Delegation(
            agent_name=tool.agent_name or "",
            source=Source.STREAM,
            id=text(session) or tool.id,
            model=tool.model,
            failed=tool.failed,
            at_ms=tool.at_ms,
            duration_ms=tool.duration_ms,
        ),
    )


def _inventory(database: Database) -> Inventory | None:
    version = next((session.version for session in database.sessions if session.version), None)
    return Inventory(version=version) if version else None
