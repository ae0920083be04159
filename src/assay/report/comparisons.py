"""Differences between arms, with corrected p values and one verdict each; the wrong test stands beside as a control."""

from __future__ import annotations

from assay.analysis.base import Finding
from assay.records import Verdict
from assay.report.arms import WORDS
from assay.report.document import Block, Bullets, Cell, Column, Prose, Section, Table
from assay.report.material import Material
from assay.report.numbers import MISSING, count, decimal, difference, difference_interval, p_value, plural, scale_of

# A sign beside the word, so that a column can be scanned without colour.
SIGNS = {
    Verdict.BETTER: "▲",
    Verdict.WORSE: "▼",
    Verdict.NOT_WORSE: "≥",
    Verdict.EQUAL: "=",
    Verdict.NOT_ESTABLISHED: "○",
}

READING = (
    "Difference: first arm minus second, in points, over the tasks that both have, each task counted once. p is corrected "
    "over its family (Holm); the interval is not. Verdicts are about tasks like these. “Not established” does not mean equal."
)
CONTROL = (
    "The last column, in grey, is a control and must not be used: it treats repetitions of one task as independent, "
    "which makes chance look like a difference."
)


def comparisons_section(made: Material) -> Section:
    """One table for each measure."""
    findings = made.analysis.findings
    if not findings:
        return Section("findings", "Differences", (Prose("Nothing was compared.", tone="missing"),))
    caveats = tuple(dict.fromkeys(caveat for finding in findings for caveat in finding.caveats))
    measures = dict.fromkeys(finding.measure for finding in findings)
    blocks: list[Block] = [Prose(READING)]
    for position, measure in enumerate(measures):
        chosen = tuple(finding for finding in findings if finding.measure == measure)
        blocks.append(_table(made, measure, chosen, caveats, folded=position > 0))
    if any(finding.run_level_p is not None for finding in findings):
        blocks.append(Prose(CONTROL, tone="control"))
    if caveats:
        items = tuple(f"{number}. {caveat}" for number, caveat in enumerate(caveats, start=1))
        blocks.append(Bullets(items, title="Notes on these findings"))
    return Section("findings", "Differences", tuple(blocks))


def _table(
    made: Material, measure: str, findings: tuple[Finding, ...], caveats: tuple[str, ...], *, folded: bool
) -> Table:
    columns = (
        Column("Comparison", numeric=False),
        Column("Difference", hint="points, 95% interval"),
        Column("p", hint="of this comparison alone"),
        Column("p corrected", hint="Holm over the family"),
        Column("Verdict", numeric=False),
        Column("Tasks", hint="that both arms have"),
        Column("More tasks", hint="estimated to settle it"),
        Column("Run-level p", hint="a control: do not use"),
    )
    rows = tuple(_row(made, finding, caveats) for finding in findings)
    families = dict.fromkeys(finding.family for finding in findings)
    methods = dict.fromkeys(finding.method for finding in findings)
    units = dict.fromkeys(finding.unit for finding in findings)
    word = WORDS.get(measure, measure)
    note = (
        f"Measure: {word.lower()}. Method: {', '.join(methods)}. Unit of inference: {', '.join(units)}. "
        f"Family of corrections: {', '.join(families)} ({plural(len(findings), 'comparison')} here)."
    )
    return Table(
        f"findings-{measure}", f"Differences in {word.lower()}", columns, rows, note=note, folded=folded, cards=True
    )


def _row(made: Material, finding: Finding, caveats: tuple[str, ...]) -> tuple[Cell, ...]:
    numbers = ", ".join(str(caveats.index(caveat) + 1) for caveat in dict.fromkeys(finding.caveats))
    span = difference_interval(finding.measure, finding.low, finding.high)
    floor = finding.minimum_p
    settled = finding.verdict is not Verdict.NOT_ESTABLISHED
    return (
        Cell(f"{made.name(finding.a)} − {made.name(finding.b)}", f"see note {numbers}" if numbers else "", tone="name"),
        Cell(difference(finding.measure, finding.difference), span or "no interval"),
        Cell(p_value(finding.p), title="" if floor is None else f"smallest p this design can reach: {p_value(floor)}"),
        Cell(p_value(finding.p_corrected)),
        Cell(
            f"{SIGNS[finding.verdict]} {finding.verdict.value}",
            "" if finding.margin is None else f"margin {decimal(finding.margin * scale_of(finding.measure))}",
            tone="strong" if settled else "missing",
        ),
        Cell(count(finding.n_tasks), plural(finding.n_trials, "trial")),
        _more(finding, settled=settled),
        Cell(p_value(finding.run_level_p), title="control: do not use", tone="control"),
    )


def _more(finding: Finding, *, settled: bool) -> Cell:
    if settled:
        return Cell(MISSING, title="settled")
    if finding.more_tasks is None:
        return Cell("unknown", title="cannot be estimated from these data", tone="missing")
    return Cell(f"about {count(finding.more_tasks)}")
