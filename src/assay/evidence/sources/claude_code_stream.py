"""Claude Code's events (``--output-format stream-json --verbose``), one process a step. Shapes of version 2.1.197.

A message comes once for each of its blocks, with the usage that the provider stated at its start: inputs are final,
output is a placeholder. Totals by model come with the ``result`` event; a background task that ends wakes the agent
for one more turn with a ``result`` of its own, cumulative over the process: the last one counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.evidence.sources.base import Delegation, ErrorEvent, Inventory, Source, SourceCall, ToolCall
from assay.evidence.sources.claude_code_values import (
    DELEGATING,
    SYNTHETIC,
    Result,
    background_result,
    blocks,
    ended,
    tool_result,
    tool_use,
    usage_tokens,
)
from assay.evidence.sources.values import mapping, number, text, timestamp_ms, whole
from assay.evidence.streams import Line, lines
from assay.identity import Json
from assay.records import Role, Tokens

_KNOWN = frozenset(
    {"assistant", "user", "result", "stream_event"}
    | {
        f"system/{name}"
        for name in (
            "init", "api_retry", "compact_boundary", "model_refusal_no_fallback", "status", "task_notification",
            "task_progress", "task_started", "task_updated", "thinking_tokens",
        )
    }
)  # fmt: skip
LIMITS = frozenset({"error_max_turns", "error_max_budget_usd"})
_LAST_WORDS = 300


@dataclass(slots=True)
class Step:
    """What one process printed. ``results`` are its result events; ``agents`` maps a sub-agent's id to its name."""

    calls: dict[str, SourceCall] = field(default_factory=dict)
    tools: dict[str, ToolCall] = field(default_factory=dict)
    delegations: dict[str, Delegation] = field(default_factory=dict)
    errors: list[ErrorEvent] = field(default_factory=list)
    results: list[Mapping[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    agents: dict[str, str] = field(default_factory=dict)
    inventory: Inventory | None = None
    last_words: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process says that it ended. ``detail`` is for people; ``last_words`` are the last ones that are no event.

    ``is_limit``: its turns or its money were used up. ``failed``: it says that it ended with an error.
    """

    is_result: bool = False
    is_limit: bool = False
    is_refusal: bool = False
    is_api_error: bool = False
    failed: bool = False
    asks: bool = False
    detail: str | None = None
    last_words: str | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)


def ending(output: Path) -> Ending:
    """Say how a step ended. Never raises for what was printed."""
    step = read_step(output)
    if not step.results:
        return Ending(last_words=step.last_words)
    last = step.results[-1]
    said = text(last.get("result")) or "; ".join(map(str, last.get("errors") or ())) or None
    subtype, failed = str(last.get("subtype")), last.get("is_error") is True
    refused = last.get("stop_reason") == "refusal"
    is_api = last.get("api_error_status") is not None or bool(said and failed and said.startswith("API Error"))
    asks = not failed and not step.tools and bool(said and said.rstrip().endswith("?"))
    names = ("subtype", "num_turns", "stop_reason", "terminal_reason", "api_error_status")
    return Ending(
        is_result=True,
        is_limit=subtype in LIMITS,
        is_refusal=refused,
        is_api_error=failed and is_api and not refused,
        failed=failed,
        asks=asks,
        detail=(said or subtype)[:500] if failed or asks else None,
        last_words=step.last_words,
        facts={name: last[name] for name in names if last.get(name) is not None},
    )


def read_step(output: Path) -> Step:
    """Read all events of one step."""
    step, found = Step(), list(lines(output))
    zero = _zero(found)
    for line in found:
        if line.event is None:
            if line.text.strip():
                step.last_words = line.text.strip()[:_LAST_WORDS]
                step.problems += line.complaints
            continue
        at = round(zero + line.at_s * 1000) if zero is not None else None
        _take(step, line.event, at)
    return step


def _zero(found: list[Line]) -> float | None:
    """Return when the step began in UTC ms, from an event that says when it happened and when it came."""
    known = ((line, timestamp_ms(line.event.get("timestamp"))) for line in found if line.event is not None)
    return next((stamp - line.at_s * 1000 for line, stamp in known if stamp is not None), None)


def _take(step: Step, event: Mapping[str, Any], at: int | None) -> None:
    kind = str(event.get("type"))
    kind = f"{kind}/{event.get('subtype')}" if kind == "system" else kind
    if kind not in _KNOWN:
        step.unknown[kind] += 1
    elif kind == "assistant":
        _assistant(step, event, at)
    elif kind == "user":
        _user(step, event, at)
    elif kind == "result":
        step.results.append(event)
        _result(step, event, at)
    elif kind == "system/init":
        _init(step, event)
    elif kind == "system/api_retry":
        message = str(event.get("error") or "a request failed")
        step.errors.append(ErrorEvent("api", message, Source.STREAM, at, whole(event.get("error_status")), True))
    elif kind in {"system/task_started", "system/task_notification"}:
        _task(step, event, at)


def _init(step: Step, event: Mapping[str, Any]) -> None:
    """It comes again before each turn: the last one counts."""
    for name in ("claude_code_version", "model", "tools", "agents"):
        if name not in event:
            step.problems.append(f"system/init without {name}")
    servers = event.get("mcp_servers")
    names = [str(mapping(server).get("name")) for server in servers] if isinstance(servers, list) else None
    plugins = event.get("plugins")
    step.inventory = Inventory(
        version=text(event.get("claude_code_version")),
        model=text(event.get("model")),
        tools=_names(event.get("tools")),
        sub_agents=_names(event.get("agents")),
        plugins=_names([mapping(one).get("name", one) for one in plugins] if isinstance(plugins, list) else None),
        mcp_servers=_names(names),
        skills=_names(event.get("skills")),
        settings={key: event[key] for key in ("permissionMode", "output_style", "fast_mode_state") if key in event},
    )


def _names(value: Any) -> tuple[str, ...] | None:
    return tuple(sorted(map(str, value))) if isinstance(value, list) else None


def _assistant(step: Step, event: Mapping[str, Any], at: int | None) -> None:
    message = mapping(event.get("message"))
    if message.get("model") == SYNTHETIC:
        return
    key = text(message.get("id"))
    if key is None:
        step.problems.append("assistant without message.id")
        return
    who = _who(event)
    if key not in step.calls:
        if "usage" not in message:
            step.problems.append("assistant without message.usage")
        step.calls[key] = SourceCall(
            request_id=text(event.get("request_id")),
            response_id=key,
            model=text(message.get("model")),
            role=who[0],
            agent_name=who[1],
            tokens=usage_tokens(message.get("usage"), is_final=False),
            at_ms=at,
        )
    for block in blocks(message):
        if block.get("type") == "tool_use":
            call = tool_use(block, Source.STREAM, who, at, text(message.get("model")))
            step.tools[call.id] = call
            if call.tool in DELEGATING:
                told = mapping(block.get("input"))
                name = text(told.get("subagent_type")) or "general-purpose"
                background = told.get("run_in_background") is True
                step.delegations[call.id] = Delegation(name, Source.STREAM, background=background, at_ms=at)


def _who(event: Mapping[str, Any]) -> tuple[Role, str | None]:
    is_sub = event.get("parent_tool_use_id") is not None
    return (Role.SUB_AGENT, text(event.get("subagent_type"))) if is_sub else (Role.MAIN, None)


def _user(step: Step, event: Mapping[str, Any], at: int | None) -> None:
    rich = mapping(event.get("tool_use_result"))
    for block in blocks(event.get("message")):
        key = str(block.get("tool_use_id"))
        if block.get("type") != "tool_result" or key not in step.tools:
            continue
        call = step.tools[key]
        result = tool_result(call.tool, block, in_background="backgroundTaskId" in rich)
        step.tools[key] = ended(call, result, at)
        if key in step.delegations:
            step.delegations[key] = _delegated(step.delegations[key], rich, result)


def _delegated(known: Delegation, rich: Mapping[str, Any], result: Result) -> Delegation:
    """The usage that it states is of the last request only, so it is not taken."""
    status = rich.get("status")
    background = rich.get("isAsync") is True or known.background
    failed = result.failed if background is not True or result.failed else None
    return replace(
        known,
        id=text(rich.get("agentId")) or known.id,
        agent_name=text(rich.get("agentType")) or known.agent_name,
        model=text(rich.get("resolvedModel")) or known.model,
        background=background,
        failed=False if status == "completed" else failed,
        tool_calls=whole(rich.get("totalToolUseCount")) if background is not True else known.tool_calls,
        duration_ms=number(rich.get("totalDurationMs")) or known.duration_ms,
    )


def _task(step: Step, event: Mapping[str, Any], at: int | None) -> None:
    """Sub-agents and background commands announce their start and their end."""
    key, task = str(event.get("tool_use_id")), text(event.get("task_id"))
    known = step.delegations.get(key)
    if event.get("subtype") == "task_started":
        if known is not None:
            step.delegations[key] = replace(known, id=task or known.id, at_ms=known.at_ms or at)
        if task and text(event.get("subagent_type")):
            step.agents[task] = str(event["subagent_type"])
        return
    result = background_result(str(event.get("summary")))
    if key in step.tools and known is None and result is not None:
        step.tools[key] = ended(step.tools[key], result, at)
    if known is not None:
        usage = mapping(event.get("usage"))
        step.delegations[key] = replace(
            known,
            failed=event.get("status") != "completed",
            tool_calls=whole(usage.get("tool_uses")),
            duration_ms=number(usage.get("duration_ms")) or known.duration_ms,
        )


def _result(step: Step, event: Mapping[str, Any], at: int | None) -> None:
    for name in ("is_error", "modelUsage"):
        if name not in event:
            step.problems.append(f"result without {name}")
    if event.get("is_error") is not True:
        return
    subtype = str(event.get("subtype"))
    said = text(event.get("result")) or "; ".join(map(str, event.get("errors") or ())) or subtype
    status = whole(event.get("api_error_status"))
    kind = "limit" if subtype in LIMITS else "agent" if subtype == "error_during_execution" else "api"
    step.errors.append(ErrorEvent(kind, said[:500], Source.STREAM, at, status, retried=False))


def model_totals(result: Mapping[str, Any]) -> dict[str, Tokens]:
    """Read a result's totals by model. They do not tell cache writes apart by how long they live."""
    totals = {}
    for model, entry in mapping(result.get("modelUsage")).items():
        used = mapping(entry)
        totals[str(model)] = Tokens(
            input_uncached=whole(used.get("inputTokens")),
            cache_read=whole(used.get("cacheReadInputTokens")),
            cache_write_unknown=whole(used.get("cacheCreationInputTokens")),
            output=whole(used.get("outputTokens")),
        )
    return totals
