"""One measure of one arm as a cell: mean per trial, with the spread and what is not known beside it."""

from __future__ import annotations

from assay.analysis.work import AgentWork, Spread
from assay.evidence.measures import MEASURES
from assay.report.document import Cell, Column
from assay.report.numbers import MISSING, count, decimal, seconds, usd

NOT_KNOWN = "not known"
WHOLE_FROM = 100
MILLI = 1000


def in_unit(value: float | None, unit: str) -> str:
    """Write a value with its unit; None is ``not known``."""
    if value is None:
        return NOT_KNOWN
    if unit == "USD":
        return usd(value)
    if unit == "s":
        return seconds(value) if value else "0 s"
    if unit == "ms":
        return seconds(value / MILLI) if value else "0 s"
    if unit == "share":
        return share_text(value)
    whole = value == round(value) or value >= WHOLE_FROM
    return count(round(value)) if whole else decimal(value)


def share_text(value: float | None, missing: str = NOT_KNOWN) -> str:
    """A share as per cent."""
    return missing if value is None else f"{decimal(value * 100)}%"


def unit_of(name: str) -> str:
    """The unit of a measure; those that scorers read from the diff are counts."""
    return MEASURES[name].unit if name in MEASURES else "count"


def measured(agent: AgentWork, name: str) -> Cell:
    """Mean over trials; under it the extremes, and how many trials have no value."""
    return spread_cell(agent.measures.get(name), unit_of(name), agent.work.trials)


def spread_cell(spread: Spread | None, unit: str, trials: int) -> Cell:
    """Mean, extremes, and the number of trials without a value."""
    if spread is None or spread.mean is None or spread.least is None or spread.most is None:
        return Cell(NOT_KNOWN, title="no trial has a value", tone="missing")
    lacking = f"{count(trials - spread.n)} of {count(trials)} {NOT_KNOWN}" if spread.n < trials else ""
    extremes = "" if spread.least == spread.most else f"{in_unit(spread.least, unit)} to {in_unit(spread.most, unit)}"
    sd = "one trial has no standard deviation" if spread.sd is None else f"sd {in_unit(spread.sd, unit)}"
    return Cell(in_unit(spread.mean, unit), ", ".join(part for part in (extremes, lacking) if part), title=sd)


def column(title: str, name: str, what: str = "") -> Column:
    """Head of a measure: it says whether the measure can be split by model or is one number per run."""
    measure = MEASURES.get(name)
    kind = "by model" if measure is not None and measure.carries_model else "per run"
    return Column(title, hint=f"{what}, {kind}" if what else kind)


def known_count(value: int | None) -> Cell:
    """A count that may be unknown."""
    return Cell(NOT_KNOWN, tone="missing") if value is None else Cell(count(value))


def part_of(number: int, whole: int) -> Cell:
    """``2 of 12``; a dash where there is nothing to be part of."""
    return Cell(f"{count(number)} of {count(whole)}" if whole else MISSING)
