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
    "Difference: first arm minus second, in points, over the tasks that both have; each task counts once. p is "
    "corrected over its family (Holm), the interval is not. Verdicts are about tasks like these unless a table says "
    "otherwise. "
    "“Not established” does not mean equal."
)
CAVEATS_FIRST = 6

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
    blocks: list[Block] = [Prose(READING)]
    for position, (title, chosen) in enumerate(_groups(findings).items()):
        blocks.append(_table(made, f"findings-{position + 1}", title, chosen, caveats))
    if any(finding.run_level_p is not None for finding in findings):
        blocks.append(Prose(CONTROL, tone="control"))
    if caveats:
        blocks.append(Bullets(caveats, title="Notes on these findings", numbered=True, first=CAVEATS_FIRST))
    return Section("findings", "Differences", tuple(blocks))


def _groups(findings: tuple[Finding, ...]) -> dict[str, list[Finding]]:
    """One table for each measure and target; controls apart, so that nobody reads them as results."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        word = WORDS.get(finding.measure, finding.measure)
        scope = "controls" if finding.family.startswith("control") else finding.target.value
        groups.setdefault(f"{word}, {scope}", []).append(finding)
    return groups


def _table(made: Material, name: str, title: str, findings: list[Finding], caveats: tuple[str, ...]) -> Table:
    columns = (
        Column("Comparison", numeric=False),
        Column("Difference", hint="points, 95% interval"),
        Column("p", hint="alone"),
        Column("p corrected", hint="Holm"),
        Column("Verdict", numeric=False),
        Column("Tasks", hint="shared"),
        Column("More tasks", hint="to settle it"),
        Column("Run-level p", hint="control: do not use"),
    )
    rows = tuple(_row(made, finding, caveats) for finding in findings)
    families = dict.fromkeys(finding.family for finding in findings)
    methods = dict.fromkeys(finding.method for finding in findings)
    units = dict.fromkeys(finding.unit for finding in findings)
    floors = [finding.minimum_p for finding in findings if finding.minimum_p is not None]
    floor = f" Smallest p that a distribution-free test could give: {p_value(max(floors))}." if floors else ""
    note = (
        f"Method: {', '.join(methods)}. Unit of inference: {', '.join(units)}. "
        f"Corrected over: {'; '.join(families)}.{floor}"
    )
    return Table(name, title, columns, rows, note=note, folded=name != "findings-1", cards=True)


def _row(made: Material, finding: Finding, caveats: tuple[str, ...]) -> tuple[Cell, ...]:
    numbers = ", ".join(str(caveats.index(caveat) + 1) for caveat in dict.fromkeys(finding.caveats))
    span = difference_interval(finding.measure, finding.low, finding.high)
    settled = finding.verdict is not Verdict.NOT_ESTABLISHED
    return (
        Cell(
            f"{made.name(finding.a)} \N{MINUS SIGN} {made.name(finding.b)}",
            f"see note {numbers}" if numbers else "",
            tone="name",
        ),
        Cell(difference(finding.measure, finding.difference), span or "no interval"),
        Cell(p_value(finding.p)),
        Cell(p_value(finding.p_corrected)),
        Cell(
            f"{SIGNS[finding.verdict]} {finding.verdict.value}",
            "" if finding.margin is None else f"margin {decimal(finding.margin * scale_of(finding.measure))}",
            tone="strong" if settled else "open",
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
