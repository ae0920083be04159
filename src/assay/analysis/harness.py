"""The harness effect: one model through two or more agents, paired by task, with the statistics of every finding."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from assay.analysis.base import Finding
from assay.analysis.findings import Pair, compare, margin_of
from assay.analysis.table import COST, SOLVED, WALL, Table
from assay.evidence.lock import Lock
from assay.evidence.measures import PREFIX
from assay.identity import content_id
from assay.records import Arm, Target, Verdict

TOKENS, REQUESTS = f"{PREFIX}tokens_total", f"{PREFIX}requests"
MEASURES = (SOLVED, COST, TOKENS, REQUESTS, WALL)
"""Solved rate, then what it took per trial: of these less is better."""

_OPPOSITE = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
_AGENTS_OWN = ("native", "settings")


def harness_effects(table: Table, lock: Lock) -> tuple[Finding, ...]:
    """Return agent against agent at a fixed model, for tasks like these; each measure is one family over all models."""
    pairs = fixed_model_pairs(table)
    rows: list[Finding] = []
    for name in MEASURES if pairs else ():
        measure = table.measure(name)
        family = f"same model, other agent: {name.removeprefix(PREFIX)}, {len(pairs)} pair{'s' * (len(pairs) > 1)}"
        margin = margin_of(lock.experiment, measure) if name == SOLVED else None
        found = compare(table, measure, pairs, Target.TASKS_LIKE_THESE, family=family, margin=margin)
        rows += [_said(finding, table) for finding in found]
    return tuple(rows)


def fixed_model_pairs(table: Table) -> list[Pair]:
    """Return pairs of arms with the same model, variant and profile and another agent.

    Settings belong to an agent: where an agent has several arms that differ in them, only equal settings are paired.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for index in table.ordinary:
        arm = table.arms[index]
        if arm.model:
            groups[_fixed(arm)].append(index)
    return [
        pair
        for group in groups.values()
        for pair in combinations(group, 2)
        if table.arms[pair[0]].agent != table.arms[pair[1]].agent and _fit(table, pair, group)
    ]


def _fixed(arm: Arm) -> str:
    """What stays the same: everything but the agent and what only one agent can be told."""
    profile: dict[str, Any] = {key: value for key, value in arm.profile.items() if key not in _AGENTS_OWN}
    return content_id("fixed", [arm.provider, arm.model, dict(arm.variant), profile])


def _fit(table: Table, pair: Pair, group: Sequence[int]) -> bool:
    uses = Counter(table.arms[index].agent for index in group)
    one, two = (table.arms[index] for index in pair)
    return settings_of(one) == settings_of(two) or (uses[one.agent] == 1 and uses[two.agent] == 1)


def settings_of(arm: Arm) -> Mapping[str, Any]:
    """Return what was set on the agent."""
    return dict(arm.settings)


def _said(finding: Finding, table: Table) -> Finding:
    """Turn the word round where less is better, and say where the arms differ in more than the agent."""
    one, two = (table.arms[table.ids.index(arm)] for arm in (finding.a, finding.b))
    caveats = finding.caveats
    if settings_of(one) != settings_of(two):
        caveats = (*caveats, "the two also differ in settings")
    cells = [cell for (arm, _), cell in table.cells.items() if arm in {finding.a, finding.b}]
    if finding.measure == COST and any(cell.cost.unknown or cell.cost_is_lower_bound for cell in cells):
        caveats = (*caveats, "the cost of some trials is a lower bound or not known")
    verdict = finding.verdict if finding.measure == SOLVED else _OPPOSITE.get(finding.verdict, finding.verdict)
    return replace(finding, verdict=verdict, caveats=caveats)
