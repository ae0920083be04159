"""Codex's events on standard output: the main thread's items, and its tokens once per turn. Shapes of version 0.169.

Blind spots: sub-agents' requests (the usage is that of the main thread), a patch that did not apply (it leaves no
item), requests one by one, times, and the model. A turn that did not end has no usage at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.evidence.sources.base import Delegation, ErrorEvent, Scope, Source, SourceReport, ToolCall
from assay.evidence.sources.codex_values import tokens
from assay.evidence.sources.values import SHOWN, digest, mapping, text, whole
from assay.evidence.streams import Line, lines
from assay.records import Role, Tokens

SUB_AGENTS_GAP = "sub_agents"
FAILED_PATCH_GAP = "failed_patch"
OPEN_TURN_GAP = "open_turn"
_TOOLS = {
    "command_execution": "exec_command",
    "file_change": "apply_patch",
    "web_search": "web_search",
    "todo_list": "update_plan",
}
_INTERRUPTED = 130
_SILENT = frozenset({"agent_message", "reasoning", "error"})
_KNOWN = frozenset({"thread.started", "turn.started"})
_STATUS = re.compile(r"(?:unexpected status|exceeded retry limit, last status:?) (\d{3})")
_API = ("stream disconnected", "error sending request", "high demand", "quota", "rate limit", "server_error", "timeout")


@dataclass
class _Seen:
    """What the lines read so far say."""

    thread: str = ""
    turns: int = 0
    usage: dict[str, Tokens] = field(default_factory=dict)
    tools: dict[str, ToolCall] = field(default_factory=dict)
    delegations: list[Delegation] = field(default_factory=list)
    errors: list[ErrorEvent] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    open_turns: int = 0


def stream_report(outputs: Sequence[Path]) -> SourceReport:
    """Read the events of all steps."""
    seen = _Seen()
    for step, output in enumerate(outputs):
        for line in lines(output):
            _line(seen, line, step)
    ended = bool(seen.usage) and seen.open_turns == 0
    return SourceReport(
        Source.STREAM,
        Scope.MAIN,
        totals={"": sum(seen.usage.values(), Tokens())} if seen.usage else None,
        tool_calls=tuple(tool if ended else _stopped(tool) for tool in seen.tools.values()),
        delegations=tuple(seen.delegations),
        errors=tuple(seen.errors),
        turns=seen.turns or None,
        finished=ended,
        problems=tuple(seen.problems),
        unknown=dict(seen.unknown),
        gaps=(SUB_AGENTS_GAP, FAILED_PATCH_GAP, *(() if ended else (OPEN_TURN_GAP,))),
    )


def failure(output: Path) -> ErrorEvent | None:
    """Return why the turn failed; None when it did not. ``kind`` is ``api`` where a provider did not answer."""
    last: ErrorEvent | None = None
    for line in lines(output):
        event = line.event or {}
        if event.get("type") == "turn.completed":
            last = None
        elif event.get("type") in {"turn.failed", "error"}:
            last = _error(event)
    return last


def _line(seen: _Seen, line: Line, step: int) -> None:
    event = line.event
    if event is None:
        seen.problems += line.complaints
        return
    kind = str(event.get("type"))
    if kind.startswith("item."):
        _item(seen, mapping(event.get("item")), kind, step)
    elif kind == "turn.completed":
        seen.open_turns -= 1
        if "input_tokens" not in mapping(event.get("usage")):
            seen.problems.append("turn.completed without usage.input_tokens")
        else:
            # The usage of a thread that is resumed goes on counting from the step before.
            seen.usage[seen.thread] = tokens(event["usage"])
    elif kind in {"turn.failed", "error"}:
        seen.errors.append(_error(event))
    elif kind not in _KNOWN:
        seen.unknown[kind] += 1
    seen.open_turns += kind == "turn.started"
    seen.turns += kind == "turn.started"
    seen.thread = str(event.get("thread_id")) if kind == "thread.started" else seen.thread


def _item(seen: _Seen, item: Mapping[str, Any], event: str, step: int) -> None:
    """An item comes up to three times; the last one counts."""
    kind = str(item.get("type"))
    if kind == "error" and event == "item.completed":
        seen.errors.append(ErrorEvent("agent", str(item.get("message")), Source.STREAM))
    if kind in _SILENT:
        return
    if kind == "collab_tool_call":
        _collaboration(seen, item, event, step)
    elif kind == "mcp_tool_call":
        name = f"{item.get('server')}.{item.get('tool')}"
        seen.tools[_id(item, step)] = _tool(item, name, mapping(item.get("arguments")), step)
    elif kind in _TOOLS:
        arguments = item.get("command") or item.get("changes") or item.get("query") or item.get("items")
        seen.tools[_id(item, step)] = _tool(item, _TOOLS[kind], arguments, step)
    else:
        seen.unknown[f"item {kind}"] += event == "item.completed"


def _collaboration(seen: _Seen, item: Mapping[str, Any], event: str, step: int) -> None:
    name = str(item.get("tool"))
    seen.tools[_id(item, step)] = _tool(item, "wait_agent" if name == "wait" else name, item.get("prompt"), step)
    started = item.get("receiver_thread_ids")
    if name == "spawn_agent" and event == "item.completed" and isinstance(started, list):
        # The role that was asked for is not among what is printed.
        seen.delegations += [Delegation("", Source.STREAM, id=str(thread)) for thread in started]


def _tool(item: Mapping[str, Any], name: str, arguments: Any, step: int) -> ToolCall:
    code = whole(item.get("exit_code"))
    failed = {"completed": bool(code), "failed": True, "declined": True}.get(str(item.get("status")))
    shown, whole_id = digest(arguments)
    kind = ("exit_status" if code is not None else "other") if failed else None
    return ToolCall(
        id=_id(item, step),
        tool=name,
        source=Source.STREAM,
        role=Role.MAIN,
        arguments=shown,
        arguments_id=whole_id,
        failed=failed,
        exit_status=code,
        error_class=kind,
        error=text(str(item.get("aggregated_output") or "")[-SHOWN:]) if failed else None,
    )


def _stopped(tool: ToolCall) -> ToolCall:
    """A command that Codex ends because it is told to stop itself comes back with an interrupt's status."""
    if tool.exit_status != _INTERRUPTED:
        return tool
    return replace(tool, failed=None, exit_status=None, error_class="interrupted", error=None)


def _id(item: Mapping[str, Any], step: int) -> str:
    """Items are counted anew in each step."""
    return f"{step}/{item.get('id')}"


def _error(event: Mapping[str, Any]) -> ErrorEvent:
    message = str(mapping(event.get("error")).get("message") or event.get("message") or "unknown error")
    found = _STATUS.search(message)
    low = message.lower()
    is_api = found is not None or any(mark in low for mark in _API)
    return ErrorEvent(
        "api" if is_api else "agent",
        " ".join(message.split())[:500],
        Source.STREAM,
        status=int(found[1]) if found else None,
        retried=True if low.startswith("reconnecting") else None,
    )
