"""gemini-cli's session files: JSON lines, a message again and again as it grows; the last of each id counts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from assay.evidence.sources.base import Delegation, Scope, Source, SourceCall, SourceReport, ToolCall
from assay.evidence.sources.values import digest, json_lines, mapping, text, timestamp_ms, whole
from assay.records import Role, Tokens

PLACE = ".gemini/tmp"
SUB_AGENTS_GAP = "sub_agents"
RUNNING_GAP = "running_turn"
_EXITED = re.compile(r"^Exit Code: (-?\d+)", re.MULTILINE)
_DONE = frozenset({"success", "error", "cancelled"})


def read_sessions(home: Path) -> SourceReport:
    """Return the report over all files; a message without tokens was in flight."""
    problems: list[str] = []
    calls: list[SourceCall] = []
    tools: list[ToolCall] = []
    delegations: list[Delegation] = []
    # A sub-agent's file lies in a folder of its own, named for the use of the sub-agent.
    paths = sorted((home / PLACE).glob("**/chats/**/*.json*"), key=lambda path: (len(path.parts), path))
    if not paths:
        problems.append("the session file is missing")
    names: dict[str, str] = {}
    has_sub_agents = False
    counted: set[str] = set()
    for path in paths:
        head, messages = _messages(path, problems)
        role = Role.MAIN if head.get("kind", "main") == "main" else Role.SUB_AGENT
        has_sub_agents = has_sub_agents or role is Role.SUB_AGENT
        name = names.get(path.stem)
        for message in messages.values():
            # A session that goes on in another minute has another file, which begins with its past.
            if message.get("type") != "gemini" or (str(message["id"]) in counted and "tokens" not in message):
                continue
            counted.add(str(message["id"]))
            calls.append(replace(_call(message, role), agent_name=name))
            for entry in message.get("toolCalls") or ():
                call = _tool(mapping(entry), role, text(message.get("model")))
                tools.append(call if name is None else replace(call, agent_name=name))
                if call.tool == "invoke_agent":
                    delegations.append(_delegation(call, mapping(entry)))
                    names[delegations[-1].id or ""] = delegations[-1].agent_name
    missing = bool(delegations) and not has_sub_agents
    waiting = any(tool.failed is None for tool in tools)
    return SourceReport(
        Source.SESSION,
        Scope.MAIN if missing else Scope.ALL,
        calls=tuple(calls),
        tool_calls=tuple(tools),
        delegations=tuple(delegations),
        turns=len(calls),
        # It ends with an answer that calls nothing.
        finished=bool(calls) and not waiting and _last_word(calls) == "end",
        problems=tuple(problems),
        gaps=(*((SUB_AGENTS_GAP,) if missing else ()), *((RUNNING_GAP,) if waiting else ())),
    )


def _last_word(calls: list[SourceCall]) -> str | None:
    return next((call.stop_reason for call in reversed(calls) if call.role is Role.MAIN), None)


def _messages(path: Path, problems: list[str]) -> tuple[Mapping[str, Any], dict[str, Mapping[str, Any]]]:
    head: Mapping[str, Any] = {}
    found: dict[str, Mapping[str, Any]] = {}
    for entry in json_lines(path, problems):
        if "sessionId" in entry and not head:
            head = entry
        for message in (*(mapping(entry.get("$set")).get("messages") or ()), entry):
            if isinstance(message, Mapping) and message.get("id") and message.get("type"):
                _keep(found, message)
    return head, found


def _keep(found: dict[str, Mapping[str, Any]], message: Mapping[str, Any]) -> None:
    """A session that goes on writes all of its past again, without tokens and tools: what was known of it stays."""
    number = str(message["id"])
    if "tokens" in message or "tokens" not in found.get(number, {}):
        found[number] = message


def _call(message: Mapping[str, Any], role: Role) -> SourceCall:
    told = mapping(message.get("tokens"))
    prompt, tools, cached = (whole(told.get(name)) for name in ("input", "tool", "cached"))
    output, thoughts = whole(told.get("output")), whole(told.get("thoughts"))
    return SourceCall(
        model=text(message.get("model")),
        role=role,
        tokens=Tokens(
            input_uncached=None if prompt is None else prompt + (tools or 0) - (cached or 0),
            cache_read=cached,
            output=None if output is None else output + (thoughts or 0),
            reasoning=thoughts,
        ),
        at_ms=timestamp_ms(message.get("timestamp")),
        stop_reason="tools" if message.get("toolCalls") else "end",
    )


def _tool(entry: Mapping[str, Any], role: Role, model: str | None) -> ToolCall:
    given, name, state = mapping(entry.get("args")), str(entry.get("name")), entry.get("status")
    said = json.dumps(entry.get("result"), ensure_ascii=False).replace("\\n", "\n")
    exited = _EXITED.search(said) if name == "run_shell_command" else None
    status = int(exited[1]) if exited else 0 if name == "run_shell_command" and state == "success" else None
    failed = state != "success" or bool(status) if state in _DONE else None
    shown, shown_id = digest(given)
    return ToolCall(
        id=str(entry.get("id")),
        tool=name,
        source=Source.SESSION,
        agent_name=text(given.get("agent_name")) if name == "invoke_agent" else None,
        role=role,
        arguments=shown,
        arguments_id=shown_id,
        failed=failed,
        exit_status=status,
        error_class=("exit_status" if status else _class(state, said)) if failed else None,
        error=text(entry.get("resultDisplay")) if failed else None,
        at_ms=timestamp_ms(entry.get("timestamp")),
        model=model,
    )


def _class(state: Any, said: str) -> str:
    """The file has no kind of error, only words."""
    if state == "cancelled":
        return "interrupted"
    words = said.lower()
    if words.find('tool \\"') >= 0 and "not found" in words:
        return "invalid_input"
    return "not_found" if "not found" in words else "other"


def _delegation(call: ToolCall, entry: Mapping[str, Any]) -> Delegation:
    said = json.dumps(entry.get("result"), ensure_ascii=False)
    ended = re.search(r"Termination Reason: (\w+)", said)
    return Delegation(
        agent_name=call.agent_name or "",
        source=Source.SESSION,
        id=text(entry.get("agentId")) or call.id,
        failed=call.failed if ended is None else ended[1] != "GOAL",
        at_ms=call.at_ms,
    )
