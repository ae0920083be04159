"""An analysis made by hand from synthetic facts (it shares no code with the real one), and hostile evidence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from statistics import fmean, stdev

import pytest

from assay.analysis.analyse import analyse
from assay.analysis.base import (
    Analysis,
    ArmSummary,
    Both,
    Estimate,
    Finding,
    HeatCell,
    PredictionRow,
    TaskRow,
)
from assay.evidence.facts import CellFact, Facts, Sums
from assay.evidence.lock import Lock
from assay.records import Arm, Target, Tokens, Verdict
from assay.report.html import render_html
from assay.testing.agent_facts import make_agent_facts
from assay.testing.facts import make_facts

Evidence = tuple[Analysis, Lock, Facts]
T_95 = 2.07


def estimate(values: Sequence[float], target: Target, limit: float, narrow: float = 1.0) -> Estimate:
    if len(values) < 2 or stdev(values) == 0:
        mean = fmean(values) if values else None
        return Estimate(mean, None, None, target, len(values), "t over task means", "too few tasks for an interval")
    half = narrow * T_95 * stdev(values) / math.sqrt(len(values))
    mean = fmean(values)
    return Estimate(mean, max(0.0, mean - half), min(limit, mean + half), target, len(values), "t over task means")


def both(values: Sequence[float], limit: float) -> Both:
    return Both(estimate(values, Target.TASKS_LIKE_THESE, limit), estimate(values, Target.THESE_TASKS, limit, 0.5))


def means(cells: Sequence[CellFact], pick: Callable[[CellFact], Sums]) -> dict[str, float]:
    return {cell.task: mean for cell in cells if (mean := pick(cell).mean) is not None}


def solved_of(cell: CellFact) -> Sums:
    return cell.solved


def score_of(cell: CellFact) -> Sums:
    return cell.metrics.get("score", Sums())


def arm_summary(arm: Arm, cells: Sequence[CellFact], position: int) -> ArmSummary:
    outcomes: Counter[str] = Counter()
    tokens = Tokens()
    for cell in cells:
        outcomes.update(cell.by_outcome)
        tokens = tokens + cell.tokens
    cost = sum(cell.cost.total for cell in cells) if any(cell.cost.n for cell in cells) else None
    solved = int(sum(cell.solved.total for cell in cells))
    per = cost / solved if cost is not None and solved else None
    unknown = sum(cell.solved.unknown for cell in cells)
    settled = sum(cell.settled for cell in cells)
    return ArmSummary(
        id=arm.id,
        label=arm.label,
        agent=arm.agent,
        model=arm.model,
        provider=arm.provider,
        variant=arm.names.get("variant", ""),
        replicate=arm.replicate,
        n_tasks=len(cells),
        n_trials=settled,
        n_scored=sum(cell.solved.n for cell in cells),
        solved_trials=solved,
        solved=both(list(means(cells, solved_of).values()), 1.0),
        score=both(list(means(cells, score_of).values()), 100.0),
        bracket=(solved / settled, (solved + unknown) / settled) if settled else None,
        parts={"tests": 71.25, "lint": 90.0, "complexity": None},
        cost_usd=cost,
        cost_unknown=sum(cell.cost.unknown for cell in cells),
        cost_is_lower_bound=position == 1,
        cost_per_solved=Estimate(
            per,
            None if per is None else per * 0.7,
            None if per is None else per * 1.5,
            Target.TASKS_LIKE_THESE,
            len(cells),
            "bootstrap over tasks",
            None if per is not None else "no price for this model",
        ),
        cost_per_trial=None if cost is None or not settled else cost / settled,
        wall_s=3.2,
        simulated_s=320.0,
        tokens=tokens,
        tokens_unknown=0,
        calls=sum(cell.calls for cell in cells),
        by_outcome=dict(outcomes),
        complaints={"tampered": position},
        rank_low=1 + position // 2,
        rank_high=2 + position // 2,
        tie_group="ab"[position // 2 % 2],
    )


def findings(lock: Lock, facts: Facts) -> tuple[Finding, ...]:
    rows = []
    pairs = [(a, b) for i, a in enumerate(lock.arms) for b in lock.arms[i + 1 :]]
    for measure, pick in (("solved", solved_of), ("score", score_of)):
        for number, (a, b) in enumerate(pairs):
            one, two = (means([c for c in facts.cells if c.arm == arm.id], pick) for arm in (a, b))
            deltas = [one[task] - two[task] for task in one if task in two]
            middle = fmean(deltas) if deltas else None
            half = T_95 * stdev(deltas) / math.sqrt(len(deltas)) if len(deltas) > 1 else None
            known = middle is not None and half is not None
            sure = known and middle is not None and half is not None and abs(middle) > half
            verdict = Verdict.NOT_ESTABLISHED
            if sure and middle is not None:
                verdict = Verdict.BETTER if middle > 0 else Verdict.WORSE
            rows.append(
                Finding(
                    a=a.id,
                    b=b.id,
                    measure=measure,
                    difference=middle,
                    low=middle - half if middle is not None and half is not None else None,
                    high=middle + half if middle is not None and half is not None else None,
                    p=0.0004 if sure else 0.21,
                    p_corrected=0.0012 if sure else 0.42,
                    n_tasks=len(deltas),
                    n_trials=len(deltas) * lock.repetitions * 2,
                    unit="task",
                    target=Target.TASKS_LIKE_THESE,
                    verdict=verdict,
                    method="paired t over tasks",
                    family=f"all pairs, {measure}",
                    caveats=("Differences are skewed: the interval may be too narrow.",) if number % 2 else (),
                    margin=5.0 if measure == "score" else 0.05,
                    more_tasks=None if sure else 40,
                    minimum_p=0.0001,
                    run_level_p=0.00002,
                )
            )
    return tuple(rows)


def heatmap(lock: Lock, facts: Facts) -> tuple[HeatCell, ...]:
    types = {task.id: task.type for task in lock.tasks}
    rows = []
    for measure, pick in (("solved", solved_of), ("score", score_of)):
        for kind in dict.fromkeys(types.values()):
            for arm in lock.arms:
                mine = [c for c in facts.cells if c.arm == arm.id and types[c.task] == kind]
                values = list(means(mine, pick).values())
                mean = fmean(values) if values else None
                reason = None if values else "no verdict in any trial"
                rows.append(HeatCell(kind, arm.id, measure, mean, len(values), sum(pick(c).n for c in mine), reason))
    return tuple(rows)


def task_rows(lock: Lock, facts: Facts) -> tuple[TaskRow, ...]:
    tasks = {task.id: task for task in lock.tasks}
    rows = []
    for measure, pick in (("solved", solved_of), ("score", score_of)):
        for cell in facts.cells:
            sums, task = pick(cell), tasks[cell.task]
            sd = None if sums.variance is None else math.sqrt(sums.variance)
            unknown = cell.settled - sums.n
            rows.append(
                TaskRow(
                    task.id,
                    task.type,
                    task.difficulty,
                    cell.arm,
                    measure,
                    sums.mean,
                    sd,
                    sums.least,
                    sums.most,
                    sums.n,
                    unknown,
                )
            )
    return tuple(rows)


def by_hand(facts: Facts, lock: Lock) -> Analysis:
    arms = tuple(
        arm_summary(arm, [cell for cell in facts.cells if cell.arm == arm.id], position)
        for position, arm in enumerate(lock.arms)
    )
    return Analysis(
        primary=lock.primary,
        simulated=lock.simulated,
        verdict=(
            "On these 24 tasks deep solved 18, steady 14 (difference +16.7 points, 95% +4.0 to +29.4). deep is better "
            "on tasks like these; not shown: that swift is within your 5-point margin. deep costs $0.11 per solved "
            "task, steady $0.05."
        ),
        established=("deep solves more than swift on tasks like these (+31.2 points, 95% +17.7 to +44.8).",),
        not_established=("that steady is better than swift: about 40 more tasks would settle it.",),
        arms=arms,
        findings=findings(lock, facts),
        heatmap=heatmap(lock, facts),
        tasks=task_rows(lock, facts),
        predictions=(PredictionRow("floor", "bug-fix-01", "every arm solves it", "solved by 2 of 3 arms", False),),
        controls=("A/A twin of swift: difference +1.4 points, not established, as it should be.",),
        limitations=("24 tasks: differences below about 14 points cannot be seen.",),
        disclosures=("Exclusions: none declared.", "Retries: 3 trials after a machine failed."),
        planned={"trials": 216},
    )


class Tables(HTMLParser):
    """Every table of a page by its id: rows of (value, small print), the head left out."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[tuple[str, str]]]] = {}
        self.rows: list[list[tuple[str, str]]] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "table":
            self.rows = self.tables.setdefault(given.get("id") or "", [])
        if tag in {"tbody", "span", "small"}:
            self.inside.append(tag)
        if "tbody" in self.inside and tag == "tr":
            self.rows.append([])
        if "tbody" in self.inside and tag in {"td", "th"}:
            self.rows[-1].append(("", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            self.inside.remove(tag)

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1] and self.inside and "tbody" in self.inside:
            value, small = self.rows[-1][-1]
            if "small" in self.inside:
                self.rows[-1][-1] = (value, small + data)
            elif "span" in self.inside:
                self.rows[-1][-1] = (value + data, small)


def read_tables(page: str) -> dict[str, list[list[tuple[str, str]]]]:
    parser = Tables()
    parser.feed(page)
    return parser.tables


@pytest.fixture
def tables() -> Callable[[str], dict[str, list[list[tuple[str, str]]]]]:
    return read_tables


@pytest.fixture(scope="session")
def by_hand_evidence() -> Evidence:
    facts, lock = make_facts(7)
    return by_hand(facts, lock), lock, facts


def agents_at_work() -> Evidence:
    facts, lock = make_agent_facts(4, sentinels=8, disagree=1, leaked=("leaked: plugin spy",))
    return analyse(facts, lock), lock, facts


@pytest.fixture(scope="session", params=["by hand", "analysed", "one run, controls, no price", "agents"])
def evidence(request: pytest.FixtureRequest, by_hand_evidence: Evidence) -> Evidence:
    if request.param == "by hand":
        return by_hand_evidence
    if request.param == "agents":
        return agents_at_work()
    if request.param == "analysed":
        facts, lock = make_facts(11, controls=("aa",))
    else:
        facts, lock = make_facts(
            5, n_tasks=9, reps=1, failures=0.3, timeouts=0.2, controls=("aa", "sabotage"), unpriced=("steady",)
        )
    return analyse(facts, lock), lock, facts


@pytest.fixture(scope="session")
def agents_page() -> str:
    return render_html(*agents_at_work())


@pytest.fixture(scope="session")
def page(evidence: Evidence) -> str:
    return render_html(*evidence)


@pytest.fixture(scope="session")
def hostile() -> Evidence:
    """Every text that somebody else wrote is an attack."""
    nasty = (
        "<script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\u202egnp.exe\x00\u2066|*_`[x](http://evil.test)"
    )
    facts, lock = make_facts(3, n_tasks=8, reps=2)
    tasks = tuple(replace(task, type=f"{task.type}{nasty}", difficulty=nasty) for task in lock.tasks)
    label = nasty + "A" * 50_000
    arms = (replace(lock.arms[0], label=label), replace(lock.arms[1], label=label), *lock.arms[2:])
    lock = replace(
        lock,
        name=nasty,
        arms=arms,
        tasks=tasks,
        experiment={"question": nasty},
        machine={nasty: nasty, "nested": {"list": [nasty]}},
        prices=({"model": nasty, "provider": nasty, "input": 3000, "source": nasty, "as_of": nasty},),
        excluded=({"model": nasty, "reason": nasty},),
    )
    health = replace(facts.health, notes=(nasty,), amendments=({"what": nasty},))
    cells = tuple(
        replace(cell, complaints={nasty: 1}, by_outcome={**cell.by_outcome, nasty: 1}) for cell in facts.cells
    )
    facts = replace(facts, health=health, cells=cells)
    analysis = by_hand(facts, lock)
    return (
        replace(
            analysis,
            verdict=nasty * 3,
            established=(nasty,),
            not_established=(nasty,),
            predictions=(PredictionRow(nasty, nasty, nasty, nasty, None),),
            controls=(nasty,),
            limitations=(nasty,),
            disclosures=(nasty,),
        ),
        lock,
        facts,
    )


@pytest.fixture(scope="session")
def hostile_page(hostile: Evidence) -> str:
    return render_html(*hostile)
