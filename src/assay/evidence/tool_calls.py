"""The tool calls of an attempt: the source that saw most, filled up from the others and the gateway's bodies."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from assay.errors import EvidenceError
from assay.evidence.bodies import Body, read_bodies
from assay.evidence.commits import runs_commit
from assay.evidence.conversation import ToolResult, exit_status, offers_tools, tool_results, tool_uses
from assay.evidence.roles import Claim
from assay.evidence.sources.base import Source, SourceReport, ToolCall
from assay.evidence.sources.values import SHOWN, digest
from assay.records import Call

_FILLED = ("agent_name", "role", "arguments", "arguments_id", "failed", "exit_status", "error_class", "error",
           "at_ms", "duration_ms", "model")  # fmt: skip


class Bodies:
    """The stored bodies of one attempt, unpacked on demand. ``problem`` says what could not be read."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read before the first question."""
        self._folder = folder
        self._packed: dict[tuple[int, str], Body] | None = None
        self._cache: dict[tuple[int, str], bytes | None] = {}
        self.problem: str | None = None

    def get(self, seq: int, part: str) -> bytes | None:
        """Return one body, ``request`` or ``response``; None when it was not kept or cannot be unpacked."""
        key = (seq, part)
        if key not in self._cache:
            self._cache[key] = self._unpack(key)
        return self._cache[key]

    def _unpack(self, key: tuple[int, str]) -> bytes | None:
        if self._packed is None:
            self._packed = {}
            try:
                self._packed.update(((one.seq, one.part), one) for one in read_bodies(self._folder))
            except EvidenceError as error:
                self.problem = str(error)
        body = self._packed.get(key)
        try:
            return None if body is None else body.unpack()
        except zlib.error as error:
            self.problem = f"body of call {key[0]}: {error}"
            return None

    def offers_tools(self, call: Call) -> bool | None:
        """Tell whether a call's request offered tools; None when that is not known."""
        counted = call.hints.get("tools", "")
        if counted.isdecimal():
            return int(counted) > 0
        body = self.get(call.seq, "request")
        return None if body is None else offers_tools(body)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The tool calls in order of time, and which source they are from (None = none has any).

    ``committing`` says by id, of those whose whole arguments were on the wire, whether they run ``git commit``.
    """

    calls: tuple[ToolCall, ...]
    source: Source | None
    committing: Mapping[str, bool] = field(default_factory=dict)


def gather(
    reports: Sequence[SourceReport], calls: Sequence[Call], claims: Mapping[int, Claim], bodies: Bodies
) -> Gathered:
    """Choose the source with most tool calls, of equals the one that knows more of them, and fill it up by id.

    Calls that only another source has are added when the two share ids; else they may be the same under other names.
    """
    told: list[Sequence[ToolCall]] = [_once(report.tool_calls) for report in reports if report.tool_calls]
    committing: dict[str, bool] = {}
    wire = from_bodies(calls, claims, bodies, committing)
    told = sorted([*told, *((wire,) if wire else ())], key=_worth, reverse=True)
    if not told:
        return Gathered((), None)
    best, *others = told
    found = {call.id: call for call in best}
    for other in others:
        shares = any(call.id in found for call in other)
        for call in other:
            if call.id in found:
                found[call.id] = _filled(found[call.id], call)
            elif shares:
                found[call.id] = call
    ordered = sorted(found.values(), key=lambda call: call.at_ms or 0)
    kept = tuple(ordered if all(call.at_ms for call in ordered) else found.values())
    return Gathered(kept, best[0].source, committing)


def from_bodies(
    calls: Sequence[Call], claims: Mapping[int, Claim], bodies: Bodies, committing: dict[str, bool]
) -> tuple[ToolCall, ...]:
    """Read tool calls off the wire: what answers ask for, and what later requests say came back.

    ``committing`` takes what ``Gathered`` says of them.
    """
    used: dict[str, ToolCall] = {}
    for call in calls:
        answer = bodies.get(call.seq, "response") if call.status and call.error is None else None
        for use in tool_uses(call.dialect, answer) if answer else ():
            key = f"{call.seq}{use.id}" if use.id.startswith("#") or not use.id else use.id
            claim = claims.get(call.seq, Claim())
            shown, equal = digest(use.arguments)
            committing[key] = runs_commit(use.tool, str(use.arguments))
            used[key] = ToolCall(
                id=key,
                tool=use.tool,
                source=Source.GATEWAY,
                agent_name=claim.agent_name,
                role=claim.role,
                arguments=shown,
                arguments_id=equal,
                at_ms=round(call.sent_at + (call.duration_ms or 0.0)),
                model=call.model_served or call.model_requested,
            )
    missing = set(used)
    for call in reversed(calls):  # each request repeats all results before it
        body = bodies.get(call.seq, "request") if missing else None
        for result in tool_results(call.dialect, body) if body else ():
            if result.id in missing:
                missing.discard(result.id)
                used[result.id] = _ended(used[result.id], result)
    return tuple(used.values())


def _worth(calls: Sequence[ToolCall]) -> tuple[int, int, int]:
    known = (sum(call.failed is not None for call in calls), sum(call.duration_ms is not None for call in calls))
    return (len(calls), *known)


def _ended(call: ToolCall, result: ToolResult) -> ToolCall:
    status = exit_status(call.tool, result.text)
    failed = bool(status) if status is not None else result.failed
    return replace(
        call,
        failed=failed,
        exit_status=status,
        error_class=("exit_status" if status else "other") if failed else None,
        error=result.text[:SHOWN] if failed else None,
    )


def _once(calls: Iterable[ToolCall]) -> list[ToolCall]:
    """Drop repeats of an id; what a repeat adds is kept."""
    found: dict[str, ToolCall] = {}
    for number, call in enumerate(calls):
        key = call.id or f"#{number}"
        found[key] = _filled(found[key], call) if key in found else replace(call, id=key)
    return list(found.values())


def _filled(call: ToolCall, other: ToolCall) -> ToolCall:
    """Fill what is unknown. A command's exit status wins over the word of a source that has none."""
    known = {name: getattr(other, name) for name in _FILLED if getattr(call, name) is None}
    known = {name: value for name, value in known.items() if value is not None}
    if call.exit_status is None and other.exit_status is not None:
        known |= {"failed": other.failed, "error_class": other.error_class, "error": other.error}
    return replace(call, **known) if known else call
