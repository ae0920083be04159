"""Facts in, findings out. Pure: equal facts and lock give an equal analysis, in whatever order the cells came."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from assay.analysis.arms import Ranks, summarise
from assay.analysis.base import Analysis, Finding
from assay.analysis.controls import control_pairs, control_sentences
from assay.analysis.drift import drifts
from assay.analysis.findings import ALPHA, Pair, compare, margin_of
from assay.analysis.harness import harness_effects
from assay.analysis.limits import disclosures, limitations
from assay.analysis.rows import heatmap, predictions, task_rows
from assay.analysis.table import SCORE, Measure, Table, build_table, primary_measure
from assay.analysis.verdict import Story, sentences, upright, write_verdict
from assay.analysis.work import agents_at_work
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.records import Target
from assay.stats import mean, rank_intervals, tie_groups


def analyse(facts: Facts, lock: Lock) -> Analysis:
    """Return all that a report says.

    Findings hold every pair of compared arms on the primary measure and on ``score``, for both targets, then each
    control against its original. Differences of ``solved`` are fractions, of ``score`` points of 100.
    """
    table = build_table(facts, lock)
    primary = primary_measure(lock)
    measures = [table.measure(name) for name in dict.fromkeys((primary, SCORE))]
    pairs = list(combinations(table.ordinary, 2))
    findings = [finding for measure in measures for finding in _both_targets(table, lock, measure, pairs)]
    controls = [finding for measure in measures for finding in _controls(table, lock, measure)]
    carrying = _carrying(findings, primary)
    arms = summarise(table, _ranks(table, measures[0], carrying))
    compared = tuple(arms[index] for index in table.ordinary)
    reruns = _carrying(findings, primary, Target.THESE_TASKS)
    story = Story(lock, facts, primary, compared, _upright(carrying), _upright(reruns))
    established, not_established = sentences(story)
    return Analysis(
        primary=primary,
        simulated=lock.simulated,
        verdict=write_verdict(story),
        established=established,
        not_established=not_established,
        arms=arms,
        findings=(*findings, *controls),
        heatmap=heatmap(table),
        tasks=task_rows(table),
        predictions=predictions(table, _predicted(lock), carrying),
        controls=control_sentences(table, _carrying(controls, primary)),
        limitations=limitations(facts, lock, table, compared, carrying),
        disclosures=disclosures(facts, lock, primary),
        planned=_planned(facts, table),
        agents=agents_at_work(table, facts),
        harness=harness_effects(table, lock),
        efforts=facts.efforts,
        drifts=drifts(facts.sentinels, lock.seed),
    )


def _both_targets(table: Table, lock: Lock, measure: Measure, pairs: Sequence[Pair]) -> list[Finding]:
    margin = margin_of(lock.experiment, measure)
    rows: list[Finding] = []
    for target in (Target.TASKS_LIKE_THESE, Target.THESE_TASKS):
        family = f"{measure.name}, {target}, all {len(pairs)} pairs" if len(pairs) > 1 else f"{measure.name}, {target}"
        rows += compare(table, measure, pairs, target, family=family, margin=margin)
    return rows


def _controls(table: Table, lock: Lock, measure: Measure) -> list[Finding]:
    margin = margin_of(lock.experiment, measure)
    target = Target.TASKS_LIKE_THESE
    # More tasks would not settle a control: what it shows is what it is for.
    return [
        replace(found, more_tasks=None)
        for kind, pairs in sorted(control_pairs(table).items())
        for found in compare(table, measure, pairs, target, family=f"control {kind}: {measure.name}", margin=margin)
    ]


def _carrying(
    findings: Sequence[Finding], primary: str, target: Target = Target.TASKS_LIKE_THESE
) -> tuple[Finding, ...]:
    """Findings on the primary measure; those for tasks like these carry the verdict."""
    return tuple(finding for finding in findings if finding.measure == primary and finding.target is target)


def _upright(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(upright(finding) for finding in findings)


def _ranks(table: Table, measure: Measure, findings: Sequence[Finding]) -> Ranks:
    """Rank intervals and tie groups of the compared arms, from pairs that differ after Holm."""
    means = {index: mean(measure.means[index]) for index in table.ordinary}
    ranked = [index for index in table.ordinary if means[index] is not None]
    place = {table.ids[index]: position for position, index in enumerate(ranked)}
    better = np.zeros((len(ranked), len(ranked)), dtype=bool)
    for finding in findings:
        if finding.a in place and finding.b in place and _different(finding):
            first, second = (finding.a, finding.b) if (finding.difference or 0.0) > 0 else (finding.b, finding.a)
            better[place[first], place[second]] = True
    order = sorted(range(len(ranked)), key=lambda position: (-(means[ranked[position]] or 0.0), position))
    letters = tie_groups(better | better.T, order)
    return {
        index: (low, high, group)
        for index, (low, high), group in zip(ranked, rank_intervals(better), letters, strict=True)
    }


def _different(finding: Finding) -> bool:
    return finding.p_corrected is not None and finding.p_corrected < ALPHA and finding.difference != 0


def _predicted(lock: Lock) -> dict[str, object]:
    hypotheses = lock.predict.get("hypotheses") or lock.experiment.get("hypotheses") or ()
    return {**lock.predict, "hypotheses": hypotheses}


def _planned(facts: Facts, table: Table) -> dict[str, int]:
    reps = max((cell.planned for cell in table.cells.values()), default=0)
    return {
        "arms": len(table.arms),
        "tasks": len(table.tasks),
        "repetitions": reps,
        "trials": facts.health.planned,
        "settled": facts.health.settled,
        "lost_attempts": facts.health.lost_attempts,
        "without_verdict": round(math.fsum(cell.solved.unknown for cell in table.cells.values())),
    }
