"""The first section: arms with intervals for both targets, tie groups, ranks and the parts of the score."""

from __future__ import annotations

from assay.analysis.base import ArmSummary, Both, Estimate
from assay.report.charts import RATE, SCORE, Span, interval_chart
from assay.report.document import Block, Cell, Column, Figure, Section, Table
from assay.report.material import Material
from assay.report.numbers import (
    MISSING,
    amount,
    at_least,
    count,
    decimal,
    interval,
    places_of,
    plural,
    usd,
    usd_interval,
)

WORDS = {"solved": "Solved", "score": "Score"}


def estimate_of(arm: ArmSummary, measure: str) -> Both:
    """The arm's estimate on a measure, for both targets."""
    return arm.solved if measure == "solved" else arm.score


def estimate_cell(measure: str, estimate: Estimate) -> Cell:
    """Mean over interval; a missing interval says why."""
    if estimate.mean is None:
        return Cell(MISSING, estimate.reason or "no value", tone="missing")
    span = interval(measure, estimate.low, estimate.high)
    return Cell(amount(measure, estimate.mean), span or "no interval", title=estimate.reason or "")


def rank_text(arm: ArmSummary) -> str:
    """``1``, or ``1 to 2`` where the data allow both."""
    if arm.rank_low is None or arm.rank_high is None:
        return MISSING
    return str(arm.rank_low) if arm.rank_low == arm.rank_high else f"{arm.rank_low} to {arm.rank_high}"


def cost_per_solved_cell(arm: ArmSummary) -> Cell:
    """Cost per solved task with its interval; unknown says why."""
    cost = arm.cost_per_solved
    if cost.mean is None:
        return Cell("unknown", cost.reason or "no known cost, or nothing solved", tone="missing")
    text = at_least(usd(cost.mean), arm.cost_is_lower_bound)
    return Cell(text, usd_interval(cost.low, cost.high) or "no interval", title=cost.reason or "")


def total_cost_cell(arm: ArmSummary) -> Cell:
    """All that an arm cost; trials without a known cost are counted beside it."""
    unknown = f"{count(arm.cost_unknown)} of {count(arm.n_trials)} unknown" if arm.cost_unknown else ""
    if arm.cost_usd is None:
        return Cell("unknown", unknown or "no trial has a known cost", tone="missing")
    bound = arm.cost_is_lower_bound or bool(arm.cost_unknown)
    return Cell(at_least(usd(arm.cost_usd), bound), unknown)


def arms_section(made: Material) -> Section:
    """The answer first: a picture, its table, and how to read both."""
    blocks: list[Block] = [_figure(made)]
    parts = _parts(made)
    if parts is not None:
        blocks.append(parts)
    return Section("arms", "Arms", tuple(blocks))


def _figure(made: Material) -> Figure:
    measure = made.measure
    arms = made.analysis.arms
    spans = [_span(made, arm, measure) for arm in arms]
    axis = RATE if measure == "solved" else SCORE
    sizes = sorted({arm.n_tasks for arm in arms})
    n = (
        plural(sizes[0], "task")
        if len(sizes) == 1
        else f"{sizes[0]} to {plural(sizes[-1], 'task')}"
        if sizes
        else "no task"
    )
    methods = sorted({estimate_of(arm, measure).like.method for arm in arms})
    return Figure(
        name="arms",
        title=f"{WORDS[measure]}, with 95% intervals",
        caption=(
            f"Point: mean over {n}. Line: 95% interval for tasks like these ({', '.join(methods) or 'none'}). "
            "Pale bar: 95% interval for these tasks alone. Letters: arms that share one are tied. Verdicts come from "
            "differences paired by task (below), not from whether two lines overlap."
        ),
        alt="Interval chart. " + " ".join(f"{span.name}: {span.text}." for span in spans),
        wide=interval_chart(spans, axis, made.canvas(wide=True)),
        narrow=interval_chart(
            [_short(span, arm, measure) for span, arm in zip(spans, arms, strict=True)],
            axis,
            made.canvas(wide=False),
        ),
        table=_table(made),
    )


def _span(made: Material, arm: ArmSummary, measure: str) -> Span:
    both = estimate_of(arm, measure)
    span = interval(measure, both.like.low, both.like.high)
    text = f"{amount(measure, both.like.mean)} ({span or 'no interval'})  {arm.tie_group}".strip()
    return Span(
        made.name(arm.id),
        both.like.mean,
        both.like.low,
        both.like.high,
        both.these.low,
        both.these.high,
        text,
    )


def _short(span: Span, arm: ArmSummary, measure: str) -> Span:
    text = f"{amount(measure, span.mean)} {arm.tie_group}".strip()
    return Span(span.name, span.mean, span.low, span.high, span.inner_low, span.inner_high, text)


def _table(made: Material) -> Table:
    columns = (
        Column("Arm", numeric=False),
        Column("Tie", numeric=False),
        Column("Rank"),
        Column("Solved", hint="tasks like these"),
        Column("Solved", hint="these tasks alone"),
        Column("Trials solved", hint="with a verdict"),
        Column("Score", hint="tasks like these"),
        Column("Score", hint="these tasks alone"),
        Column("Cost", hint="all attempts"),
        Column("Cost per solved", hint="tasks like these"),
    )
    rows = tuple(
        (
            Cell(made.name(arm.id), _described(arm), tone="name"),
            Cell(arm.tie_group or MISSING),
            Cell(rank_text(arm)),
            estimate_cell("solved", arm.solved.like),
            estimate_cell("solved", arm.solved.these),
            Cell(
                f"{count(arm.solved_trials)} of {count(arm.n_scored)}",
                f"{plural(arm.n_tasks, 'task')}"
                + (f", {count(arm.n_trials - arm.n_scored)} missing" if arm.n_trials != arm.n_scored else ""),
            ),
            estimate_cell("score", arm.score.like),
            estimate_cell("score", arm.score.these),
            total_cost_cell(arm),
            cost_per_solved_cell(arm),
        )
        for arm in made.analysis.arms
    )
    note = (
        "Small print under a number is its 95% interval: for tasks like these (the default), or for these "
        "tasks alone, which counts the noise between runs but not the choice of tasks. Score: composite, "
        "0 to 100. Cost, also per solved: all attempts, those that a machine failed included. Rank: every rank that "
        f"the data allow. Arms that share a letter are tied. Both go by {WORDS[made.measure].lower()}."
    )
    return Table("arms", "Arms", columns, rows, note=note + _no_interval(made.analysis.arms), cards=True)


def _no_interval(arms: tuple[ArmSummary, ...]) -> str:
    """Why some numbers have no interval."""
    quantities = {
        "solved, tasks like these": [arm.solved.like for arm in arms],
        "solved, these tasks alone": [arm.solved.these for arm in arms],
        "score, tasks like these": [arm.score.like for arm in arms],
        "score, these tasks alone": [arm.score.these for arm in arms],
        "cost per solved": [arm.cost_per_solved for arm in arms],
    }
    reasons: dict[str, dict[str, None]] = {}
    for quantity, estimates in quantities.items():
        for estimate in estimates:
            if estimate.mean is not None and (estimate.low is None or estimate.high is None):
                reasons.setdefault(estimate.reason or "no reason given", {})[quantity] = None
    return "".join(f" No interval for {'; '.join(names)}: {reason}." for reason, names in reasons.items())


def _described(arm: ArmSummary) -> str:
    """What the label may not say."""
    words = [word for word in (arm.model, arm.agent, arm.variant) if word and word not in arm.label]
    return ", ".join([*words, "A/A twin"] if arm.replicate else words)


def _parts(made: Material) -> Block | None:
    names = sorted({part for arm in made.analysis.arms for part in arm.parts})
    if not names:
        return None
    weights = made.lock.weights
    columns = (
        Column("Arm", numeric=False),
        *(
            Column(name, hint=f"weight {decimal(weights[name], 2)}" if name in weights else "not weighted")
            for name in names
        ),
    )
    rows = tuple(
        (
            Cell(made.name(arm.id), tone="name"),
            *(_part(name, arm.parts.get(name)) for name in names),
        )
        for arm in made.analysis.arms
    )
    declared = ", ".join(f"{name} {decimal(weights[name], 2)}" for name in sorted(weights)) or "none declared"
    return Table(
        "parts",
        "What the score is made of",
        columns,
        rows,
        note=f"Means over tasks. Declared weights: {declared}. Quality counts only where tests pass; the ungated "
        "values stand beside.",
        folded=True,
    )


def _part(name: str, value: float | None) -> Cell:
    if value is None:
        return Cell(MISSING, title="not measured for this arm", tone="missing")
    return Cell(decimal(value, places_of(name)))
