"""The measures of one attempt: a register of what each is, and their computation. Unknown is None, never 0.

In tables and cells a measure is a metric named ``measure:<name>``, so that it is never taken for a score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assay.evidence.calls import FIRST_ERROR_STATUS
from assay.evidence.coordination import UNKNOWN, Coordination
from assay.evidence.gaps import Counted
from assay.evidence.reconcile import cost_of, total, written
from assay.evidence.sources.base import Delegation, SourceReport, ToolCall
from assay.records import Record, Role, Tokens

PREFIX = "measure:"
Value = float | None


@dataclass(frozen=True, slots=True)
class Measure(Record):
    """What a number is. ``carries_model``: it can be split by model (else it is of the run as a whole)."""

    name: str
    unit: str
    source: str
    carries_model: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the measures of one attempt are computed from. ``registered`` None = the agent does not say."""

    counted: Sequence[Counted]
    tokens: Tokens
    tools: Sequence[ToolCall]
    tools_known: bool
    failures_known: bool
    delegations: Sequence[Delegation]
    delegations_known: bool
    registered: int | None
    reports: Sequence[SourceReport]
    wall_s: Value = None
    coordination: Coordination = UNKNOWN
    commits: int | None = None


def measures(seen: Seen) -> dict[str, Value]:
    """Compute every measure of ``MEASURES``, by its name."""
    return {name: compute(seen) for name, (_, compute) in _ALL.items()}


def in_cells(values: Mapping[str, Value]) -> dict[str, Value]:
    """Name the measures as the metrics of tables are named."""
    return {PREFIX + name: value for name, value in values.items()}


def _tokens(kind: str) -> Callable[[Seen], Value]:
    return lambda seen: getattr(seen.tokens, kind)


def _of(role: Role, kind: str) -> Callable[[Seen], Value]:
    """Tokens of one role: 0 where all roles are known and none is this, None where a role is unknown."""

    def compute(seen: Seen) -> Value:
        mine = _with(seen, role)
        if mine is None:
            return None
        known: Value = getattr(total(mine), kind)
        return known if mine else 0

    return compute


def _with(seen: Seen, role: Role) -> list[Counted] | None:
    if any(one.role is None for one in seen.counted):
        return None
    return [one for one in seen.counted if one.role is role]


def _cost_of(role: Role) -> Callable[[Seen], Value]:
    def compute(seen: Seen) -> Value:
        mine = _with(seen, role)
        return None if mine is None else (cost_of(mine) if mine else 0.0)

    return compute


def _cache(denominator: Callable[[Tokens], Value]) -> Callable[[Seen], Value]:
    def compute(seen: Seen) -> Value:
        below, read = denominator(seen.tokens), seen.tokens.cache_read
        return read / below if read is not None and below else None

    return compute


def _simple(tokens: Tokens) -> Value:
    return None if tokens.input_uncached is None else tokens.input_uncached + (tokens.cache_read or 0)


def _ratio_of_failed(seen: Seen) -> Value:
    ended = [tool.failed for tool in seen.tools if tool.failed is not None]
    return sum(ended) / len(ended) if ended else None


def _failed(seen: Seen) -> Value:
    """Count failures; that there is none is another thing to know."""
    count = sum(bool(tool.failed) for tool in seen.tools)
    return count if seen.tools_known and (count or seen.failures_known or not seen.tools) else None


def _api_s(seen: Seen) -> Value:
    return _sum(None if one.call.duration_ms is None else one.call.duration_ms / 1000 for one in seen.counted)


def _ttft(seen: Seen) -> Value:
    known = [one.call.ttft_ms for one in seen.counted if one.call.ttft_ms is not None]
    return math.fsum(known) / len(known) if known else None


def _active(seen: Seen) -> Value:
    """Time in which a model or a tool worked: the union of their spans, so that parallel work counts once."""
    spans = [(float(one.call.sent_at), one.call.duration_ms) for one in seen.counted]
    spans += [(float(tool.at_ms), tool.duration_ms) for tool in seen.tools if tool.at_ms is not None]
    return union_s(spans)


def _delegating(seen: Seen) -> Value:
    """The union of their spans; 0 where nothing was delegated, None where no duration is known."""
    if not seen.delegations_known:
        return None
    spans = [(float(one.at_ms), one.duration_ms) for one in seen.delegations if one.at_ms is not None]
    return union_s(spans, empty=None if seen.delegations else 0.0)


def union_s(spans: Iterable[tuple[float, float | None]], *, empty: Value = None) -> Value:
    """Return the seconds that (start ms, duration ms) spans cover together; spans without a duration are left out."""
    known = sorted((start, start + length) for start, length in spans if length is not None)
    if not known:
        return empty
    covered, until = 0.0, -math.inf
    for start, end in known:
        covered += max(0.0, end - max(start, until))
        until = max(until, end)
    return covered / 1000


def _overhead(seen: Seen) -> Value:
    """The prompt of the first request of the main loop: what the agent says before the task has begun."""
    first = next((one for one in seen.counted if one.role in {Role.MAIN, None}), None)
    return first.call.tokens.prompt if first and first.role is Role.MAIN else None


def _coordination(part: str, field: str) -> Callable[[Seen], Value]:
    return lambda seen: getattr(getattr(seen.coordination, part), field)


def _reported(name: str) -> Callable[[Seen], Value]:
    return lambda seen: next((v for report in seen.reports if (v := getattr(report, name)) is not None), None)


def _sum(values: Iterable[Value]) -> Value:
    known = [value for value in values if value is not None]
    return math.fsum(known) if known else None


_GATEWAY, _ROLES, _OWN = "gateway", "gateway, roles from all sources", "the agent's own word, best source first"
_TOOLS = "best source with tool calls, filled from the gateway's bodies"
_ALL: Mapping[str, tuple[Measure, Callable[[Seen], Value]]] = {
    name: (Measure(name, unit, source, carries, meaning), compute)
    for name, unit, source, carries, compute, meaning in (
        ("tokens_input_uncached", "tokens", _GATEWAY, True, _tokens("input_uncached"), "input that no cache served"),
        ("tokens_cache_read", "tokens", _GATEWAY, True, _tokens("cache_read"), "input read from the cache"),
        ("tokens_cache_write", "tokens", _GATEWAY, True, lambda s: written(s.tokens), "input written to it"),
        ("tokens_output", "tokens", _GATEWAY, True, _tokens("output"), "output, reasoning included"),
        ("tokens_reasoning", "tokens", _GATEWAY, True, _tokens("reasoning"), "the part of it that was reasoning"),
        ("tokens_total", "tokens", _GATEWAY, True, _tokens("total"), "prompt and output together"),
        ("cost_usd", "USD", _GATEWAY, True, lambda s: cost_of(s.counted), "recomputed from tokens and frozen prices"),
        ("cost_reported_usd", "USD", _OWN, False, _reported("cost_usd"), "what the agent believes it cost"),
        ("cache_read_of_input", "share", _GATEWAY, True, _cache(_simple), "read / (read + uncached), as SigNoz has it"),
        ("cache_read_of_prompt", "share", _GATEWAY, True, _cache(lambda t: t.prompt), "read / all prompt kinds"),
        ("requests", "count", _GATEWAY, True, lambda s: len(s.counted), "requests to models, failed ones included"),
        ("requests_failed", "count", _GATEWAY, True, lambda s: sum(
            one.call.status >= FIRST_ERROR_STATUS or one.call.error is not None for one in s.counted),
         "requests that ended in an error"),
        ("tool_calls", "count", _TOOLS, False, lambda s: len(s.tools) if s.tools_known else None, "uses of a tool"),
        ("tool_calls_failed", "count", _TOOLS, False, _failed, "uses that failed, commands by their exit status"),
        ("tool_error_rate", "share", _TOOLS, False, _ratio_of_failed, "failed / ended; not comparable across agents"),
        ("commits", "count", _TOOLS, False, lambda s: s.commits if s.tools_known else None,
         "commands that run git commit and end well"),
        ("tool_s", "s", _TOOLS, False, lambda s: _sum(
            None if t.duration_ms is None else t.duration_ms / 1000 for t in s.tools), "time in tools, added up"),
        ("active_s", "s", "gateway and tool calls", False, _active, "a model or a tool at work, overlaps once"),
        ("active_reported_s", "s", _OWN, False, _reported("active_s"), "the agent's own active time"),
        ("agent_wall_s", "s", "sandbox", False, lambda s: s.wall_s, "from the agent's start to its end, all steps"),
        ("api_s", "s", _GATEWAY, True, _api_s, "time in requests, added up"),
        ("ttft_ms", "ms", _GATEWAY, True, _ttft, "time to the first token, mean over requests"),
        ("delegations_registered", "count", "declaration and inventory", False, lambda s: s.registered,
         "sub-agents that the agent could use"),
        ("delegations_invoked", "count", "best source with delegations", False, lambda s: (
            len(s.delegations) if s.delegations_known else None), "uses of a sub-agent"),
        ("delegated_tokens", "tokens", _ROLES, True, _of(Role.SUB_AGENT, "total"), "tokens of sub-agents"),
        ("delegated_cost_usd", "USD", _ROLES, True, _cost_of(Role.SUB_AGENT), "cost of sub-agents"),
        ("delegated_s", "s", "best source with delegations", False, _delegating, "time with a sub-agent at work"),
        *((f"{part}_{kind}", unit, _ROLES, carries, _coordination(part, field), f"{what}: {of}")
          for part, of in (
              ("delegating", "main-loop requests that start a sub-agent"),
              ("waiting", "sub-agents run and the main loop does nothing but ask for them"),
              ("reworking", "main-loop requests that write after the last sub-agent returned"))
          for kind, field, unit, carries, what in (
              ("tokens", "tokens", "tokens", True, "tokens"), ("cost_usd", "cost_usd", "USD", True, "cost"),
              ("s", "seconds", "s", False, "time, overlaps once"))),
        ("auxiliary_tokens", "tokens", _ROLES, True, _of(Role.AUXILIARY, "total"), "tokens of titles, summaries, ..."),
        ("auxiliary_cost_usd", "USD", _ROLES, True, _cost_of(Role.AUXILIARY), "their cost: a part of cost_usd"),
        ("context_overhead", "tokens", _ROLES, True, _overhead, "prompt of the main loop's first request"),
    )
}  # fmt: skip

MEASURES: Mapping[str, Measure] = {name: measure for name, (measure, _) in _ALL.items()}
"""What is computed here. ``files_changed``, ``lines_added`` and ``lines_removed`` are scores, read from the diff."""
