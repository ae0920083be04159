"""What opencode leaves: JSON events (the main session's steps), its database (all sessions), and spans.

Blind spots, all documented: the request for a session's title is in neither events nor database; a step whose tool was
still running at a kill has no tokens yet; the last span may never be sent, even at a normal end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.evidence.otlp import read_telemetry
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
from assay.evidence.sources.opencode_database import Database, Message, Part, Session, read_database
from assay.evidence.streams import lines
from assay.evidence.telemetry import Span
from assay.identity import Json, content_id
from assay.records import Role, Tokens

TITLE_GAP = "title_request"
LAST_SPAN_GAP = "last_request"
RUNNING_STEP_GAP = "running_step"
SUB_AGENTS_GAP = "sub_agents"
_KNOWN = frozenset({"step_start", "text", "reasoning", "tool_use", "step_finish", "error"})
_ARGUMENTS = 200


def read(files: AttemptFiles) -> Sequence[SourceReport]:
    """Return stream, session and OTLP reports."""
    return (_stream(files.streams), _session(files.home), _otlp(files.folder))


def api_error(output: Path) -> ErrorEvent | None:
    """Return the error that a step ended with; None when it did not. ``status`` is the provider's, if it was one."""
    found = [line.event for line in lines(output) if line.event is not None and line.event.get("type") == "error"]
    return _error(found[-1], Source.STREAM) if found else None


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
                if line.text.strip():
                    problems.append(f"not a JSON event: {line.text.strip()[:80]}")
                continue
            last = str(event.get("type"))
            part = _mapping(event.get("part"))
            if last == "step_finish":
                if "tokens" not in part:
                    problems.append("step_finish without tokens")
                calls.append(
                    SourceCall(
                        tokens=_tokens(part.get("tokens")),
                        role=Role.MAIN,
                        cost_usd=part.get("cost") or None,
                        stop_reason=part.get("reason"),
                        at_ms=_whole(event.get("timestamp")),
                    )
                )
            elif last == "tool_use":
                tools.append(_tool(part, Source.STREAM, Role.MAIN))
                delegations += _delegated(part, tools[-1])
            elif last == "error":
                errors.append(_error(event, Source.STREAM))
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
        _tool(part.data, Source.SESSION, *_who(sessions.get(part.session)), at=part.at_ms) for part in database.tools
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
        tokens=_tokens(message.tokens),
        cost_usd=message.cost or None,
        at_ms=message.at_ms,
        duration_ms=None if message.ended_ms is None else float(message.ended_ms - message.at_ms),
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
        tokens=sum((_tokens(m.tokens) for m in counted), Tokens()),
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
    session = _mapping(_mapping(part.get("state")).get("metadata")).get("sessionId")
    return (
        Delegation(
            agent_name=tool.agent_name or "",
            source=Source.STREAM,
            id=_text(session) or tool.id,
            model=tool.model,
            failed=tool.failed,
            at_ms=tool.at_ms,
            duration_ms=tool.duration_ms,
        ),
    )


def _inventory(database: Database) -> Inventory | None:
    version = next((session.version for session in database.sessions if session.version), None)
    return Inventory(version=version) if version else None


def _otlp(folder: Path) -> SourceReport:
    telemetry = read_telemetry(folder)
    spans = [span for span in telemetry.spans if span.name == "ai.streamText.doStream"]
    return SourceReport(
        Source.OTLP, Scope.ALL, calls=tuple(map(_span_call, spans)), problems=telemetry.problems, gaps=(LAST_SPAN_GAP,)
    )


def _span_call(span: Span) -> SourceCall:
    given = span.attributes

    def count(*names: str) -> int | None:
        return next((_whole(given[name]) for name in names if name in given), None)

    prompt = count("ai.usage.inputTokens", "gen_ai.usage.input_tokens", "ai.usage.promptTokens")
    read = count("ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens")
    write = count("ai.usage.inputTokenDetails.cacheWriteTokens")
    uncached = count("ai.usage.inputTokenDetails.noCacheTokens")
    if uncached is None and prompt is not None:
        uncached = prompt - (read or 0) - (write or 0)
    first = given.get("ai.response.msToFirstChunk")
    return SourceCall(
        response_id=_text(given.get("ai.response.id") or given.get("gen_ai.response.id")),
        model=_text(given.get("ai.model.id") or given.get("gen_ai.request.model")),
        # All its work is offered tools; a title is not.
        role=None if "ai.prompt.tools" in given else Role.AUXILIARY,
        tokens=Tokens(
            input_uncached=uncached,
            cache_read=read,
            cache_write_unknown=write,
            output=count("ai.usage.outputTokens", "gen_ai.usage.output_tokens", "ai.usage.completionTokens"),
            reasoning=count("ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"),
        ),
        at_ms=round(span.start_ms),
        ttft_ms=float(first) if isinstance(first, int | float) else None,
        duration_ms=span.end_ms - span.start_ms,
        stop_reason=_text(given.get("ai.response.finishReason")),
    )


def _tokens(value: Any) -> Tokens:
    """Input without the cache; output without reasoning, which ours includes."""
    given = _mapping(value)
    cache = _mapping(given.get("cache"))
    output, reasoning = _whole(given.get("output")), _whole(given.get("reasoning"))
    return Tokens(
        input_uncached=_whole(given.get("input")),
        cache_read=_whole(cache.get("read")),
        cache_write_unknown=_whole(cache.get("write")),
        output=None if output is None else output + (reasoning or 0),
        reasoning=reasoning,
    )


def _tool(
    part: Mapping[str, Any], source: Source, role: Role | None, agent: str | None = None, at: int | None = None
) -> ToolCall:
    state, name = _mapping(part.get("state")), str(part.get("tool") or "")
    metadata, given, times = _mapping(state.get("metadata")), _mapping(state.get("input")), _mapping(state.get("time"))
    exit_status = _whole(metadata.get("exit"))
    status = state.get("status")
    failed = None if status not in {"completed", "error"} else status == "error" or bool(exit_status)
    begin, end = _whole(times.get("start")), _whole(times.get("end"))
    model = _mapping(metadata.get("model")).get("modelID")
    return ToolCall(
        id=str(part.get("callID") or part.get("id") or ""),
        tool=name,
        source=source,
        agent_name=_text(given.get("subagent_type")) if name == "task" else agent,
        role=role,
        arguments=str(dict(given))[:_ARGUMENTS],
        arguments_id=content_id("arguments", dict(given)),
        failed=failed,
        exit_status=exit_status,
        error_class=("exit_status" if exit_status else _error_class(state)) if failed else None,
        error=_text(state.get("error")) if failed else None,
        at_ms=begin if begin is not None else at,
        duration_ms=float(end - begin) if begin is not None and end is not None else None,
        model=_text(model),
    )


def _error_class(state: Mapping[str, Any]) -> str:
    said = str(state.get("error") or "").lower()
    if "invalid arguments" in said or "invalid tool" in said:
        return "invalid_input"
    if "not found" in said or "no such file" in said:
        return "not_found"
    if "abort" in said:
        return "interrupted"
    return "rejected" if "permission" in said or "rejected" in said else "other"


def _error(event: Mapping[str, Any], source: Source) -> ErrorEvent:
    error = _mapping(event.get("error"))
    data = _mapping(error.get("data"))
    status = _whole(data.get("statusCode"))
    message = str(data.get("message") or error.get("name") or "unknown error")
    kind = "api" if status is not None or error.get("name") == "APIError" else "agent"
    return ErrorEvent(kind, message, source, at_ms=_whole(event.get("timestamp")), status=status)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _whole(value: Json) -> int | None:
    """A whole number, also where it came as text or as a float."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return int(float(value)) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


__all__ = ["Part", "api_error", "read"]
