"""Agents at work, arm by arm: measures per trial, what delegation took, money without a verdict, and what to trust."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assay.analysis.table import Table
from assay.evidence.facts import CellFact, Effort, Facts, Sums
from assay.evidence.measures import PREFIX
from assay.evidence.work import ArmWork, ModelWork
from assay.records import Record, Role, Tokens

SCORED = ("lines_added", "lines_removed", "files_changed", "commits")
"""Measures that a scorer reads from the diff: shown beside those of the attempt where a run has them."""


@dataclass(frozen=True, slots=True)
class Spread(Record):
    """One measure over the trials of an arm: known values, and how many were not known. None = nothing known."""

    mean: float | None
    sd: float | None
    least: float | None
    most: float | None
    n: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Share(Record):
    """What one role took of an arm's tokens and cost, in sum; None where a role or a cost is not known."""

    tokens: int | None
    cost_usd: float | None
    of_tokens: float | None
    of_cost: float | None


@dataclass(frozen=True, slots=True)
class Waste(Record):
    """Money on settled trials by verdict, USD. ``unknown`` trials have no known cost, ``lower_bounds`` a partial one.

    ``least`` and ``most`` bound the mean cost of a task; None where nothing is known.
    """

    solved_usd: float | None
    unsolved_usd: float | None
    no_verdict_usd: float | None
    share_unsolved: float | None
    unknown: int
    lower_bounds: int
    least: float | None
    least_task: str
    most: float | None
    most_task: str


@dataclass(frozen=True, slots=True)
class AgentWork(Record):
    """One arm whose agent was seen at work. ``declared`` names the sub-agents that its profile declares.

    ``measures`` are per trial, over counting attempts, auxiliary requests included; ``auxiliary`` and ``delegated`` are
    parts of the totals in ``work.models``.
    """

    arm: str
    work: ArmWork
    measures: Mapping[str, Spread] = field(default_factory=dict)
    declared: tuple[str, ...] = ()
    delegated: Share = Share(None, None, None, None)
    auxiliary: Share = Share(None, None, None, None)
    without_auxiliary_usd: float | None = None
    waste: Waste | None = None


def agents_at_work(table: Table, facts: Facts) -> tuple[AgentWork, ...]:
    """Return one row per arm with an agent, in the lock's order; none for a run without agents."""
    by_arm = {work.arm: work for work in facts.works}
    by_effort: dict[str, list[Effort]] = {}
    for effort in facts.efforts:
        by_effort.setdefault(effort.arm, []).append(effort)
    return tuple(
        _agent(table, index, by_arm[arm], by_effort.get(arm, []))
        for index, arm in enumerate(table.ids)
        if arm in by_arm and table.arms[index].model
    )


def _agent(table: Table, index: int, work: ArmWork, efforts: Sequence[Effort]) -> AgentWork:
    cells, arm = table.of_arm(index), table.arms[index]
    names = sorted({name for cell in cells for name in cell.metrics if name.startswith(PREFIX) or name in SCORED})
    auxiliary, total = share(work.models, Role.AUXILIARY), money(work.models)
    declared = arm.profile.get("agents")
    rows = declared if isinstance(declared, list | tuple) else ()
    return AgentWork(
        arm=table.ids[index],
        work=work,
        measures={name.removeprefix(PREFIX): spread(cell.metrics.get(name) for cell in cells) for name in names},
        declared=tuple(str(row["name"]) for row in rows if isinstance(row, Mapping) and row.get("name")),
        delegated=share(work.models, Role.SUB_AGENT),
        auxiliary=auxiliary,
        without_auxiliary_usd=None if total is None or auxiliary.cost_usd is None else total - auxiliary.cost_usd,
        waste=_waste(cells, efforts),
    )


def added(parts: Iterable[Sums | None]) -> Sums:
    """Add up sum statistics of disjoint trials."""
    rows = [part for part in parts if part is not None]
    return Sums(
        n=sum(row.n for row in rows),
        total=math.fsum(row.total for row in rows),
        squares=math.fsum(row.squares for row in rows),
        least=min((row.least for row in rows if row.least is not None), default=None),
        most=max((row.most for row in rows if row.most is not None), default=None),
        unknown=sum(row.unknown for row in rows),
    )


def spread(parts: Iterable[Sums | None]) -> Spread:
    """Say sum statistics as mean and spread."""
    whole = added(parts)
    sd = None if whole.variance is None else math.sqrt(whole.variance)
    return Spread(whole.mean, sd, whole.least, whole.most, whole.n, whole.unknown)


def money(models: Iterable[ModelWork]) -> float | None:
    """USD of requests; None when that of some is unknown. Requests that were never billed cost nothing."""
    billed = [model for model in models if model.cost_usd is not None or model.tokens.total is not None]
    known = [model.cost_usd for model in billed if model.cost_usd is not None]
    return math.fsum(known) if len(known) == len(billed) else None


def share(models: Sequence[ModelWork], role: Role) -> Share:
    """Return what one role took; all None while the role of any request is unknown."""
    if not models or any(model.role is None for model in models):
        return Share(None, None, None, None)
    mine = [model for model in models if model.role == role]
    tokens = sum((model.tokens for model in mine), Tokens()).total if mine else 0
    every, cost, whole = sum((model.tokens for model in models), Tokens()).total, money(mine), money(models)
    return Share(
        tokens=tokens,
        cost_usd=cost,
        of_tokens=tokens / every if tokens is not None and every else None,
        of_cost=cost / whole if cost is not None and whole else None,
    )


def _waste(cells: Sequence[CellFact], efforts: Sequence[Effort]) -> Waste | None:
    """Split the money by verdict, and find the cheapest and the dearest task."""
    if not efforts:
        return None
    spent = {
        word: added(effort.sums.get("cost_usd") for effort in efforts if effort.outcome == word)
        for word in ("solved", "failed", "no verdict")
    }
    known = {word: (part.total if part.n or not part.unknown else None) for word, part in spent.items()}
    unknown = sum(part.unknown for part in spent.values())
    whole = math.fsum(value for value in known.values() if value is not None)
    per_task = sorted((cell.cost.mean, cell.task) for cell in cells if cell.cost.mean is not None)
    least, most = (per_task[0], per_task[-1]) if per_task else ((None, ""), (None, ""))
    lost = math.fsum(known[word] or 0.0 for word in ("failed", "no verdict"))
    return Waste(
        solved_usd=known["solved"],
        unsolved_usd=known["failed"],
        no_verdict_usd=known["no verdict"],
        share_unsolved=lost / whole if whole and not unknown else None,
        unknown=unknown,
        lower_bounds=sum(cell.cost_is_lower_bound for cell in cells),
        least=least[0],
        least_task=least[1],
        most=most[0],
        most_task=most[1],
    )
