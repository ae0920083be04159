"""What mini-swe-agent leaves: one trajectory per step, with every answer as it came. Shapes of version 2.4.6.

The file is written after each turn, so that at a kill the request in flight is missing, and the turn whose command was
running (``running_turn``); no other source says either. Costs are not its affair.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.evidence.sources.base import (
    AttemptFiles,
    ErrorEvent,
    Inventory,
    Source,
    SourceCall,
    SourceReport,
    ToolCall,
)
from assay.evidence.sources.values import SHOWN, between_ms, digest, mapping, number, text, whole
from assay.records import Role, Tokens

FOLDER = Path(".assay/mini")
RUNNING_TURN_GAP = "running_turn"
_ENDS = frozenset({"Submitted", "LimitsExceeded", "TimeExceeded", "RepeatedFormatError"})


@dataclass(slots=True)
class _Found:
    calls: list[SourceCall] = field(default_factory=list)
    tools: list[ToolCall] = field(default_factory=list)
    errors: list[ErrorEvent] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)


def read(files: AttemptFiles) -> Sequence[SourceReport]:
    """Return the session report: all steps' trajectories together."""
    found = _Found()
    paths = sorted((files.home / FOLDER).glob("*.traj.json"), key=lambda path: (len(path.name), path.name))
    if not paths:
        found.problems.append("the trajectory is missing")
    for path in paths:
        _read_file(path, found)
    finished = bool(paths) and len(found.ends) == len(paths) and all(end in _ENDS for end in found.ends)
    times = [call.at_ms for call in found.calls if call.at_ms is not None]
    return (
        SourceReport(
            Source.SESSION,
            calls=tuple(found.calls),
            tool_calls=tuple(found.tools),
            errors=tuple(found.errors),
            inventory=Inventory(version=found.versions[0], tools=("bash",)) if found.versions else None,
            active_s=(max(times) - min(times)) / 1000 if times else None,
            turns=len(found.calls),
            finished=finished,
            problems=tuple(found.problems),
            gaps=() if finished else (RUNNING_TURN_GAP,),
        ),
    )


def _read_file(path: Path, found: _Found) -> None:
    try:
        data = json.loads(path.read_text(encoding="utf-8", errors="replace"))
        info, messages = mapping(data["info"]), data["messages"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        found.problems.append(f"{path.name} cannot be read: {type(error).__name__}: {error}")
        return
    if info.get("mini_version"):
        found.versions.append(str(info["mini_version"]))
    end = str(info.get("exit_status") or "")
    if end:
        found.ends.append(end)
    if end and end not in _ENDS:
        last = mapping(mapping(messages[-1]).get("extra")) if messages else {}
        found.errors.append(ErrorEvent("api", str(last.get("exception_str") or end), Source.SESSION))
    results = {str(m.get("tool_call_id")): m for m in map(mapping, messages) if m.get("role") == "tool"}
    for message in map(mapping, messages):
        extra = mapping(message.get("extra"))
        if "response" in extra:
            found.calls.append(_call(extra, found.problems))
            found.tools.extend(_tools(extra, results, handed_in=end == "Submitted"))
        if extra.get("interrupt_type") == "FormatError":
            found.errors.append(ErrorEvent("agent", str(message.get("content"))[:SHOWN], Source.SESSION))


def _call(extra: Mapping[str, Any], problems: list[str]) -> SourceCall:
    response = mapping(extra.get("response"))
    usage = mapping(response.get("usage"))
    if not usage:
        problems.append("an answer without usage")
    choices = response.get("choices")
    choice = mapping(choices[0]) if isinstance(choices, list) and choices else {}
    prompt = whole(usage.get("prompt_tokens"))
    cached = whole(mapping(usage.get("prompt_tokens_details")).get("cached_tokens"))
    return SourceCall(
        response_id=text(response.get("id")),
        model=text(response.get("model")),
        role=Role.MAIN,
        tokens=Tokens(
            input_uncached=None if prompt is None else prompt - (cached or 0),
            cache_read=cached,
            output=whole(usage.get("completion_tokens")),
            reasoning=whole(mapping(usage.get("completion_tokens_details")).get("reasoning_tokens")),
        ),
        at_ms=_ms(extra),
        stop_reason=text(choice.get("finish_reason")),
    )


def _tools(
    extra: Mapping[str, Any], results: Mapping[str, Mapping[str, Any]], *, handed_in: bool
) -> Iterator[ToolCall]:
    """A command without a result never came back, but for the one that hands the work in: it ends the conversation."""
    begun = _ms(extra)
    for action in extra.get("actions") or ():
        call_id, command = str(action.get("tool_call_id")), str(action.get("command"))
        result = mapping(mapping(results.get(call_id)).get("extra"))
        back = "returncode" in result and result.get("exception_info") != "action was not executed"
        submitted = handed_in and "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT" in command
        status = 0 if submitted else whole(result.get("returncode")) if back else None
        timed_out = result.get("exception_type") == "TimeoutExpired"
        _, equal = digest({"command": command})
        yield ToolCall(
            id=call_id,
            tool="bash",
            source=Source.SESSION,
            role=Role.MAIN,
            arguments=command[:SHOWN],
            arguments_id=equal,
            failed=None if status is None else status != 0,
            exit_status=None if timed_out else status,
            error_class=("timeout" if timed_out else "exit_status") if status else None,
            error=str(result.get("exception_info") or "")[:SHOWN] or None if status else None,
            at_ms=begun,
            duration_ms=between_ms(begun, _ms(result) if back else None),
        )


def _ms(extra: Mapping[str, Any]) -> int | None:
    """Its times are seconds."""
    at = number(extra.get("timestamp"))
    return None if at is None else round(at * 1000)
