"""What a report is made of, in an order that depends on nothing but content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from assay.analysis.base import Analysis, ArmSummary, TaskRow
from assay.evidence.facts import CellFact, Facts
from assay.evidence.lock import Lock
from assay.records import OURS
from assay.report.charts import Canvas
from assay.report.text import cleaned, cut_middle

LONGEST_NAME = 48
LAST = 10**9


@dataclass(frozen=True, slots=True)
class Material:
    """Analysis, lock and facts, sorted, with a short distinct name for every arm.

    ``lock_id`` is the content id of the lock as it was read, before any text was cleaned.
    """

    analysis: Analysis
    lock: Lock
    facts: Facts
    lock_id: str
    names: Mapping[str, str]

    @property
    def measure(self) -> str:
        """The measure that charts show."""
        return measure_of(self.analysis)

    def canvas(self, *, wide: bool) -> Canvas:
        """A canvas whose row labels are this run's arms."""
        return Canvas(wide, self.analysis.simulated, max(map(len, self.names.values()), default=0))

    def name(self, arm: str) -> str:
        """The arm's name, or the given text when it is none of this run's arms."""
        return self.names.get(arm, arm)

    def prices(self) -> list[dict[str, Any]]:
        """Rates of the lock and those met later, each once, by provider and model."""
        rows = [*map(dict, self.lock.prices), *(price.to_json() for price in self.facts.prices)]
        single = {(str(row.get("provider")), str(row.get("model")), str(row.get("id"))): row for row in rows}
        return [single[key] for key in sorted(single)]

    def by_outcome(self) -> dict[str, int]:
        """Settled trials by derived outcome, over all arms: solved and failed first, then by name."""
        return outcomes(self.facts.cells)


def ordered(analysis: Analysis, lock: Lock, facts: Facts) -> Material:
    """Sort everything: arms by the primary measure, then as declared; tasks as declared. Text is left as it is."""
    measure = measure_of(analysis)
    declared = {arm.id: position for position, arm in enumerate(lock.arms)}
    tasks = {task.id: position for position, task in enumerate(lock.tasks)}
    arms = tuple(sorted(analysis.arms, key=lambda arm: _arm_key(arm, measure, declared)))
    rank = {arm.id: position for position, arm in enumerate(arms)}

    def row_key(row: TaskRow) -> tuple[str, int, str, int, str]:
        return (row.measure, tasks.get(row.task, LAST), row.task, rank.get(row.arm, LAST), row.arm)

    def cell_key(cell: CellFact) -> tuple[int, str, int, str]:
        return (rank.get(cell.arm, LAST), cell.arm, tasks.get(cell.task, LAST), cell.task)

    return Material(
        analysis=replace(analysis, arms=arms, tasks=tuple(sorted(analysis.tasks, key=row_key))),
        lock=lock,
        facts=replace(
            facts,
            cells=tuple(sorted(facts.cells, key=cell_key)),
            anchors=tuple(sorted(facts.anchors, key=lambda a: (a.anchor, tasks.get(a.task, LAST), a.task))),
        ),
        lock_id=lock.id,
        names={arm.id: arm.label for arm in arms},
    )


def shown(analysis: Analysis, lock: Lock, facts: Facts) -> Material:
    """The same for people: every text cleaned, every arm under a short name of its own."""
    raw = ordered(analysis, lock, facts)
    analysis = cleaned(raw.analysis)
    return Material(
        analysis=analysis,
        lock=cleaned(raw.lock),
        facts=cleaned(raw.facts),
        lock_id=raw.lock_id,
        names=_names(analysis.arms),
    )


def outcomes(cells: tuple[CellFact, ...]) -> dict[str, int]:
    """Sum ``by_outcome`` over cells."""
    total: Counter[str] = Counter()
    for cell in cells:
        total.update(cell.by_outcome)
    return in_order(total)


def in_order(by_outcome: Mapping[str, int]) -> dict[str, int]:
    """Return outcomes with a count, in the order of every table and bar."""
    return {key: by_outcome[key] for key in sorted(by_outcome, key=_outcome_key) if by_outcome[key]}


def _outcome_key(outcome: str) -> tuple[int, str]:
    """Solved, failed (stopped ones after each), others, and what was a machine's fault last."""
    if outcome in OURS:
        return 5, outcome
    exact = {"solved": 0, "failed": 2}
    ends = {"+solved": 1, "+failed": 3}
    return exact.get(outcome, next((place for end, place in ends.items() if outcome.endswith(end)), 4)), outcome


def measure_of(analysis: Analysis) -> str:
    """Return ``solved``, or ``score`` when that (or another metric) is primary."""
    return "solved" if analysis.primary == "solved" else "score"


def _arm_key(arm: ArmSummary, measure: str, declared: Mapping[str, int]) -> tuple[bool, float, int, str]:
    mean = (arm.solved if measure == "solved" else arm.score).like.mean
    return (mean is None, -(mean or 0.0), declared.get(arm.id, LAST), arm.id)


def _names(arms: tuple[ArmSummary, ...]) -> dict[str, str]:
    short = {arm.id: cut_middle(arm.label.strip() or "(no label)", LONGEST_NAME) for arm in arms}
    uses = Counter(short.values())
    return {arm: name if uses[name] == 1 else f"{name} #{arm[:6]}" for arm, name in short.items()}
