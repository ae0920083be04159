"""opencode's spellings, common to its events and its database: tokens, uses of tools, errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.evidence.sources.base import ErrorEvent, Source, ToolCall
from assay.evidence.sources.values import between_ms, digest, mapping, text, whole
from assay.records import Role, Tokens


def tokens(value: Any) -> Tokens:
    """Read a request's counts: input without the cache; output without reasoning, which ours includes."""
    given = mapping(value)
    cache = mapping(given.get("cache"))
    output, reasoning = whole(given.get("output")), whole(given.get("reasoning"))
    return Tokens(
        input_uncached=whole(given.get("input")),
        cache_read=whole(cache.get("read")),
        cache_write_unknown=whole(cache.get("write")),
        output=None if output is None else output + (reasoning or 0),
        reasoning=reasoning,
    )


def tool_call(
    part: Mapping[str, Any], source: Source, role: Role | None, agent: str | None = None, at: int | None = None
) -> ToolCall:
    """Read one use of a tool. ``at``: UTC ms at which it was asked for, where it did not begin."""
    state, name = mapping(part.get("state")), str(part.get("tool") or "")
    metadata, given, times = mapping(state.get("metadata")), mapping(state.get("input")), mapping(state.get("time"))
    exit_status = whole(metadata.get("exit"))
    status = state.get("status")
    failed = None if status not in {"completed", "error"} else status == "error" or bool(exit_status)
    begin, end = whole(times.get("start")), whole(times.get("end"))
    model = mapping(metadata.get("model")).get("modelID")
    shown, equal = digest(dict(given))
    return ToolCall(
        id=str(part.get("callID") or part.get("id") or ""),
        tool=name,
        source=source,
        agent_name=text(given.get("subagent_type")) if name == "task" else agent,
        role=role,
        arguments=shown,
        arguments_id=equal,
        failed=failed,
        exit_status=exit_status,
        error_class=("exit_status" if exit_status else _error_class(state)) if failed else None,
        error=text(state.get("error")) if failed else None,
        at_ms=begin if begin is not None else at,
        duration_ms=between_ms(begin, end),
        model=text(model),
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


def error_event(event: Mapping[str, Any], source: Source) -> ErrorEvent:
    """Read an error event; one with a status is the provider's."""
    error = mapping(event.get("error"))
    data = mapping(error.get("data"))
    status = whole(data.get("statusCode"))
    message = str(data.get("message") or error.get("name") or "unknown error")
    kind = "api" if status is not None or error.get("name") == "APIError" else "agent"
    return ErrorEvent(kind, message, source, at_ms=whole(event.get("timestamp")), status=status)
