"""What gemini-cli leaves: JSON events, OTLP, and one session file per conversation. Shapes of version 0.61.0.

Blind spots: events count tokens only at the end, over all requests (``requests``), and show the main loop's tools
alone; OTLP does not know how a command ended (``exit_status``); a session whose sub-agents' files are missing is the
main loop's (``sub_agents``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.evidence.sources.base import (
    AttemptFiles,
    Delegation,
    ErrorEvent,
    Inventory,
    Source,
    SourceReport,
    ToolCall,
)
from assay.evidence.sources.gemini_cli_session import read_sessions
from assay.evidence.sources.gemini_cli_telemetry import read_otlp
from assay.evidence.sources.gemini_cli_values import error_class
from assay.evidence.sources.values import between_ms, digest, mapping, text, timestamp_ms, whole
from assay.evidence.streams import lines
from assay.records import Role, Tokens

REQUESTS_GAP = "requests"
_KNOWN = frozenset({"init", "message"})
_EXITED = re.compile(r"Command exited with code: (-?\d+)|^Exit Code: (-?\d+)", re.MULTILINE)
_TURN_LIMIT = "FatalTurnLimitedError"
_API = re.compile(r"api|quota|fetch|network|\b[45]\d\d\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a step ended by its own word: ``error`` None = well, or it did not say.

    ``is_api``: it was the provider's error; ``is_limit``: its turns were used up.
    """

    error: str | None = None
    is_api: bool = False
    is_limit: bool = False


def read(files: AttemptFiles) -> Sequence[SourceReport]:
    """Return stream, session and OTLP reports."""
    return (_stream(files.streams), read_sessions(files.home), read_otlp(files.folder))


def ending(output: Path) -> Ending:
    """Return the last word of a step."""
    end = Ending()
    for line in lines(output):
        event = line.event
        if event is not None and event.get("type") == "result":
            error = mapping(event.get("error"))
            said = f"{error.get('type') or 'error'}: {error.get('message') or ''}"
            failed = event.get("status") == "error"
            limit = error.get("type") == _TURN_LIMIT
            told = Ending(" ".join(said.split())[:300], not limit and bool(_API.search(said)), limit)
            end = told if failed else Ending()
    return end


@dataclass(slots=True)
class _Using:
    """A use of a tool that may still be waiting for its result."""

    event: Mapping[str, Any]
    result: Mapping[str, Any] | None = None


def _stream(outputs: Iterable[Path]) -> SourceReport:
    used: dict[str, _Using] = {}
    totals: dict[str, Tokens] = {}
    errors: list[ErrorEvent] = []
    unknown: Counter[str] = Counter()
    model, wall_ms, finished = None, 0, False
    for output in outputs:
        finished = False
        for line in lines(output):
            event = mapping(line.event)
            kind = event.get("type")
            if kind == "init":
                model = text(event.get("model"))
            elif kind == "tool_use":
                used[str(event.get("tool_id"))] = _Using(event)
            elif kind == "tool_result" and str(event.get("tool_id")) in used:
                used[str(event.get("tool_id"))].result = event
            elif kind == "error":
                errors.append(ErrorEvent("agent", str(event.get("message")), Source.STREAM, _at(event)))
            elif kind == "result":
                finished = True
                stats = mapping(event.get("stats"))
                wall_ms += whole(stats.get("duration_ms")) or 0
                for name, counts in mapping(stats.get("models")).items():
                    totals[name] = totals.get(name, Tokens()) + _counts(mapping(counts))
                if event.get("status") == "error":
                    error = mapping(event.get("error"))
                    kind = "limit" if error.get("type") == _TURN_LIMIT else "api"
                    errors.append(ErrorEvent(kind, str(error.get("message")), Source.STREAM))
            elif event and kind not in _KNOWN:
                unknown[str(kind)] += 1
    tools = tuple(_tool(call_id, using) for call_id, using in used.items())
    return SourceReport(
        Source.STREAM,
        totals=totals if totals or finished else None,
        tool_calls=tools,
        delegations=tuple(_delegation(tool) for tool in tools if tool.tool == "invoke_agent"),
        errors=tuple(errors),
        inventory=Inventory(model=model) if model else None,
        wall_s=wall_ms / 1000 if finished else None,
        finished=finished,
        unknown=dict(unknown),
        gaps=(REQUESTS_GAP,),
    )


def _counts(counts: Mapping[str, Any]) -> Tokens:
    """``output_tokens`` is without thoughts, which are only in the total."""
    prompt, cached = whole(counts.get("input_tokens")), whole(counts.get("cached"))
    total = whole(counts.get("total_tokens"))
    return Tokens(
        input_uncached=None if prompt is None else prompt - (cached or 0),
        cache_read=cached,
        output=None if total is None or prompt is None else total - prompt,
    )


def _tool(call_id: str, using: _Using) -> ToolCall:
    given, result = mapping(using.event.get("parameters")), using.result
    name = str(using.event.get("tool_name"))
    error = mapping(result.get("error")) if result else {}
    exited = _EXITED.search(str(result.get("output") or "")) if result and name == "run_shell_command" else None
    status = int(exited[1] or exited[2]) if exited else None
    succeeded = result is not None and result.get("status") == "success"
    if name == "run_shell_command" and succeeded and status is None:
        status = 0
    failed = None if result is None else not succeeded or bool(status)
    begun, ended = _at(using.event), _at(result) if result else None
    shown, shown_id = digest(given)
    return ToolCall(
        id=call_id,
        tool=name,
        source=Source.STREAM,
        agent_name=text(given.get("agent_name")) if name == "invoke_agent" else None,
        role=Role.MAIN,
        arguments=shown,
        arguments_id=shown_id,
        failed=failed,
        exit_status=status,
        error_class=("exit_status" if status else error_class(text(error.get("type")))) if failed else None,
        error=text(error.get("message")) if failed else None,
        at_ms=begun,
        duration_ms=between_ms(begun, ended),
    )


def _delegation(tool: ToolCall) -> Delegation:
    return Delegation(
        agent_name=tool.agent_name or "",
        source=Source.STREAM,
        id=tool.id,
        failed=tool.failed,
        at_ms=tool.at_ms,
        duration_ms=tool.duration_ms,
    )


def _at(event: Mapping[str, Any]) -> int | None:
    return timestamp_ms(event.get("timestamp"))
