"""Claude Code's OpenTelemetry: log events for numbers, spans for who asked, metrics as a cross-check. Version 2.1.197.

Attributes of logs may be numbers or numbers as text. ``agent.name`` is ``custom`` for every declared sub-agent: its
real name comes by way of the span's ``agent_id``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from assay.evidence.sources.base import Delegation, ErrorEvent, Source, SourceCall, SourceReport, ToolCall
from assay.evidence.sources.values import SHOWN, digest, number, text, whole
from assay.evidence.telemetry import LogRecord, Point, Span, Telemetry
from assay.records import Role, Tokens

_PREFIX = "claude_code."
_KNOWN = frozenset(
    {
        "api_error", "api_refusal", "api_request", "api_retries_exhausted", "assistant_response", "compaction",
        "hook_execution_complete", "hook_execution_start", "hook_registered", "mcp_server_connection",
        "permission_mode_changed", "plugin_loaded", "skill_activated", "subagent_completed", "tool_decision",
        "tool_result", "user_prompt",
    }
)  # fmt: skip
_TOKENS = ("input_tokens", "cache_read_tokens", "cache_creation_tokens", "output_tokens")
_TYPES = {"input": "input_uncached", "cacheRead": "cache_read", "cacheCreation": "cache_write_unknown",
          "output": "output"}  # fmt: skip
_ERRORS = {"ShellError": "exit_status"}


def otlp_report(telemetry: Telemetry, names: Mapping[str, str]) -> SourceReport:
    """Return what OTLP says. ``names`` maps the ids of sub-agents to their names."""
    logs = [(log.name.removeprefix(_PREFIX), log) for log in telemetry.logs]
    requests = {str(span.attributes.get("request_id")): span for span in telemetry.spans if _is(span, "llm_request")}
    agents = {key: str(found) for key, span in requests.items() if (found := span.attributes.get("agent_id"))}
    calls = [_call(log, requests, agents, names) for name, log in logs if name == "api_request"]
    ended = [span for span in telemetry.spans if _is(span, "interaction")]
    active = [point.value for point in telemetry.points if point.name == f"{_PREFIX}active_time.total"]
    problems = [*telemetry.problems, *_missing(logs)]
    if ended:
        problems += _disagreements(telemetry.points, calls)
    costs = [call.cost_usd for call in calls if call.cost_usd is not None]
    times = [call.duration_ms for call in calls if call.duration_ms is not None]
    return SourceReport(
        Source.OTLP,
        calls=tuple(calls),
        cost_usd=sum(costs) if costs else None,
        tool_calls=tuple(_tools(logs, telemetry.spans, names)),
        delegations=tuple(_delegation(log) for name, log in logs if name == "subagent_completed"),
        errors=tuple(_error(name, log) for name, log in logs if name in {"api_error", "api_refusal"}),
        active_s=round(sum(active), 3) if active else None,
        api_s=round(sum(times) / 1000, 3) if times else None,
        finished=bool(ended),
        problems=tuple(problems),
        unknown=Counter(name for name, _ in logs if name not in _KNOWN),
    )


def _is(span: Span, kind: str) -> bool:
    return span.name == f"{_PREFIX}{kind}"


def _call(
    log: LogRecord, requests: Mapping[str, Span], agents: Mapping[str, str], names: Mapping[str, str]
) -> SourceCall:
    said = log.attributes
    key = text(said.get("request_id"))
    span = requests.get(key or "")
    source = str(said.get("query_source") or "")
    agent = names.get(agents.get(key or "", ""))
    return SourceCall(
        request_id=key,
        model=text(said.get("model")),
        role=_role(source, is_sub=key in agents),
        agent_name=agent or (_own_name(said.get("agent.name"))),
        effort=text(said.get("effort")),
        tokens=Tokens(
            input_uncached=whole(said.get("input_tokens")),
            cache_read=whole(said.get("cache_read_tokens")),
            cache_write_unknown=whole(said.get("cache_creation_tokens")),
            output=whole(said.get("output_tokens")),
        ),
        at_ms=round(log.at_ms - (number(said.get("duration_ms")) or 0.0)),
        ttft_ms=number(span.attributes.get("ttft_ms")) if span else None,
        duration_ms=number(said.get("duration_ms")),
        cost_usd=number(said.get("cost_usd")),
        stop_reason=text(span.attributes.get("stop_reason")) if span else None,
    )


def _role(source: str, *, is_sub: bool) -> Role | None:
    if is_sub or source.startswith("agent:") or source == "subagent":
        return Role.SUB_AGENT
    if source in {"sdk", "repl_main_thread", "main"}:
        return Role.MAIN
    return Role.AUXILIARY if source else None


def _own_name(name: Any) -> str | None:
    return name if isinstance(name, str) and name != "custom" else None


def _missing(logs: Sequence[tuple[str, LogRecord]]) -> list[str]:
    """Name what an api_request must say and does not, once each."""
    wanted = ("model", *_TOKENS)
    absent = {name for kind, log in logs if kind == "api_request" for name in wanted if name not in log.attributes}
    return [f"api_request without {name}" for name in wanted if name in absent]


def _disagreements(points: Sequence[Point], calls: Sequence[SourceCall]) -> list[str]:
    """Compare the token metric with the log events, by model. The events count."""
    metric: dict[str, Counter[str]] = {}
    for point in points:
        kind = _TYPES.get(str(point.attributes.get("type")))
        if point.name == f"{_PREFIX}token.usage" and kind:
            metric.setdefault(str(point.attributes.get("model")), Counter())[kind] += round(point.value)
    found = []
    for model, counts in sorted(metric.items()):
        logged = sum((call.tokens for call in calls if call.model == model), Tokens())
        for kind, value in sorted(counts.items()):
            said = getattr(logged, kind)
            if value != (said or 0):
                found.append(f"the metric token.usage says {value} {kind} of {model}, the log events {said}")
    return found


def _tools(
    logs: Sequence[tuple[str, LogRecord]], spans: Sequence[Span], names: Mapping[str, str]
) -> Sequence[ToolCall]:
    """A decision without a result is a call that never came back."""
    agents = {
        str(span.attributes.get("tool_use_id")): str(span.attributes.get("agent_id") or "")
        for span in spans
        if _is(span, "tool")
    }
    found: dict[str, ToolCall] = {}
    for name, log in logs:
        key = str(log.attributes.get("tool_use_id"))
        if name == "tool_result" or (name == "tool_decision" and key not in found):
            found[key] = _tool(key, log, agents.get(key), names, came_back=name == "tool_result")
    return list(found.values())


def _tool(key: str, log: LogRecord, agent: str | None, names: Mapping[str, str], *, came_back: bool) -> ToolCall:
    said = log.attributes
    lasted = number(said.get("duration_ms"))
    success = str(said.get("success")).lower() if came_back else None
    failed = {"true": False, "false": True}.get(success or "")
    kind = _ERRORS.get(str(said.get("error_type")), "other") if failed else None
    arguments = _json(said.get("tool_input"))
    shown, equal = (None, None) if arguments is None else digest(arguments)
    return ToolCall(
        id=key,
        tool=str(said.get("tool_name")),
        source=Source.OTLP,
        agent_name=names.get(agent) if agent else None,
        role=None if agent is None else Role.SUB_AGENT if agent else Role.MAIN,
        arguments=shown,
        arguments_id=equal,
        failed=failed,
        error_class=kind,
        error=str(said.get("error"))[:SHOWN] if failed and said.get("error") else None,
        at_ms=round(log.at_ms - (lasted or 0.0)),
        duration_ms=lasted,
    )


def _json(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None


def _delegation(log: LogRecord) -> Delegation:
    """Its token count is of the last request only, so it is not taken."""
    said = log.attributes
    lasted = number(said.get("duration_ms"))
    return Delegation(
        agent_name=str(said.get("agent_type") or "unknown"),
        source=Source.OTLP,
        model=text(said.get("model")),
        background={"true": True, "false": False}.get(str(said.get("is_async")).lower()),
        failed=False,
        tool_calls=whole(said.get("total_tool_uses")),
        at_ms=round(log.at_ms - (lasted or 0.0)),
        duration_ms=lasted,
    )


def _error(name: str, log: LogRecord) -> ErrorEvent:
    said = log.attributes
    message = str(said.get("error") or ("the model refused" if name == "api_refusal" else name))
    return ErrorEvent("api", message[:500], Source.OTLP, round(log.at_ms), whole(said.get("status_code")), False)
