"""Limitations and disclosures, written from the data: what this run cannot tell, and what a reader must be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from assay.analysis import words
from assay.analysis.base import ArmSummary, Finding
from assay.analysis.findings import FEW_TASKS
from assay.analysis.table import SOLVED, Table
from assay.evidence.facts import Anchor, Facts, Health
from assay.evidence.lock import Lock
from assay.records import Target
from assay.stats import detectable, fewest_tasks, minimum_p, sd

ROUTABLE = 6
FULL_SCORE = 99.95


def limitations(
    facts: Facts, lock: Lock, table: Table, arms: Sequence[ArmSummary], findings: Sequence[Finding]
) -> tuple[str, ...]:
    """Return what this run cannot tell, most general first."""
    return (
        *_about_tasks(table),
        *_about_repeats(lock),
        *_about_power(table, findings),
        *_about_missing(facts, table),
        *_about_money(arms),
        *_about_anchors(facts.anchors, lock),
        *_about_controls(table),
    )


def _about_tasks(table: Table) -> list[str]:
    n = int((table.measure(SOLVED).n.sum(axis=0) > 0).sum())
    said = []
    if 0 < n < fewest_tasks():
        said.append(
            f"With {words.plural(n, 'task')} no distribution-free test could give p below {minimum_p(n):.2g}: a claim "
            "rests on task differences being close to normal."
        )
    elif 0 < n < FEW_TASKS:
        said.append(f"With {words.plural(n, 'task')} the intervals lean on task differences being close to normal.")
    kinds = Counter(task.type for task in table.tasks)
    thin = sorted(kind for kind, count in kinds.items() if count < ROUTABLE)
    if len(kinds) > 1 and thin:
        said.append(
            f"Fewer than {ROUTABLE} tasks of type {words.listed(thin)}: differences within "
            f"{'that type' if len(thin) == 1 else 'those types'} cannot be shown, whatever the data."
        )
    if len(kinds) == 1:
        said.append(f"All tasks are of type {next(iter(kinds))}: nothing is known about other work.")
    return said


def _about_repeats(lock: Lock) -> list[str]:
    if lock.repetitions > 1:
        return []
    return ["One run per task: the noise between runs is unknown, and so is what a rerun of these tasks would give."]


def _about_power(table: Table, findings: Sequence[Finding]) -> list[str]:
    """What the design could have seen, from the spread that was found; and where the test is too eager."""
    solved = table.measure(SOLVED)
    pairs = [solved.means[i] - solved.means[j] for i, j in combinations(table.ordinary, 2)]
    spreads = {index: spread for index, d in enumerate(pairs) if (spread := sd(d))}
    said = []
    if spreads:
        n = min(int(np.isfinite(pairs[index]).sum()) for index in spreads)
        least = detectable(n, sum(spreads.values()) / len(spreads), paired=True)
        if least is not None and least < 1:
            said.append(
                f"With {words.plural(n, 'task')} and the spread found here, a difference of about {least * 100:.0f} "
                "points in tasks solved would be detected in 80% of such runs; smaller ones would mostly be missed."
            )
        elif least is not None:
            said.append(f"With {words.plural(n, 'task')} and the spread found here, no difference is sure to be seen.")
    skewed = sum("skewed" in caveat for f in findings if f.target is Target.TASKS_LIKE_THESE for caveat in f.caveats)
    if skewed:
        said.append(
            f"{words.plural(skewed, 'comparison')} rest{'s' if skewed == 1 else ''} on skewed differences, where the "
            "false-alarm rate is above 5% (measured rates: docs/statistics.md)."
        )
    return said


def _about_missing(facts: Facts, table: Table) -> list[str]:
    said = []
    missing = sum(cell.solved.unknown for cell in table.cells.values())
    total = sum(cell.solved.unknown + cell.solved.n for cell in table.cells.values())
    if missing:
        said.append(
            f"{missing} of {words.plural(total, 'trial')} have no verdict; if they were not missing by chance, "
            "the means are biased within the brackets shown."
        )
    solved = table.measure(SOLVED)
    empty = int((solved.n == 0).sum())
    if empty and solved.n.sum():
        said.append(f"{words.plural(empty, 'cell')} of arm and task have no verdict; those tasks leave their pairs.")
    if facts.health.unsettled:
        said.append(f"{words.plural(facts.health.unsettled, 'planned trial')} did not settle: results are preliminary.")
    if table.strays:
        said.append(f"{words.plural(table.strays, 'cell')} of arms or tasks outside the lock were left out.")
    return said


def _about_money(arms: Sequence[ArmSummary]) -> list[str]:
    unpriced = [arm.label for arm in arms if arm.cost_usd is None and arm.n_trials]
    bounded = [arm.label for arm in arms if arm.cost_is_lower_bound]
    said = []
    if unpriced:
        said.append(f"No price is known for {words.listed(unpriced)}: their cost is unknown, not zero.")
    if bounded:
        said.append(f"The cost of {words.listed(bounded)} is a lower bound: some calls have no known price or end.")
    return said


def _about_anchors(anchors: Sequence[Anchor], lock: Lock) -> list[str]:
    """The scorers' marks for known answers: a scorer that fails them measures something else."""
    starts = {task.id for task in lock.tasks if task.expects_start_to_pass}
    failing = sorted(a.task for a in anchors if a.anchor == "reference" and a.solved is False)
    free = sorted(a.task for a in anchors if a.anchor == "empty" and a.solved)
    given = sorted(a.task for a in anchors if a.anchor == "start" and a.solved and a.task not in starts)
    scores = [value for a in anchors if a.anchor == "reference" and (value := a.metrics.get("score")) is not None]
    below = sum(value < FULL_SCORE for value in scores)
    said = []
    if failing:
        said.append(f"The reference solution fails the hidden tests of {words.listed(failing)}.")
    if free:
        said.append(f"An empty answer passes {words.listed(free)}: those tasks measure nothing.")
    if given:
        said.append(f"The untouched start passes {words.listed(given)}: those tasks measure nothing.")
    if below:
        said.append(
            f"The reference solutions score {_range(min(scores), max(scores))}, on {words.plural(below, 'task')} below "
            "100: a score of 100 is not attainable everywhere."
        )
    return said


def _range(low: float, high: float) -> str:
    return f"{low:.0f}" if f"{low:.0f}" == f"{high:.0f}" else f"between {low:.0f} and {high:.0f}"


def _about_controls(table: Table) -> list[str]:
    kinds = {arm.names.get("control") or ("aa" if arm.replicate else "") for arm in table.arms}
    if "aa" in kinds:
        return []
    return ["No A/A control was run: that the instrument calls equal arms equal is not shown by this run."]


def _about_lost(health: Health) -> str:
    """What attempts that did not settle cost: known money is a lower bound while any of it is unknown."""
    one = health.lost_attempts == 1
    said = (
        f"{words.plural(health.lost_attempts, 'attempt')} did not settle (a worker went away, or the run's cost limit "
        f"was reached){'; its' if one else '; their'} cost is "
    )
    if health.lost_usd is None or (health.lost_unknown and not health.lost_usd):
        all_unknown = health.lost_usd is None or health.lost_unknown == health.lost_attempts
        return f"{said}unknown." if all_unknown else f"{said}unknown for {health.lost_unknown} of them."
    least = "at least " if health.lost_is_lower_bound or health.lost_unknown else ""
    rest = f"; the cost of {health.lost_unknown} is unknown" if health.lost_unknown else ""
    return f"{said}{least}{words.money(health.lost_usd)}{rest}."


def disclosures(facts: Facts, lock: Lock, primary: str) -> tuple[str, ...]:
    """Return what a reader must be told about how the run was made."""
    experiment, health = lock.experiment, facts.health
    said = ["All models are simulated: nothing here says anything about a real model."] if lock.simulated else []
    mode = experiment.get("mode", "exploratory")
    said.append(f"The experiment was declared {mode}; the verdict rests on {primary}.")
    if lock.prediction_id:
        said.append(f"Predictions were hashed before the first trial ({lock.prediction_id}).")
    if "margin" not in experiment or experiment["margin"] is None:
        said.append("No margin was declared: equality and not-worse cannot be claimed.")
    if lock.weights:
        parts = [f"{name} {weight:.0%}" for name, weight in sorted(lock.weights.items())]
        said.append(f"The score weighs {words.listed(parts)}; quality parts count where the tests pass.")
    if health.amendments:
        said.append(f"The run was extended {words.plural(len(health.amendments), 'time')} after its start.")
    if lock.excluded or health.excluded:
        said.append(f"Excluded by declaration: {words.plural(max(len(lock.excluded), health.excluded), 'item')}.")
    if health.lost_attempts:
        said.append(_about_lost(health))
    if lock.without_isolation is not None:
        said.append(f"Trials ran without a sandbox that isolates ({lock.without_isolation}).")
    if lock.subscriptions:
        paid = words.listed(lock.subscriptions)
        said.append(f"A subscription pays {paid} (experimental): costs there are API-equivalent, not billed.")
    said += [str(note) for note in health.notes]
    return tuple(said)
