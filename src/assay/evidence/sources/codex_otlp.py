"""What Codex's telemetry says: a log record per response and per tool, with numbers as text. Shapes of version 0.169.

A tool's ``success`` is that of the tool, not of the command that it ran: exit statuses are read from its answer.
Records have no response ids. After a kill the last batch (0.2 s) is missing, and all metrics.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from assay.evidence.otlp import read_telemetry
from assay.evidence.sources.base import Delegation, ErrorEvent, Inventory, Source, SourceCall, SourceReport, ToolCall
from assay.evidence.sources.codex_values import COMMANDS, OTLP_NAMES, complaint, exit_status, interrupted, tokens
from assay.evidence.sources.values import digest, number, text, whole
from assay.evidence.telemetry import LogRecord, Telemetry
from assay.identity import Json
from assay.records import Role

LAST_BATCH_GAP = "last_request"
NO_ROLE_GAP = "agent_names"
_KNOWN = frozenset({"codex.conversation_starts", "codex.user_prompt", "codex.api_request", "codex.sse_event",
                    "codex.tool_decision", "codex.tool_result", "codex.turn_ttft", "codex.startup_phase",
                    "codex.agent_communication", "codex.websocket_request", "codex.websocket_event"})  # fmt: skip
_SPAWNED = re.compile(r"subagent_thread_spawn_([0-9a-f-]{36})_d\d+")
_FIRST_ERROR = 400
_RECORDS_AN_END = 2
_REQUESTS = frozenset({"codex.api_request", "codex.sse_event"})
_COMPLETED = "response.completed"


def otlp_report(folder: Path) -> SourceReport:
    """Read the telemetry of one attempt."""
    telemetry = read_telemetry(folder)
    named = [(_name(record), record) for record in telemetry.logs]
    main = next((text(r.attributes.get("conversation.id")) for name, r in named if name.endswith("_starts")), None)
    counted = [r for name, r in named if name == "codex.sse_event" and "input_token_count" in r.attributes]
    ended = any(p.name == "codex.turn.e2e_duration_ms" and not _is_spawned(p.attributes) for p in telemetry.points)
    unknown = Counter(name for name, _ in named if name.startswith("codex.") and name not in _KNOWN)
    return SourceReport(
        Source.OTLP,
        calls=tuple(_call(record, main) for record in counted),
        tool_calls=tuple(_tool(record, main) for name, record in named if name == "codex.tool_result"),
        delegations=tuple(_delegations(telemetry)),
        errors=tuple(_errors([record for name, record in named if name in _REQUESTS])),
        inventory=_inventory([record for name, record in named if name == "codex.conversation_starts"]),
        finished=ended,
        problems=(*telemetry.problems, *_changed(named, counted)),
        unknown=dict(unknown),
        gaps=(NO_ROLE_GAP,) if ended else (NO_ROLE_GAP, LAST_BATCH_GAP),
    )


def _name(record: LogRecord) -> str:
    """The field holds a place in the source code, the attribute the name."""
    return str(record.attributes.get("event.name") or record.name)


def _changed(named: Sequence[tuple[str, LogRecord]], counted: Sequence[LogRecord]) -> Iterator[str]:
    """Name a schema that changed: each response ends in two records, one of which counts."""
    ends = [r.attributes for name, r in named if name == "codex.sse_event"]
    done = [given for given in ends if given.get("event.kind") == _COMPLETED and "error.message" not in given]
    if len(done) > _RECORDS_AN_END * len(counted):
        yield f"codex.sse_event of {_COMPLETED} without input_token_count"


def _role(record: LogRecord, main: str | None) -> Role | None:
    if main is None:
        return None
    return Role.MAIN if record.attributes.get("conversation.id") == main else Role.SUB_AGENT


def _call(record: LogRecord, main: str | None) -> SourceCall:
    given = record.attributes
    return SourceCall(
        model=text(given.get("model")),
        role=_role(record, main),
        effort=text(given.get("model_reasoning_effort")),
        tokens=tokens(given, OTLP_NAMES),
        at_ms=round(record.at_ms),
        ttft_ms=number(given.get("ttft_ms")),
    )


def _tool(record: LogRecord, main: str | None) -> ToolCall:
    given = record.attributes
    name, output = str(given.get("tool_name")), text(given.get("output"))
    stopped = interrupted(output)
    code = exit_status(output) if name in COMMANDS and not stopped else None
    success = {"true": True, "false": False}.get(str(given.get("success")).lower())
    failed = code != 0 if code is not None else None if success is None or stopped else not success
    took = whole(given.get("duration_ms"))
    kind, said = complaint(failed, code, output)
    shown, whole_id = digest(text(given.get("arguments")))
    return ToolCall(
        id=str(given.get("call_id")),
        tool=name,
        source=Source.OTLP,
        role=_role(record, main),
        arguments=shown,
        arguments_id=whole_id,
        failed=failed,
        exit_status=code,
        error_class=kind,
        error=said,
        at_ms=None if took is None else round(record.at_ms) - took,
        duration_ms=None if took is None else float(took),
        model=text(given.get("model")),
    )


def _delegations(telemetry: Telemetry) -> Iterator[Delegation]:
    """How often each role was started; which thread it became is not among it."""
    for point in telemetry.points:
        if point.name == "codex.multi_agent.spawn":
            for _ in range(round(point.value)):
                yield Delegation(str(point.attributes.get("role") or ""), Source.OTLP, at_ms=round(point.at_ms))


def _errors(requests: Sequence[LogRecord]) -> Iterator[ErrorEvent]:
    for record in requests:
        given = record.attributes
        status = whole(given.get("http.response.status_code"))
        message = text(given.get("error.message"))
        if message is not None or (status is not None and status >= _FIRST_ERROR):
            said = message or f"status {status}"
            yield ErrorEvent("api", said[:500], Source.OTLP, at_ms=round(record.at_ms), status=status)


def _inventory(starts: Sequence[LogRecord]) -> Inventory | None:
    if not starts:
        return None
    given = starts[0].attributes
    servers = given.get("mcp_servers")
    named = tuple(part.strip() for part in servers.split(",") if part.strip()) if isinstance(servers, str) else None
    settings: dict[str, Json] = {
        key: given[key] for key in ("provider_name", "approval_policy", "sandbox_policy") if key in given
    }
    return Inventory(text(given.get("app.version")), text(given.get("model")), mcp_servers=named, settings=settings)


def _is_spawned(attributes: object) -> bool:
    return _SPAWNED.search(str(attributes)) is not None
