"""gemini-cli's OTLP: log records for each answer and tool, with the sub-agent by its id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from assay.evidence.otlp import read_telemetry
from assay.evidence.sources.base import Delegation, ErrorEvent, Inventory, Source, SourceCall, SourceReport, ToolCall
from assay.evidence.sources.gemini_cli_values import error_class
from assay.evidence.sources.values import number, text, whole
from assay.evidence.telemetry import LogRecord, Telemetry
from assay.records import Role, Tokens

EXIT_STATUS_GAP = "exit_status"
_ROLES: Mapping[str, Role] = {"main": Role.MAIN, "subagent": Role.SUB_AGENT}
_FINISHED_WELL = "GOAL"


def read_otlp(folder: Path) -> SourceReport:
    """Return what was exported; its end is the record of the session's approval mode, which comes with the shutdown."""
    telemetry = read_telemetry(folder)
    by_id = _agents(telemetry)
    named = {name: [log for log in telemetry.logs if log.name == f"gemini_cli.{name}"] for name in _WANTED}
    calls = tuple(_call(log, by_id) for log in named["api_response"])
    return SourceReport(
        Source.OTLP,
        calls=calls,
        tool_calls=tuple(_tool(log, by_id, place) for place, log in enumerate(named["tool_call"])),
        delegations=tuple(_delegation(log, calls_of(log, named["api_response"])) for log in named["agent.finish"]),
        errors=tuple(map(_error, named["api_error"])),
        inventory=_inventory(named["config"]),
        finished=bool(named["plan.approval_mode_duration"]),
        problems=telemetry.problems,
        gaps=(EXIT_STATUS_GAP,),
    )


_WANTED = ("api_response", "api_error", "tool_call", "agent.finish", "config", "plan.approval_mode_duration")


def calls_of(finish: LogRecord, answers: Sequence[LogRecord]) -> tuple[Tokens, ...]:
    """Return the tokens of one sub-agent's requests."""
    mine = f"{finish.attributes.get('agent_id')}#"
    return tuple(_tokens(log) for log in answers if str(log.attributes.get("prompt_id")).startswith(mine))


def _agents(telemetry: Telemetry) -> dict[str, str]:
    return {
        str(log.attributes.get("agent_id")): str(log.attributes.get("agent_name"))
        for log in telemetry.logs
        if log.name == "gemini_cli.agent.start"
    }


def _who(log: LogRecord, by_id: Mapping[str, str]) -> str | None:
    return by_id.get(str(log.attributes.get("prompt_id")).partition("#")[0])


def _call(log: LogRecord, by_id: Mapping[str, str]) -> SourceCall:
    given = log.attributes
    return SourceCall(
        model=text(given.get("model")),
        role=_ROLES.get(str(given.get("role")), Role.AUXILIARY),
        agent_name=_who(log, by_id),
        tokens=_tokens(log),
        at_ms=round(log.at_ms),
        duration_ms=number(given.get("duration_ms")),
    )


def _tokens(log: LogRecord) -> Tokens:
    given = log.attributes
    prompt, tools = whole(given.get("input_token_count")), whole(given.get("tool_token_count"))
    cached = whole(given.get("cached_content_token_count"))
    output, thoughts = whole(given.get("output_token_count")), whole(given.get("thoughts_token_count"))
    return Tokens(
        input_uncached=None if prompt is None else prompt + (tools or 0) - (cached or 0),
        cache_read=cached,
        output=None if output is None else output + (thoughts or 0),
        reasoning=thoughts,
    )


def _tool(log: LogRecord, by_id: Mapping[str, str], place: int) -> ToolCall:
    """Its record has no id of the call, and does not say whether a command that ran ended well (``exit_status``)."""
    given = log.attributes
    who = _who(log, by_id)
    is_command = given.get("function_name") == "run_shell_command"
    failed = None if is_command and given.get("success") is True else given.get("success") is not True
    return ToolCall(
        id=f"otlp-{place}",
        tool=str(given.get("function_name")),
        source=Source.OTLP,
        agent_name=who,
        role=Role.SUB_AGENT if who else Role.MAIN,
        failed=failed,
        error_class=error_class(text(given.get("error_type"))) if failed else None,
        error=text(given.get("error")) if failed else None,
        at_ms=round(log.at_ms),
        duration_ms=number(given.get("duration_ms")),
    )


def _delegation(log: LogRecord, tokens: Sequence[Tokens]) -> Delegation:
    given = log.attributes
    duration = number(given.get("duration_ms"))
    return Delegation(
        agent_name=str(given.get("agent_name")),
        source=Source.OTLP,
        id=text(given.get("agent_id")),
        failed=str(given.get("terminate_reason")) != _FINISHED_WELL,
        tokens=sum(tokens, Tokens()),
        calls=len(tokens),
        at_ms=None if duration is None else round(log.at_ms - duration),
        duration_ms=duration,
    )


def _error(log: LogRecord) -> ErrorEvent:
    given = log.attributes
    message = str(given.get("error.message") or given.get("error") or "error")
    return ErrorEvent("api", message[:300], Source.OTLP, round(log.at_ms), whole(given.get("status_code")))


def _inventory(configs: Sequence[LogRecord]) -> Inventory | None:
    if not configs:
        return None
    given = configs[-1].attributes
    return Inventory(
        model=text(given.get("model")),
        mcp_servers=_listed(given.get("mcp_servers")),
        plugins=_listed(given.get("extensions")),
    )


def _listed(value: object) -> tuple[str, ...]:
    return tuple(name.strip() for name in str(value or "").split(",") if name.strip())
