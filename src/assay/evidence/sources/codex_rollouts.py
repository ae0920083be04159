"""Codex's session files, one per thread, as data. They survive every way to end. Shapes of version 0.169.

A line that was cut by a kill is passed over; any other that cannot be read is a problem.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.evidence.sources.values import json_lines, mapping, text, timestamp_ms, whole

PLACE = ".codex/sessions"
_ROOT = re.compile(r"- `(\w+)` = `([^`]+)`")
_SKILL = re.compile(r"- ([^:\s]+): [^\n]*?\(file: ([^/)]+)")
KNOWN_LINES = frozenset({"session_meta", "turn_context", "response_item", "event_msg", "token_usage_record",
                         "world_state", "compacted"})  # fmt: skip
KNOWN_EVENTS = frozenset({"task_started", "task_complete", "turn_aborted", "token_count", "item_completed", "error",
                          "stream_error", "warning", "thread_settings_applied", "agent_message", "user_message",
                          "agent_reasoning"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Usage:
    """One response of a model, as a thread has it."""

    response_id: str | None
    model: str | None
    effort: str | None
    at_ms: int | None
    tokens: Mapping[str, Any]


@dataclass
class Thread:
    """What one file holds. ``calls``, ``outputs`` and ``items`` are by call id; ``items`` are what was really done."""

    id: str = ""
    parent: str | None = None
    role: str | None = None
    version: str | None = None
    models: list[str] = field(default_factory=list)
    efforts: list[str] = field(default_factory=list)
    multi_agent: list[str | None] = field(default_factory=list)
    skills: tuple[str, ...] | None = None
    usages: list[Usage] = field(default_factory=list)
    calls: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    items: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    errors: list[tuple[str, int | None]] = field(default_factory=list)
    durations_ms: list[int] = field(default_factory=list)
    started: int = 0
    ended: int = 0
    aborted: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    problems: list[str] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)

    @property
    def is_open(self) -> bool:
        """True when a turn has no end, or there was none."""
        return self.started == 0 or self.started > self.ended + self.aborted

    @property
    def is_cut(self) -> bool:
        """True when a turn did not come to its own end: a request of it may be missing here."""
        return self.is_open or self.aborted > 0


def read_threads(home: Path) -> list[Thread]:
    """Read all session files, the main thread's first, then in order of time."""
    threads = [_thread(path) for path in sorted((home / PLACE).rglob("rollout-*.jsonl"))]
    return sorted(threads, key=lambda thread: (thread.parent is not None, thread.first_ms or 0))


def _thread(path: Path) -> Thread:
    thread = Thread(id=path.stem[-36:])
    for line in json_lines(path, thread.problems):
        kind, payload = str(line.get("type")), mapping(line.get("payload"))
        at = timestamp_ms(line.get("timestamp"))
        thread.first_ms = at if thread.first_ms is None else thread.first_ms
        thread.last_ms = at or thread.last_ms
        reads = _READS.get(kind)
        if reads is not None:
            reads(thread, payload, at)
        elif kind not in KNOWN_LINES:
            thread.unknown[kind] += 1
    if not thread.version:
        thread.problems.append(f"{path.name}: no session_meta with cli_version")
    return thread


def _meta(thread: Thread, payload: Mapping[str, Any], _: int | None) -> None:
    thread.id = text(payload.get("id")) or thread.id
    thread.parent = text(payload.get("parent_thread_id"))
    spawned = mapping(mapping(mapping(payload.get("source")).get("subagent")).get("thread_spawn"))
    thread.role = text(payload.get("agent_role")) or text(spawned.get("agent_role"))
    thread.version = text(payload.get("cli_version"))


def _context(thread: Thread, payload: Mapping[str, Any], _: int | None) -> None:
    thread.models.append(str(payload.get("model") or ""))
    thread.efforts.append(str(payload.get("effort") or ""))
    thread.multi_agent.append(text(payload.get("multi_agent_version")))


def _usage(thread: Thread, payload: Mapping[str, Any], at: int | None) -> None:
    usage = mapping(payload.get("usage"))
    if "input_tokens" not in usage:
        thread.problems.append("token_usage_record without usage.input_tokens")
        return
    found = text(payload.get("response_id"))
    # A session that is resumed may repeat what was there.
    if found is None or all(found != known.response_id for known in thread.usages):
        model, effort = (thread.models or [""])[-1], (thread.efforts or [""])[-1]
        thread.usages.append(Usage(found, model or None, effort or None, at, usage))


def _response_item(thread: Thread, payload: Mapping[str, Any], at: int | None) -> None:
    kind, call = str(payload.get("type")), str(payload.get("call_id"))
    if kind in {"function_call", "custom_tool_call", "local_shell_call"}:
        thread.calls[call] = payload
        if at is not None:
            thread.times[call] = at
    elif kind in {"function_call_output", "custom_tool_call_output"}:
        output = payload.get("output")
        thread.outputs[call] = output if isinstance(output, str) else json.dumps(output)
    elif kind == "message" and payload.get("role") == "developer" and thread.skills is None:
        thread.skills = _skills(json.dumps(payload.get("content")))


def _skills(content: str) -> tuple[str, ...] | None:
    """Names of the skills that the model is told of, but for those that are part of Codex itself."""
    _, told, listed = content.partition("### Available skills\\n")
    shipped = {root for root, path in _ROOT.findall(content) if path.endswith("/.system")}
    named = _SKILL.findall(listed.partition("###")[0])
    return tuple(name for name, root in named if root not in shipped) if told else None


def _event(thread: Thread, payload: Mapping[str, Any], at: int | None) -> None:
    kind, item = str(payload.get("type")), mapping(payload.get("item"))
    thread.started += kind == "task_started"
    thread.ended += kind == "task_complete"
    thread.aborted += kind == "turn_aborted"
    if kind == "task_complete" and (took := whole(payload.get("duration_ms"))) is not None:
        thread.durations_ms.append(took)
    elif kind == "item_completed":
        thread.items[str(item.get("id"))] = {**item, "started_at_ms": payload.get("started_at_ms"),
                                             "completed_at_ms": payload.get("completed_at_ms")}  # fmt: skip
    elif kind in {"error", "stream_error"}:
        thread.errors.append((str(payload.get("message")), at))
    elif kind not in KNOWN_EVENTS:
        thread.unknown[f"event_msg {kind}"] += 1


_READS = {
    "session_meta": _meta,
    "turn_context": _context,
    "token_usage_record": _usage,
    "response_item": _response_item,
    "event_msg": _event,
}
