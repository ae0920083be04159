"""What it cost: dollars, dollars for each solved task, seconds, and tokens by kind."""

from __future__ import annotations

import math
from collections.abc import Iterator

from assay.analysis.base import ArmSummary
from assay.records import Tokens
from assay.report.arms import WORDS, cost_per_solved_cell, estimate_of, total_cost_cell
from assay.report.charts import RATE, SCORE, Axis, Part, stacked_chart
from assay.report.document import Block, Cell, Column, Figure, Prose, Section, Table
from assay.report.drawing import PALETTE
from assay.report.material import Material
from assay.report.numbers import MISSING, UNKNOWN, amount, at_least, count, plural, seconds, usd
from assay.report.points import Spot, scatter_chart
from assay.report.waste import waste_table

LOG_FROM = 12.0
CENTS_FROM = 0.1
KILO = 1000
LONG_AXIS = 3  # powers of ten

KINDS = {
    "input, uncached": "series-blue",
    "cache read": "series-sky",
    "cache write": "series-pink",
    "output": "series-orange",
    "reasoning": "series-red",
}


def money_section(made: Material) -> Section:
    """Cost against quality, the cost table, tokens."""
    blocks: list[Block] = []
    spots = [spot for arm in made.analysis.arms if (spot := _spot(made, arm)) is not None]
    if spots:
        blocks.append(_scatter(made, spots))
    else:
        blocks.append(
            Prose("No arm has a known cost per solved task, so cost against quality is not drawn.", tone="missing")
        )
        blocks.append(_cost_table(made))
    if made.analysis.agents:
        blocks.append(waste_table(made))
    blocks.append(_tokens_figure(made))
    return Section("cost", "Cost", tuple(blocks))


def _spot(made: Material, arm: ArmSummary) -> Spot | None:
    cost, quality = arm.cost_per_solved, estimate_of(arm, made.measure).like
    if cost.mean is None or quality.mean is None or cost.mean <= 0:
        return None
    return Spot(made.name(arm.id), cost.mean, cost.low, cost.high, quality.mean, quality.low, quality.high)


def _scatter(made: Material, spots: list[Spot]) -> Figure:
    x = _cost_axis(spots)
    base = RATE if made.measure == "solved" else SCORE
    y = Axis(base.low, base.high, base.format, base.title.partition(" (")[0])
    drawn = {spot.name for spot in spots}
    absent = [made.name(arm.id) for arm in made.analysis.arms if made.name(arm.id) not in drawn]
    said = " ".join(f"{s.name}: {usd(s.x)} for each solved task, {amount(made.measure, s.y)}." for s in spots)
    return Figure(
        name="cost",
        title=f"Cost per solved task against {WORDS[made.measure].lower()}",
        caption=(
            "Up and to the left is better. Bars: 95% intervals for tasks like these, in both directions; an interval "
            f"that leaves the picture is cut at its edge. n: {plural(len(made.lock.tasks), 'task')}."
            + (" The cost axis is logarithmic." if x.log else "")
            + (f" Not drawn, because the cost per solved task is unknown: {', '.join(absent)}." if absent else "")
        ),
        alt=f"Scatter of cost per solved task against {made.measure}. {said}",
        wide=scatter_chart(spots, x, y, made.canvas(wide=True)),
        narrow=scatter_chart(spots, x, y, made.canvas(wide=False)),
        table=_cost_table(made),
    )


def _cost_axis(spots: list[Spot]) -> Axis:
    """Linear from 0, or logarithmic when arms lie more than a factor of twelve apart."""
    least, most = min(spot.x for spot in spots), max(spot.x for spot in spots)
    if most / least < LOG_FROM:
        top = max(most * 1.25, min(2 * most, max(spot.x_high or spot.x for spot in spots) * 1.05))
        return Axis(0.0, top, "$.2f" if top >= CENTS_FROM else "$.4~f", "USD per solved task")
    low = min(least, max(least / 10, min(spot.x_low or least for spot in spots))) / 1.3
    high = max(most, min(most * 10, max(spot.x_high or most for spot in spots))) * 1.6
    return Axis(low, high, "$~r", "USD per solved task (logarithmic)", log=True, ticks=tuple(_ticks(low, high)))


def _ticks(low: float, high: float) -> Iterator[float]:
    """Powers of ten, with 2 and 5 times them where the axis is short."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for power in range(first, last + 1):
        for step in (1, 2, 5) if last - first <= LONG_AXIS else (1,):
            value = step * 10.0**power
            if low <= value <= high:
                yield value


def _cost_table(made: Material) -> Table:
    columns = (
        Column("Arm", numeric=False),
        Column("Cost", hint="all attempts"),
        Column("Per trial"),
        Column("Per solved task", hint="95% interval, tasks like these"),
        Column("Trials without a cost"),
        Column("Calls"),
        Column("Time per trial", hint="measured"),
        Column("Simulated time", hint="what a simulated model claims"),
    )
    rows = tuple(
        (
            Cell(made.name(arm.id), tone="name"),
            total_cost_cell(arm),
            Cell(
                at_least(usd(arm.cost_per_trial), arm.cost_is_lower_bound),
                tone="missing" if arm.cost_per_trial is None else "",
            ),
            cost_per_solved_cell(arm),
            Cell(f"{count(arm.cost_unknown)} of {count(arm.n_trials)}"),
            Cell(count(arm.calls)),
            Cell(seconds(arm.wall_s)),
            Cell(MISSING if arm.simulated_s is None else seconds(arm.simulated_s)),
        )
        for arm in made.analysis.arms
    )
    return Table(
        "cost",
        "Cost and time",
        columns,
        rows,
        note="Money is what was charged for every attempt, whether it solved or not; so the cost per solved task also "
        "holds the money of trials that a machine or provider failed and of attempts that did not settle. ≥ marks a "
        "lower bound: a call was cut before its usage was known, or a trial has no known cost. Unknown is not free.",
        cards=True,
    )


def _kinds(tokens: Tokens) -> dict[str, int | None]:
    """The kinds as drawn: disjoint, in the order of the legend."""
    writes = [w for w in (tokens.cache_write_5m, tokens.cache_write_1h, tokens.cache_write_unknown) if w is not None]
    output = tokens.output
    if output is not None and tokens.reasoning is not None:
        output = max(0, output - tokens.reasoning)
    return {
        "input, uncached": tokens.input_uncached,
        "cache read": tokens.cache_read,
        "cache write": sum(writes) if writes else None,
        "output": output,
        "reasoning": tokens.reasoning,
    }


def _tokens_figure(made: Material) -> Figure:
    arms = made.analysis.arms
    rows = []
    for arm in arms:
        parts = [Part(kind, float(value), short(value)) for kind, value in _kinds(arm.tokens).items() if value]
        rows.append((made.name(arm.id), short(arm.tokens.total), parts))
    used = {kind for _, _, parts in rows for kind in (part.key for part in parts)}
    colours = {kind: PALETTE[colour] for kind, colour in KINDS.items() if kind in used}
    most = max((sum(part.value for part in parts) for _, _, parts in rows), default=0.0) or 1.0
    axis = Axis(0.0, most, "~s", "tokens, all calls of the arm")
    return Figure(
        name="tokens",
        title="Tokens by kind",
        caption="Sums over all calls of an arm, every attempt included; kinds are disjoint, so that the bar is the "
        "total. Reasoning is part of what a provider bills as output and is drawn apart here.",
        alt="Stacked bars. " + " ".join(f"{name}: {total} tokens." for name, total, _ in rows),
        wide=stacked_chart(rows, colours, axis, made.canvas(wide=True)),
        narrow=stacked_chart(rows, colours, axis, made.canvas(wide=False)),
        table=_tokens_table(made),
    )


def short(tokens: int | None) -> str:
    """Three digits and a magnitude, for inside a picture: ``1.23M``."""
    if tokens is None:
        return UNKNOWN
    if tokens < KILO:
        return str(tokens)
    power = min(3, int(math.log10(tokens) // 3))
    value = tokens / KILO**power
    return f"{value:.3g}{' kMG'[power]}" if round(value) < KILO else f"{value:.0f}{' kMG'[power]}"


def _tokens_table(made: Material) -> Table:
    heads = (
        "Input, uncached",
        "Cache read",
        "Cache write 5m",
        "Cache write 1h",
        "Cache write, other",
        "Output",
        "Reasoning",
    )
    columns = (
        Column("Arm", numeric=False),
        *(Column(head, hint="part of output" if head == "Reasoning" else "") for head in heads),
        Column("Total", hint="prompt and output"),
        Column("Trials without tokens"),
    )
    rows = tuple(
        (
            Cell(made.name(arm.id), tone="name"),
            *(Cell(count(value), tone="missing" if value is None else "") for value in arm.tokens.to_json().values()),
            Cell(count(arm.tokens.total)),
            Cell(f"{count(arm.tokens_unknown)} of {count(arm.n_trials)}"),
        )
        for arm in made.analysis.arms
    )
    return Table(
        "tokens",
        "Tokens by kind",
        columns,
        rows,
        note="Unknown: the provider did not say. The five input kinds sum to the prompt; output includes reasoning.",
        folded=True,
    )
