"""The gateway's log against each of an agent's own sources: ``agree | disagree by X | missing``, per attempt.

The gateway is the truth about what was sent. A source is compared with the requests that it claims to cover: its scope,
less the requests that it documents not to see (``gaps``), less those that had no whole answer where it cannot have
their usage. What was left out to make the two agree is named; a difference that no gap accounts for stays one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from assay.evidence.calls import unbilled
from assay.evidence.gaps import UNANSWERED, UNRECORDED, Counted, comparable, hidden
from assay.evidence.sources.base import Scope, Source, SourceReport
from assay.records import Record, Role, Tokens

AGREE, DISAGREE, MISSING = "agree", "disagree", "missing"
TOLERANCE = 0.01
"""Costs further apart than this part of the larger are flagged."""

KINDS = ("input_uncached", "cache_read", "cache_write", "output", "reasoning")
SPLIT = ("cache_write_5m", "cache_write_1h")


@dataclass(frozen=True, slots=True)
class Reconciliation(Record):
    """What one source says against the gateway. ``differences``: the source's count less the gateway's, by kind.

    ``left_out`` names what was taken from the gateway's side before they agreed. ``documented`` is True when the source
    disagrees but has a documented gap, or no end, that can account for it: its count is a lower bound then. ``calls``
    are the requests that it lists, None when it lists none. Costs in USD; ``cost_differs`` None = not comparable.
    """

    source: Source
    verdict: str
    scope: Scope = Scope.ALL
    tokens: Tokens = field(default_factory=Tokens)
    gateway: Tokens = field(default_factory=Tokens)
    differences: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    documented: bool = False
    lower_bound: bool = False
    calls: int | None = None
    gateway_calls: int = 0
    cost_usd: float | None = None
    gateway_cost_usd: float | None = None
    cost_differs: bool | None = None
    gaps: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    unknown_events: int = 0

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.verdict == MISSING:
            return MISSING if self.tokens.total is None else "missing at the gateway"
        if self.verdict == AGREE:
            return f"agree, without {' and '.join(map(_words, self.left_out))}" if self.left_out else AGREE
        by = ", ".join(f"{_words(kind)} {value:+,}" for kind, value in self.differences.items())
        reasons = [*map(_words, self.gaps), *(("no end",) if self.lower_bound else ())]
        return f"disagree by {by}" + (f" (documented: {', '.join(reasons)})" if self.documented else "")


def _words(name: str) -> str:
    return name.replace("_", " ")


def reconcile(counted: Sequence[Counted], reports: Sequence[SourceReport]) -> tuple[Reconciliation, ...]:
    """Compare every report with the gateway, in the reports' order."""
    return tuple(_one(counted, report) for report in reports)


def tokens_by_role(counted: Sequence[Counted]) -> dict[Role | None, Tokens]:
    """Add up by role; the parts sum to the whole."""
    found: dict[Role | None, Tokens] = {}
    for one in counted:
        found[one.role] = found.get(one.role, Tokens()) + one.call.tokens
    return found


def total(counted: Sequence[Counted]) -> Tokens:
    """Add up all requests."""
    return sum((one.call.tokens for one in counted), Tokens())


def differences(source: Tokens, gateway: Tokens) -> dict[str, int]:
    """Return source less gateway by kind, without zeros; a kind that either does not know is not compared.

    Cache writes are compared by lifetime only where both tell lifetimes apart, else in sum.
    """
    kinds = (*(name for name in KINDS if name != "cache_write"), *(SPLIT if _splits(source, gateway) else ()))
    found = {}
    for kind in kinds:
        ours, theirs = getattr(gateway, kind), getattr(source, kind)
        if ours is not None and theirs is not None and ours != theirs:
            found[kind] = theirs - ours
    ours, theirs = written(gateway), written(source)
    if not _splits(source, gateway) and ours is not None and theirs is not None and ours != theirs:
        found["cache_write"] = theirs - ours
    return found


def written(tokens: Tokens) -> int | None:
    """Cache writes of any lifetime."""
    known = [n for n in (tokens.cache_write_5m, tokens.cache_write_1h, tokens.cache_write_unknown) if n is not None]
    return sum(known) if known else None


def _splits(*both: Tokens) -> bool:
    return all(
        tokens.cache_write_5m is not None and tokens.cache_write_1h is not None and not tokens.cache_write_unknown
        for tokens in both
    )


def _comparable(source: Tokens, gateway: Tokens) -> bool:
    """Tell whether both know any of the same."""
    both = ((getattr(source, kind), getattr(gateway, kind)) for kind in KINDS if kind != "cache_write")
    return any(one is not None and two is not None for one, two in (*both, (written(source), written(gateway))))


def costs_differ(one: float | None, two: float | None) -> bool | None:
    """Tell whether two costs are more than 1% apart; None when either is unknown."""
    if one is None or two is None:
        return None
    return abs(one - two) > TOLERANCE * max(abs(one), abs(two))


def cost_of(counted: Sequence[Counted]) -> float | None:
    """USD of requests as recomputed from tokens and frozen prices; None when that of a billed one is unknown."""
    costs = [0 if unbilled(one.call) else one.call.cost for one in counted]
    known = [cost for cost in costs if cost is not None]
    return sum(known) / 1e9 if known and len(known) == len(costs) else None


def _one(counted: Sequence[Counted], report: SourceReport) -> Reconciliation:
    scoped = [one for one in counted if report.scope is Scope.ALL or one.role in {Role.MAIN, None}]
    claimed = report.sum()
    found = Reconciliation(
        report.source,
        MISSING,
        report.scope,
        gateway=total(scoped),
        lower_bound=not report.finished,
        calls=len(report.calls) or None,
        gateway_calls=len(scoped),
        cost_usd=report.cost_usd,
        gaps=report.gaps,
        problems=report.problems,
        unknown_events=sum(report.unknown.values()),
    )
    if claimed is None or not _comparable(claimed, total(scoped)):
        return replace(found, tokens=claimed or Tokens())
    left_out, rest = _agreeing(scoped, claimed, report)
    apart = differences(*comparable(report.gaps, claimed, total(rest)))
    short = bool(apart) and all(value < 0 for value in apart.values())
    cost = cost_of(rest)
    return replace(
        found,
        verdict=DISAGREE if apart else AGREE,
        tokens=claimed,
        gateway=total(rest),
        differences=apart,
        left_out=left_out,
        documented=short and (bool(report.gaps) or not report.finished),
        gateway_calls=len(rest),
        gateway_cost_usd=cost,
        cost_differs=costs_differ(report.cost_usd, cost),
    )


def _agreeing(
    scoped: Sequence[Counted], claimed: Tokens, report: SourceReport
) -> tuple[tuple[str, ...], Sequence[Counted]]:
    """Find the fewest exclusions with which the two agree; none, and everything, when they cannot."""
    names = dict.fromkeys((UNANSWERED, UNRECORDED, *report.gaps))
    removed = {name: seqs for name in names if (seqs := hidden(name, scoped, report.source))}
    for size in range(len(removed) + 1):
        for chosen in combinations(removed, size):
            gone = frozenset().union(*(removed[name] for name in chosen))
            rest = [one for one in scoped if one.call.seq not in gone]
            mine, gateway = comparable(report.gaps, claimed, total(rest))
            if _comparable(mine, gateway) and not differences(mine, gateway):
                return chosen, rest
    return (), scoped
