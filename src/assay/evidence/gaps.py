"""Documented blind spots of sources, by their stable word: which requests or counts a source cannot have.

A reader may name words that are not here: they are shown, and nothing is left out for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from assay.evidence.sources.base import Source
from assay.records import Call, Role, Tokens

UNANSWERED = "unanswered_requests"
"""Of every source: what was cut or failed. The gateway may have seen part of its usage, an agent never does."""

UNRECORDED = "unrecorded_requests"
"""Of every source: those among them that it has no row of. A client that tries again may keep what it had of one."""

HIDE_TOOLS = frozenset({"failed_patch", "rejected_tools"})
"""Words for uses of tools, all of them failed, that a source does not have."""

ROUNDING = 0.05
"""How far from the truth a printed ``1.5k`` can be."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One request of the gateway's log, the role that was found for it, and the sources that list it."""

    call: Call
    role: Role | None
    seen_in: frozenset[Source] = frozenset()


Hides = Callable[[Sequence[Counted], Source], frozenset[int]]


def hidden(gap: str, counted: Sequence[Counted], source: Source) -> frozenset[int]:
    """Return the requests, by ``seq``, that a source with this gap does not count."""
    hides = _HIDES.get(gap)
    return frozenset() if hides is None else hides(counted, source)


def comparable(gaps: Sequence[str], claimed: Tokens, gateway: Tokens) -> tuple[Tokens, Tokens]:
    """Take out of both what a source with these gaps cannot know: the kinds it merges, has no count of, or rounds."""
    if "cache_split" in gaps:
        claimed, gateway = _merged(claimed), _merged(gateway)
    if "output_tokens" in gaps:
        claimed, gateway = _without_output(claimed), _without_output(gateway)
    if "rounded" in gaps:
        claimed = Tokens(*(_rounded(getattr(claimed, kind), getattr(gateway, kind)) for kind in Tokens.__slots__))
    return claimed, gateway


def _merged(tokens: Tokens) -> Tokens:
    return Tokens(input_uncached=tokens.prompt, output=tokens.output)


def _without_output(tokens: Tokens) -> Tokens:
    kinds = {kind: getattr(tokens, kind) for kind in Tokens.__slots__}
    return Tokens(**{**kinds, "output": None, "reasoning": None})


def _rounded(said: int | None, true: int | None) -> int | None:
    """Return the true count where the one that was said is it, rounded."""
    if said is None or true is None:
        return said
    return true if abs(said - true) <= ROUNDING * true else said


def _with_role(role: Role) -> Hides:
    return lambda counted, _: frozenset(one.call.seq for one in counted if one.role is role)


def _unanswered(counted: Sequence[Counted], _: Source) -> frozenset[int]:
    cut = (one.call for one in counted if one.call.in_flight_at_kill or one.call.error is not None)
    return frozenset(call.seq for call in cut if call.tokens.total is not None)


def _unrecorded(counted: Sequence[Counted], source: Source) -> frozenset[int]:
    return _unanswered([one for one in counted if source not in one.seen_in], source)


def _refused(counted: Sequence[Counted], _: Source) -> frozenset[int]:
    return frozenset(one.call.seq for one in counted if one.call.stop_reason == "refusal")


def _last(counted: Sequence[Counted], _: Source) -> frozenset[int]:
    whole = [one.call.seq for one in counted if not one.call.in_flight_at_kill and one.call.tokens.total is not None]
    return frozenset(whole[-1:])


def _last_batch(counted: Sequence[Counted], source: Source) -> frozenset[int]:
    """What a source does not list at the end; where it lists nothing at all, the last whole request."""
    if not any(source in one.seen_in for one in counted):
        return _last(counted, source)
    behind = takewhile(lambda one: source not in one.seen_in, sorted(counted, key=_seq, reverse=True))
    return frozenset(map(_seq, behind))


def _seq(one: Counted) -> int:
    return one.call.seq


def _last_main(counted: Sequence[Counted], source: Source) -> frozenset[int]:
    return _last([one for one in counted if one.role in {Role.MAIN, None}], source)


def _last_step(counted: Sequence[Counted], _: Source) -> frozenset[int]:
    last = max((one.call.step for one in counted), default=0)
    return frozenset(one.call.seq for one in counted if one.call.step == last)


def _unlisted_sub_agents(counted: Sequence[Counted], source: Source) -> frozenset[int]:
    unlisted = (one for one in counted if one.role in {Role.SUB_AGENT, None} and source not in one.seen_in)
    return frozenset(one.call.seq for one in unlisted)


_HIDES: Mapping[str, Hides] = {
    UNANSWERED: _unanswered,
    UNRECORDED: _unrecorded,
    "retries": _unanswered,
    "refused_request": _refused,
    "sub_agents": _with_role(Role.SUB_AGENT),
    "sub_agent_answers": _unlisted_sub_agents,
    "cut_off_sub_agents": _unlisted_sub_agents,
    "auxiliary": _with_role(Role.AUXILIARY),
    "title_request": _with_role(Role.AUXILIARY),
    "last_request": _last_batch,
    "running_step": _last_main,
    "running_turn": _last_main,
    "open_turn": _last_step,
}
