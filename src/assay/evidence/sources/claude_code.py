"""What Claude Code leaves: JSON events, OpenTelemetry, and session files of the main loop and each sub-agent.

Gaps, all documented: ``sub_agent_answers`` (the stream does not show the last request of a sub-agent in the
foreground, but its totals count it), ``output_tokens`` (without a result event the stream has no output count),
``rejected_tools`` (a call that is refused before it starts is in no OTLP event), ``active_time`` (OTLP says it only of
a turn that ended by itself), ``refused_request`` (a refused request is in no session file).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from assay.evidence.otlp import read_telemetry
from assay.evidence.sources.base import AttemptFiles, Source, SourceReport
from assay.evidence.sources.claude_code_session import Sessions, read_sessions
from assay.evidence.sources.claude_code_stream import Step, model_totals, read_step
from assay.evidence.sources.claude_code_telemetry import otlp_report
from assay.evidence.sources.values import number, whole
from assay.records import Tokens

SUB_AGENT_ANSWERS_GAP = "sub_agent_answers"
OUTPUT_GAP = "output_tokens"
REJECTED_TOOLS_GAP = "rejected_tools"
ACTIVE_TIME_GAP = "active_time"
REFUSED_REQUEST_GAP = "refused_request"


def read(files: AttemptFiles) -> Sequence[SourceReport]:
    """Return stream, OTLP and session reports."""
    steps = [read_step(output) for output in files.streams]
    sessions = read_sessions(files.home)
    names = {**sessions.names}
    for step in steps:
        names |= step.agents
    stream = _stream(steps)
    return (stream, _otlp(files, names, stream), _session(sessions))


def _stream(steps: Sequence[Step]) -> SourceReport:
    ends = [step.results[-1] for step in steps if step.results]
    finished = len(ends) == len(steps) > 0
    delegations = tuple(chain.from_iterable(step.delegations.values() for step in steps))
    in_foreground = any(one.background is not True for one in delegations)
    gaps = ((SUB_AGENT_ANSWERS_GAP,) if in_foreground else ()) + (() if finished else (OUTPUT_GAP,))
    unknown: Counter[str] = sum((step.unknown for step in steps), Counter())
    return SourceReport(
        Source.STREAM,
        calls=tuple(chain.from_iterable(step.calls.values() for step in steps)),
        totals=_totals(steps) if finished else None,
        cost_usd=_sum([end.get("total_cost_usd") for end in ends]) if finished else None,
        tool_calls=tuple(chain.from_iterable(step.tools.values() for step in steps)),
        delegations=delegations,
        errors=tuple(chain.from_iterable(step.errors for step in steps)),
        inventory=next((step.inventory for step in reversed(steps) if step.inventory is not None), None),
        api_s=_seconds(_sum([end.get("duration_api_ms") for end in ends])),
        wall_s=_seconds(_sum([result.get("duration_ms") for step in steps for result in step.results])),
        turns=sum(whole(result.get("num_turns")) or 0 for step in steps for result in step.results) if ends else None,
        finished=finished,
        problems=tuple(chain.from_iterable(step.problems for step in steps)),
        unknown=unknown,
        gaps=gaps,
    )


def _totals(steps: Sequence[Step]) -> dict[str, Tokens]:
    """Add the processes up; within one, the last result is cumulative."""
    totals: dict[str, Tokens] = {}
    for step in steps:
        for model, tokens in model_totals(step.results[-1]).items():
            totals[model] = totals.get(model, Tokens()) + tokens
    return totals


def _otlp(files: AttemptFiles, names: dict[str, str], stream: SourceReport) -> SourceReport:
    report = otlp_report(read_telemetry(files.folder), names)
    seen = {call.id for call in report.tool_calls}
    rejected = any(call.failed and call.exit_status is None and call.id not in seen for call in stream.tool_calls)
    gaps = (REJECTED_TOOLS_GAP,) if rejected and seen else ()
    return replace(report, gaps=gaps + ((ACTIVE_TIME_GAP,) if report.calls and report.active_s is None else ()))


def _session(sessions: Sessions) -> SourceReport:
    return SourceReport(
        Source.SESSION,
        calls=tuple(sessions.calls.values()),
        tool_calls=tuple(sessions.tools.values()),
        delegations=tuple(sessions.delegations),
        finished=sessions.closed,
        problems=tuple(sessions.problems),
        unknown=sessions.unknown,
        gaps=(REFUSED_REQUEST_GAP,) if sessions.refused else (),
    )


def _sum(values: Sequence[object]) -> float | None:
    known = [found for value in values if (found := number(value)) is not None]
    return sum(known) if known else None


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds / 1000, 3)
