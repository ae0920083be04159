"""Same model, other agent: what the harness does to outcome, money, tokens, requests and time."""

from __future__ import annotations

from assay.analysis.base import Finding
from assay.analysis.harness import MEASURES
from assay.evidence.measures import PREFIX
from assay.records import Verdict
from assay.report.comparisons import CAVEATS_FIRST, SIGNS
from assay.report.document import Block, Bullets, Cell, Column, Prose, Section, Table
from assay.report.material import Material
from assay.report.measured import in_unit
from assay.report.numbers import MINUS, MISSING, count, difference, difference_interval, p_value, plural

READING = (
    "Arms with the same model, variant and profile, and another agent: first minus second, paired by task, with the "
    "statistics of every other difference; p is corrected over all pairs of a measure (Holm), the interval is not. Of "
    "cost, tokens, requests and time, “better” means less. “Not established” does not mean equal."
)
TITLES = {
    "solved": ("Solved", "rate", "points"),
    "cost": ("Cost", "USD", "per trial, all attempts"),
    "tokens_total": ("Tokens", "count", "per trial"),
    "requests": ("Requests", "count", "per trial"),
    "wall_s": ("Wall time", "s", "per trial, sandbox and all"),
}


def harness_section(made: Material) -> Section | None:
    """One table for each measure; nothing where every model ran through one agent."""
    found = made.analysis.harness
    if not found:
        return None
    caveats = tuple(dict.fromkeys(caveat for finding in found for caveat in finding.caveats))
    blocks: list[Block] = [Prose(READING)]
    blocks += [_table(made, measure, [f for f in found if f.measure == measure], caveats) for measure in MEASURES]
    if caveats:
        blocks.append(Bullets(caveats, title="Notes on these differences", numbered=True, first=CAVEATS_FIRST))
    return Section("harness", "Same model, other agent", tuple(blocks))


def _table(made: Material, measure: str, found: list[Finding], caveats: tuple[str, ...]) -> Table:
    name = measure.removeprefix(PREFIX)
    title, unit, per = TITLES[name]
    columns = (
        Column("Model", numeric=False),
        Column("Comparison", numeric=False),
        Column("Difference", hint=f"{per}, 95% interval"),
        Column("p", hint="alone"),
        Column("p corrected", hint="Holm"),
        Column("Verdict", numeric=False),
        Column("Tasks", hint="shared"),
    )
    models = {arm.id: arm.model for arm in made.analysis.arms}
    rows = tuple(_row(made, models.get(one.a, ""), unit, one, caveats) for one in found)
    methods = ", ".join(dict.fromkeys(one.method for one in found))
    families = "; ".join(dict.fromkeys(one.family for one in found))
    floors = [one.minimum_p for one in found if one.minimum_p is not None]
    floor = f" Smallest p that a distribution-free test could give: {p_value(max(floors))}." if floors else ""
    note = f"Method: {methods}. Corrected over: {families}.{floor}"
    return Table(f"harness-{name}", title, columns, rows, note=note, cards=True)


def _row(made: Material, model: str, unit: str, one: Finding, caveats: tuple[str, ...]) -> tuple[Cell, ...]:
    numbers = ", ".join(str(caveats.index(caveat) + 1) for caveat in dict.fromkeys(one.caveats))
    known = one.low is not None and one.high is not None
    return (
        Cell(model, tone="name"),
        Cell(f"{made.name(one.a)} {MINUS} {made.name(one.b)}", f"see note {numbers}" if numbers else ""),
        Cell(signed_in(one.difference, unit), _span(one, unit) if known else "no interval"),
        Cell(p_value(one.p)),
        Cell(p_value(one.p_corrected)),
        Cell(
            f"{SIGNS[one.verdict]} {one.verdict.value}",
            tone="open" if one.verdict is Verdict.NOT_ESTABLISHED else "strong",
        ),
        Cell(count(one.n_tasks), plural(one.n_trials, "trial")),
    )


def _span(one: Finding, unit: str) -> str:
    if unit == "rate":
        return difference_interval("solved", one.low, one.high)
    return f"{signed_in(one.low, unit)} to {signed_in(one.high, unit)}"


def signed_in(value: float | None, unit: str) -> str:
    """A signed difference in its unit; a rate in points."""
    if value is None:
        return MISSING
    if unit == "rate":
        return difference("solved", value)
    text = in_unit(abs(value), unit)
    return text if value == 0 else f"{MINUS if value < 0 else '+'}{text}"
