"""How trials ended, with denominators, and what became of everything that was planned."""

from __future__ import annotations

from collections.abc import Mapping

from assay.analysis.base import ArmSummary
from assay.report.charts import Axis, Part, stacked_chart
from assay.report.document import Block, Bullets, Cell, Column, Figure, Flow, Prose, Section, Step, Table
from assay.report.drawing import PALETTE
from assay.report.material import Material, in_order
from assay.report.numbers import amount, at_least, count, plural, usd

FIXED = {
    "solved": "series-blue",
    "failed": "series-orange",
    "timeout+failed": "series-red",
    "provider_error": "series-grey",
    "infrastructure": "series-pink",
    "harness_error": "heat-2",
}
OTHERS = ("series-sky", "series-green", "heat-3", "pale", "heat-1")

MEANINGS = {
    "tampered": "touched the tests or how they run: not solved",
    "format_error": "answered in a form that cannot be read: not solved",
    "verification_failed": "made the verifier crash, hang or say nothing: not solved",
}


NONE_MISSING = "Every settled trial has a verdict: no missing one could change a solved rate."


def outcomes_section(made: Material) -> Section:
    """Picture, counts with denominators, complaints."""
    if not made.by_outcome():
        return Section("outcomes", "Outcomes", (Prose("No trial has settled.", tone="missing"),))
    blocks: list[Block] = [_figure(made)]
    complaints = _complaints(made)
    blocks.append(complaints or Prose("Complaints (tampering, unreadable answers, failed verification): none."))
    return Section("outcomes", "Outcomes", tuple(blocks))


def _figure(made: Material) -> Figure:
    colours = _colours(made.by_outcome())
    rows = []
    for arm in made.analysis.arms:
        settled = sum(arm.by_outcome.values())
        parts = [
            Part(key, number / settled, str(number))
            for key, number in in_order(arm.by_outcome).items()
            if key in colours
        ]
        rows.append((made.name(arm.id), f"of {count(settled)}", parts))
    axis = Axis(0.0, 1.0, ".0%", "share of the arm's settled trials")
    said = " ".join(f"{made.name(arm.id)}: {_said(arm)}." for arm in made.analysis.arms)
    return Figure(
        name="outcomes",
        title="How trials ended",
        caption="Settled trials, each counted once; segments stand in the order of the key. How an attempt "
        "ended and whether it solved are two things: “timeout+solved” solved although it was stopped.",
        alt=f"Stacked bars of outcomes. {said}",
        wide=stacked_chart(rows, colours, axis, made.canvas(wide=True)),
        narrow=stacked_chart(rows, colours, axis, made.canvas(wide=False)),
        table=_table(made),
    )


def _said(arm: ArmSummary) -> str:
    return ", ".join(f"{number} {key}" for key, number in in_order(arm.by_outcome).items())


def _colours(keys: Mapping[str, int]) -> dict[str, str]:
    free = [key for key in keys if key not in FIXED]
    chosen = {key: OTHERS[position % len(OTHERS)] for position, key in enumerate(free)}
    return {key: PALETTE[FIXED.get(key) or chosen[key]] for key in keys}


def _table(made: Material) -> Table:
    total = made.by_outcome()
    columns = (
        Column("Arm", numeric=False),
        *(Column(key) for key in total),
        Column("Settled"),
        Column("With a verdict"),
    )
    rows = [
        (
            Cell(made.name(arm.id), tone="name"),
            *(Cell(count(arm.by_outcome.get(key, 0))) for key in total),
            Cell(count(sum(arm.by_outcome.values()))),
            Cell(count(arm.n_scored)),
        )
        for arm in made.analysis.arms
    ]
    scored = sum(arm.n_scored for arm in made.analysis.arms)
    sums = (*(count(number) for number in total.values()), count(sum(total.values())), count(scored))
    rows.append((Cell("All arms", tone="name"), *(Cell(text, tone="strong") for text in sums)))
    return Table(
        "outcomes",
        "Outcome counts",
        columns,
        tuple(rows),
        note="provider_error, infrastructure and harness_error are failures of machines: they have no "
        "verdict and leave the denominator, which is the last column.",
    )


def _complaints(made: Material) -> Table | None:
    kinds = sorted({kind for arm in made.analysis.arms for kind, number in arm.complaints.items() if number})
    if not kinds:
        return None
    columns = (Column("Arm", numeric=False), *(Column(kind) for kind in kinds))
    rows = tuple(
        (
            Cell(made.name(arm.id), tone="name"),
            *(Cell(f"{count(arm.complaints.get(kind, 0))} of {count(arm.n_scored)}") for kind in kinds),
        )
        for arm in made.analysis.arms
    )
    note = "; ".join(f"{kind}: {MEANINGS[kind]}" for kind in kinds if kind in MEANINGS)
    return Table("complaints", "Complaints", columns, rows, note=f"{note}." if note else "")


def health_section(made: Material) -> Section:
    """The flow of trials, what was lost and what it cost, and what the missing verdicts could change."""
    health = made.facts.health
    blocks: list[Block] = [_flow(made)]
    spent = at_least(usd(health.spent_usd), health.spent_is_lower_bound or health.unpriced_calls > 0)
    money = f"Spent: {spent}{_lost(made)}. Calls without a price: {count(health.unpriced_calls)}."
    blocks.append(Prose(money))
    blocks.append(_brackets(made) if any(arm.bracket for arm in made.analysis.arms) else Prose(NONE_MISSING))
    if made.lock.excluded:
        blocks.append(Bullets(tuple(_pairs(row) for row in made.lock.excluded), title="Excluded before the start"))
    if health.amendments:
        blocks.append(Bullets(tuple(_pairs(row) for row in health.amendments), title="Amendments"))
    if health.notes:
        blocks.append(Bullets(health.notes, title="Notes"))
    return Section("health", "Run health", tuple(blocks))


def _lost(made: Material) -> str:
    """Money on attempts that did not settle; what is unknown of it is said, never $0."""
    health = made.facts.health
    if not health.lost_attempts:
        return ""
    unknown = health.lost_unknown
    if health.lost_usd is None or (unknown and not health.lost_usd):
        whose = "all" if health.lost_usd is None else count(unknown)
        return f"; what {whose} of the {plural(health.lost_attempts, 'attempt')} that did not settle cost is unknown"
    text = at_least(usd(health.lost_usd), health.lost_is_lower_bound or unknown > 0)
    rest = f" (the cost of {count(unknown)} is unknown)" if unknown else ""
    return f", {text} of it on {plural(health.lost_attempts, 'attempt')} that did not settle{rest}"


def _pairs(row: Mapping[str, object]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in row.items())


def _flow(made: Material) -> Flow:
    health = made.facts.health
    scored = sum(cell.solved.n for cell in made.facts.cells)
    waiting = health.planned - health.attempted
    excluded = (f"{count(health.excluded)} excluded, with reasons",) if health.excluded else ("none excluded",)
    lost = (
        f"{plural(health.lost_attempts, 'attempt')} did not settle",
        f"{plural(health.retried, 'trial')} tried again",
        f"{plural(health.unsettled, 'trial')} without a settled attempt",
    )
    solved = sum(number for key, number in made.by_outcome().items() if key == "solved" or key.endswith("+solved"))
    return Flow(
        (
            Step("Planned", plural(health.planned, "trial"), excluded),
            Step(
                "Attempted",
                plural(health.attempted, "trial"),
                (plural(health.attempts, "attempt"), f"{count(waiting)} never started", *lost),
            ),
            Step(
                "Settled",
                plural(health.settled, "trial"),
                (f"{count(health.ours)} ours: a machine failed, no verdict",),
            ),
            Step("With a verdict", plural(scored, "trial"), (f"{count(solved)} solved",)),
        )
    )


def _brackets(made: Material) -> Table:
    columns = (
        Column("Arm", numeric=False),
        Column("No verdict"),
        Column("Solved, as found", hint="mean over tasks"),
        Column("if all missing failed"),
        Column("if all missing solved"),
    )
    rows = []
    for arm in made.analysis.arms:
        low, high = arm.bracket or (None, None)
        rows.append(
            (
                Cell(made.name(arm.id), tone="name"),
                Cell(f"{count(arm.n_trials - arm.n_scored)} of {count(arm.n_trials)}"),
                Cell(amount("solved", arm.solved.like.mean)),
                Cell(amount("solved", low), title="" if low is not None else "nothing to bracket"),
                Cell(amount("solved", high), title="" if high is not None else "nothing to bracket"),
            )
        )
    return Table(
        "brackets",
        "What the missing verdicts could change",
        columns,
        tuple(rows),
        note="A missing verdict is not a failure. These are the solved rates if every missing one had "
        "failed, and if every one had solved.",
        cards=True,
    )
