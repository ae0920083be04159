"""What handing work to sub-agents costs the main loop itself: delegating, waiting, reworking. Pure; unknown is None.

Delegating: requests of the main loop whose answer starts a sub-agent. Waiting: the time in which a sub-agent runs and
no request of the main loop is in flight, and the requests that do nothing but ask whether it is done. Reworking:
requests of the main loop, after the last sub-agent has returned, whose answer writes or edits a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assay.evidence.gaps import Counted
from assay.evidence.sources.base import Delegation
from assay.records import NANO, Role, Tokens

STARTS = frozenset({"agent", "task", "spawn_agent", "delegate_to_agent", "invoke_agent", "invoke_subagent"})
WAITS = frozenset({"wait", "wait_agent", "list_agents", "taskoutput", "agentoutput", "agentoutputtool", "bashoutput"})
WRITES = frozenset(
    {
        *("write", "edit", "multiedit", "notebookedit", "patch", "multi_edit"),
        *("apply_patch", "write_file", "replace", "str_replace", "str_replace_based_edit_tool"),
    }
)
"""Names of tools, in lower case; a declared sub-agent may be a tool by its own name."""

Span = tuple[float, float]
Asked = Mapping[int, Sequence[str] | None]
"""By ``seq``: the tools that the answer to a request asked for; None where the answer was not kept."""


@dataclass(frozen=True, slots=True)
class Effort:
    """Tokens, USD and seconds (overlaps once) of some requests, or of a time in which none was made."""

    tokens: int | None = None
    cost_usd: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Coordination:
    """The three costs of one attempt; all zero where nothing was delegated, None where that is not known."""

    delegating: Effort = Effort()
    waiting: Effort = Effort()
    reworking: Effort = Effort()


UNKNOWN = Coordination()
NONE = Coordination(*(Effort(0, 0.0, 0.0) for _ in range(3)))


def coordination(
    counted: Sequence[Counted], delegations: Sequence[Delegation], asked: Callable[[], Asked], *, known: bool
) -> Coordination:
    """Compute the three. ``known`` False: no source would show a delegation. ``asked`` is read only if it is needed."""
    if not known or any(one.role is None for one in counted):
        return UNKNOWN
    if not delegations:
        return NONE
    main, tools = [one for one in counted if one.role is Role.MAIN], asked()
    if any(_answered(one) and tools.get(one.call.seq) is None for one in main):
        return UNKNOWN
    starts = STARTS | {one.agent_name.lower() for one in delegations if one.agent_name}
    spans = _spans(delegations)
    polling = [one for one in main if _only(tools.get(one.call.seq), WAITS)]
    idle = None if spans is None else outside(spans, _busy(one for one in main if one not in polling))
    end = None if spans is None else max(high for _, high in spans)
    after = [] if end is None else [one for one in main if one.call.sent_at >= end]
    asked_for = Effort(*_sums(polling), idle)
    return Coordination(
        delegating=_effort([one for one in main if _any(tools.get(one.call.seq), starts)]),
        waiting=asked_for if spans is not None else Effort(asked_for.tokens, asked_for.cost_usd, None),
        reworking=Effort() if end is None else _effort([o for o in after if _any(tools.get(o.call.seq), WRITES)]),
    )


def _answered(one: Counted) -> bool:
    return bool(one.call.status) and one.call.error is None


def _any(tools: Iterable[str] | None, names: frozenset[str]) -> bool:
    return any(tool.lower() in names for tool in tools or ())


def _only(tools: Sequence[str] | None, names: frozenset[str]) -> bool:
    return bool(tools) and all(tool.lower() in names for tool in tools or ())


def _effort(requests: Sequence[Counted]) -> Effort:
    lengths = [one.call.duration_ms for one in requests]
    busy = _busy(requests)
    seconds = None if any(length is None for length in lengths) else covered(busy) / 1000
    return Effort(*_sums(requests), seconds)


def _sums(requests: Sequence[Counted]) -> tuple[int | None, float | None]:
    """Tokens and USD; 0 without a request, None where one of them is unknown."""
    tokens = sum((one.call.tokens for one in requests), Tokens()).total if requests else 0
    costs = [one.call.cost for one in requests if one.call.cost is not None or one.call.tokens.total is not None]
    known = [cost for cost in costs if cost is not None]
    return tokens, sum(known) / NANO if len(known) == len(costs) and (known or not requests) else None


def _spans(delegations: Sequence[Delegation]) -> list[Span] | None:
    """When sub-agents ran, ms; None when that is not known of one of them: then no time is."""
    spans = [
        (float(one.at_ms), one.at_ms + one.duration_ms)
        for one in delegations
        if one.at_ms is not None and one.duration_ms is not None
    ]
    return spans if len(spans) == len(delegations) else None


def _busy(requests: Iterable[Counted]) -> list[Span]:
    return [
        (float(one.call.sent_at), one.call.sent_at + one.call.duration_ms)
        for one in requests
        if one.call.duration_ms is not None
    ]


def covered(spans: Iterable[Span]) -> float:
    """Return the length that spans cover together, overlaps once."""
    return sum(high - low for low, high in _merged(spans))


def outside(spans: Iterable[Span], others: Iterable[Span]) -> float:
    """Return the seconds that ``spans`` cover and ``others`` do not; both in ms."""
    first, second = _merged(spans), _merged(others)
    shared = sum(max(0.0, min(a, b) - max(c, d)) for c, a in first for d, b in second)
    return (covered(first) - shared) / 1000


def _merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for low, high in sorted(spans):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found
