"""Claude Code's session files: one for the main loop, one for each sub-agent. Shapes of version 2.1.197.

``.claude/projects/<folder>/<session>.jsonl`` and ``<session>/subagents/agent-<id>.jsonl`` with ``.meta.json``. A
message has a row for each of its blocks, all with the request's final usage: once per request counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.evidence.sources.base import Delegation, Source, SourceCall, ToolCall
from assay.evidence.sources.claude_code_values import (
    DELEGATING,
    SYNTHETIC,
    blocks,
    ended,
    tool_result,
    tool_use,
    usage_tokens,
)
from assay.evidence.sources.values import json_lines, mapping, text, timestamp_ms
from assay.records import Role, Tokens

PROJECTS = ".claude/projects"
_CLOSING = frozenset({"last-prompt", "mode"})
_KNOWN = frozenset(
    {
        "assistant", "attachment", "file-history-snapshot", "last-prompt", "mode", "queue-operation", "summary",
        "system", "user",
    }
)  # fmt: skip


@dataclass(slots=True)
class Sessions:
    """What all session files of an attempt say. ``names`` maps a sub-agent's id to its name."""

    calls: dict[str, SourceCall] = field(default_factory=dict)
    tools: dict[str, ToolCall] = field(default_factory=dict)
    delegations: list[Delegation] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    refused: bool = False
    closed: bool = False
    problems: list[str] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Asked:
    """How a sub-agent was started, from the main session."""

    background: bool | None = None
    failed: bool | None = None
    model: str | None = None


def read_sessions(home: Path) -> Sessions:
    """Read every session file below an attempt's HOME. Never raises for what lies there."""
    found = Sessions()
    asked: dict[str, _Asked] = {}
    root = home / PROJECTS
    for path in sorted(root.glob("*/*.jsonl")):
        rows = list(json_lines(path, found.problems))
        _take(found, rows, Role.MAIN, None)
        asked |= _asked(rows)
        found.closed = bool(rows) and rows[-1].get("type") in _CLOSING
    for path in sorted(root.glob("*/*/subagents/agent-*.jsonl")):
        _sub_agent(found, path, asked)
    return found


def _sub_agent(found: Sessions, path: Path, asked: Mapping[str, _Asked]) -> None:
    rows = list(json_lines(path, found.problems))
    key = path.stem.removeprefix("agent-")
    name = _meta_name(path) or next((str(row["attributionAgent"]) for row in rows if row.get("attributionAgent")), None)
    if name is None:
        found.problems.append(f"{path.name}: no row says which sub-agent this is")
        name = "unknown"
    found.names[key] = name
    calls = _take(found, rows, Role.SUB_AGENT, name)
    times = [at for row in rows if (at := timestamp_ms(row.get("timestamp"))) is not None]
    start = asked.get(key, _Asked())
    found.delegations.append(
        Delegation(
            agent_name=name,
            source=Source.SESSION,
            id=key,
            model=next((call.model for call in calls if call.model), start.model),
            background=start.background,
            failed=start.failed,
            tokens=sum((call.tokens for call in calls), Tokens()),
            calls=len(calls),
            tool_calls=sum(block.get("type") == "tool_use" for row in rows for block in blocks(row.get("message"))),
            at_ms=times[0] if times else None,
            duration_ms=float(times[-1] - times[0]) if times else None,
        )
    )


def _meta_name(path: Path) -> str | None:
    try:
        said = json.loads(path.with_suffix(".meta.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return text(mapping(said).get("agentType"))


def _asked(rows: Sequence[Mapping[str, Any]]) -> dict[str, _Asked]:
    """Return how each sub-agent was started, by its id."""
    asked = {}
    for row in rows:
        rich = mapping(row.get("toolUseResult"))
        key, status = text(rich.get("agentId")), rich.get("status")
        if key is not None:
            failed = False if status == "completed" else None
            asked[key] = _Asked(rich.get("isAsync") is True, failed, text(rich.get("resolvedModel")))
    return asked


def _take(
    found: Sessions, rows: Sequence[Mapping[str, Any]], role: Role, agent_name: str | None
) -> Sequence[SourceCall]:
    mine: dict[str, SourceCall] = {}
    for row in rows:
        kind = str(row.get("type"))
        if kind not in _KNOWN:
            found.unknown[kind] += 1
        elif kind == "assistant":
            _assistant(found, row, mine, (role, agent_name))
        elif kind == "user":
            _user(found, row)
    found.calls |= mine
    return list(mine.values())


def _assistant(
    found: Sessions, row: Mapping[str, Any], mine: dict[str, SourceCall], who: tuple[Role, str | None]
) -> None:
    message = mapping(row.get("message"))
    if message.get("model") == SYNTHETIC:
        found.refused = found.refused or message.get("stop_reason") == "refusal"
        return
    key, at = text(row.get("requestId")) or text(message.get("id")), timestamp_ms(row.get("timestamp"))
    if key is None:
        found.problems.append("assistant without requestId and message.id")
        return
    if key not in mine:
        if "usage" not in message:
            found.problems.append("assistant without message.usage")
        mine[key] = SourceCall(
            request_id=text(row.get("requestId")),
            response_id=text(message.get("id")),
            model=text(message.get("model")),
            role=who[0],
            agent_name=who[1],
            tokens=usage_tokens(message.get("usage")),
            at_ms=at,
            stop_reason=text(message.get("stop_reason")),
        )
    for block in blocks(message):
        if block.get("type") == "tool_use":
            tool = tool_use(block, Source.SESSION, who, at, text(message.get("model")))
            found.tools[tool.id] = tool


def _user(found: Sessions, row: Mapping[str, Any]) -> None:
    rich = mapping(row.get("toolUseResult"))
    for block in blocks(row.get("message")):
        known = found.tools.get(str(block.get("tool_use_id"))) if block.get("type") == "tool_result" else None
        if known is None:
            continue
        in_background = "backgroundTaskId" in rich or (known.tool in DELEGATING and rich.get("isAsync") is True)
        result = tool_result(known.tool, block, in_background=in_background)
        found.tools[known.id] = ended(known, result, timestamp_ms(row.get("timestamp")))
