"""Drift: did the sentinels of a model rise or fall over the run?"""

from __future__ import annotations

from assay.analysis.drift import ALPHA, Drift
from assay.report.document import Cell, Column, Prose, Section, Table
from assay.report.harness import signed_in
from assay.report.material import Material
from assay.report.numbers import MISSING, count, p_value

READING = (
    "The same few trials again and again over the run's course, one arm for each model: no comparison counts them. The "
    "change is from the first sentinel to the last, each task compared with itself; p is from permutations within "
    "tasks, corrected over all rows (Holm). No trend shown does not mean that nothing drifted."
)
TITLES = {"solved": ("solved rate", "rate"), "cost": ("cost", "USD"), "wall_s": ("wall time", "s")}


def drift_section(made: Material) -> Section | None:
    """One row for each arm and measure; nothing in a run without sentinels."""
    if not made.analysis.drifts:
        return None
    columns = (
        Column("Arm", numeric=False),
        Column("Measure", numeric=False),
        Column("Sentinels"),
        Column("Change", hint="over the run"),
        Column("p", hint="alone"),
        Column("p corrected", hint="Holm"),
        Column("Smallest p", hint="attainable"),
        Column("Verdict", numeric=False),
    )
    rows = tuple(_row(made, one) for one in made.analysis.drifts)
    table = Table("drift", "Trend of the sentinels", columns, rows, cards=True)
    return Section("drift", "Drift", (Prose(READING), table))


def _row(made: Material, one: Drift) -> tuple[Cell, ...]:
    title, unit = TITLES[one.measure]
    points = " points" if unit == "rate" and one.change is not None else ""
    return (
        Cell(made.name(one.arm), ", ".join(one.tasks), tone="name"),
        Cell(title),
        Cell(count(one.runs)),
        Cell(signed_in(one.change, unit) + points if one.change is not None else MISSING),
        Cell(p_value(one.p)),
        Cell(p_value(one.p_corrected)),
        Cell(p_value(one.smallest_p)),
        _verdict(one),
    )


def _verdict(one: Drift) -> Cell:
    if one.shown is None:
        return Cell("cannot be told", one.reason, tone="missing")
    if one.shown:
        return Cell("▲ drift", tone="strong")
    powerless = one.smallest_p is not None and one.smallest_p >= ALPHA
    return Cell("○ no trend shown", "so few sentinels could show none" if powerless else "", tone="open")
