"""Effort by difficulty and outcome, and the drift sentinels: what needs trials and not cells. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from assay.evidence.cells import sums
from assay.evidence.facts import Effort, SentinelRun
from assay.evidence.measures import PREFIX
from assay.evidence.outcomes import TrialOutcome

EFFORT = ("requests", "tool_calls", "active_s", "tokens_output", "tokens_total")
"""Measures of an attempt that tell its effort."""

VERDICTS: Mapping[bool | None, str] = {True: "solved", False: "failed", None: "no verdict"}


def efforts(outcomes: Iterable[TrialOutcome], difficulty_of: Mapping[str, str]) -> tuple[Effort, ...]:
    """Sum settled trials by arm, difficulty (by task id) and outcome; sorted by these."""
    groups: dict[tuple[str, str, str], list[TrialOutcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.settled:
            key = outcome.trial.arm, difficulty_of.get(outcome.trial.task, ""), VERDICTS[outcome.solved]
            groups[key].append(outcome)
    return tuple(_effort(key, group) for key, group in sorted(groups.items()))


def _effort(key: tuple[str, str, str], group: list[TrialOutcome]) -> Effort:
    measured = {name: sums(outcome.metrics.get(PREFIX + name) for outcome in group) for name in EFFORT}
    money, wall = sums(outcome.cost for outcome in group), sums(outcome.wall_s for outcome in group)
    return Effort(*key, trials=len(group), sums={"cost_usd": money, "wall_s": wall, **measured})


def sentinel_runs(outcomes: Iterable[TrialOutcome]) -> tuple[SentinelRun, ...]:
    """Return the settled ones among these outcomes of sentinels, in order of time."""
    runs = [
        SentinelRun(o.trial.arm, o.trial.task, o.attempt.started, o.solved, o.cost, o.wall_s)
        for o in outcomes
        if o.attempt is not None
    ]
    return tuple(sorted(runs, key=lambda run: (run.at_ms, run.task, run.arm)))
