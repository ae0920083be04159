"""The report in a terminal: the verdict, arms with bars, differences, health. Sensible at 80 columns, ASCII only."""

from __future__ import annotations

import math

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from assay.analysis.base import Analysis, ArmSummary, Finding
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.records import Target, Verdict
from assay.report.arms import WORDS, estimate_of, rank_text
from assay.report.compose import empty_lists, stamps
from assay.report.material import Material, shown
from assay.report.numbers import (
    AT_LEAST,
    MINUS,
    MISSING,
    amount,
    at_least,
    count,
    difference,
    difference_interval,
    interval,
    p_value,
    plural,
    usd,
)
from assay.report.terminal_agents import agent_grids
from assay.report.text import ELLIPSIS

BAR = 20
ARM, PAIR = 20, 30
NUMBERS = 60  # columns of text that stand beside names
ALL_PAIRS = 15  # those of 6 arms
PAIRS = 8
ELSEWHERE = "report.html"
READING = (
    "Bar: mean (o) and 95% interval for tasks like these. Arms that share a letter under 'tie' cannot be told apart."
)
STYLES = {Verdict.NOT_ESTABLISHED: "dim"}
PLAIN = str.maketrans(
    {MINUS: "-", MISSING: "-", AT_LEAST: ">=", ELLIPSIS: "~", "\N{MULTIPLICATION SIGN}": "x", "\N{MIDDLE DOT}": "|"}
    | {
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    }
)


def print_report(analysis: Analysis, lock: Lock, facts: Facts, console: Console) -> None:
    """Print the short form of the report."""
    made = shown(analysis, lock, facts)
    for stamp in stamps(made):
        console.print(_text(stamp, "bold yellow", console))
        console.print()
    console.print(_text(made.analysis.verdict, "bold", console))
    console.print()
    console.print(_arms(made, console))
    console.print(_text(READING, "dim", console))
    findings = [finding for finding in made.analysis.findings if _matters(made, finding)]
    none_shown, none_open = empty_lists(made)
    for title, claims, none in (
        ("Established", made.analysis.established, none_shown),
        ("Not established", made.analysis.not_established, none_open),
    ):
        counted = len(findings) > ALL_PAIRS and len(claims) > PAIRS
        _list(console, title, (f"{plural(len(claims), 'pair')}: {ELSEWHERE}",) if counted else claims, none)
    for grid in agent_grids(made, lambda text: _text(text, "", console)):
        console.print()
        console.print(grid)
    if findings:
        told = _telling(findings) if len(findings) > ALL_PAIRS else findings
        console.print()
        console.print(_findings(made, told, console))
        if len(told) < len(findings):
            console.print(_text(f"{plural(len(findings) - len(told), 'more pair')}: {ELSEWHERE}", "dim", console))
    console.print()
    console.print(_text(_health(made), "", console))
    for note in made.facts.health.notes:
        console.print(_text(f"Note: {note}", "yellow", console))


def bar(low: float | None, mean: float | None, high: float | None, width: int = BAR) -> str:
    """Draw ``..|--o---|....`` for fractions of a scale from 0 to 1; blank without a mean."""
    if mean is None:
        return " " * width

    def place(value: float) -> int:
        return min(width - 1, max(0, round(value * (width - 1))))

    cells = ["."] * width
    if low is not None and high is not None:
        for position in range(place(low), place(high) + 1):
            cells[position] = "-"
        cells[place(low)] = cells[place(high)] = "|"
    cells[place(mean)] = "o"
    return "".join(cells)


def _text(text: str, style: str, console: Console) -> Text:
    """Text that no markup and no emoji code can enter, in characters that the console can write."""
    plain = text.translate(PLAIN)
    encoding = console.encoding or "ascii"
    return Text(plain.encode(encoding, "replace").decode(encoding), style=style)


def _arms(made: Material, console: Console) -> Grid:
    grid = Grid(box=None, padding=(0, 1, 0, 0), header_style="dim", expand=False, pad_edge=False)
    word = WORDS[made.measure].lower()
    # Folded, not cut: labels of arms often differ at the end only.
    grid.add_column("arm", overflow="fold", max_width=max(ARM, console.width - NUMBERS))
    grid.add_column("tie", no_wrap=True)
    grid.add_column("rank", no_wrap=True)
    grid.add_column(f"{word}, 95%", justify="right", no_wrap=True)
    grid.add_column(f"{0:<{BAR - 3}}100", no_wrap=True)
    grid.add_column("$ per solved", justify="right", no_wrap=True)
    for arm in made.analysis.arms:
        grid.add_row(*(_text(part, "", console) for part in _arm(made, arm)))
    return grid


def _arm(made: Material, arm: ArmSummary) -> tuple[str, ...]:
    like = estimate_of(arm, made.measure).like
    full = 1.0 if made.measure == "solved" else 100.0
    parts = [None if value is None else value / full for value in (like.low, like.mean, like.high)]
    span = interval(made.measure, like.low, like.high).replace(" to ", "-") or "no interval"
    return (
        made.name(arm.id),
        arm.tie_group,
        rank_text(arm).replace(" to ", "-"),
        f"{amount(made.measure, like.mean)} {span}",
        bar(parts[0], parts[1], parts[2]),
        at_least(usd(arm.cost_per_solved.mean), arm.cost_is_lower_bound),
    )


def _list(console: Console, title: str, items: tuple[str, ...], empty: str) -> None:
    console.print()
    console.print(_text(title, "bold", console))
    for item in items or (empty,):
        console.print(Padding(_text(f"- {item}", "", console), (0, 0, 0, 2), expand=False))


def _matters(made: Material, finding: Finding) -> bool:
    """The comparisons that the verdict is about; all others are in the other formats."""
    return (
        finding.measure == made.measure
        and finding.target is Target.TASKS_LIKE_THESE
        and not finding.family.startswith("control")
    )


def _telling(findings: list[Finding]) -> list[Finding]:
    """Choose the ``PAIRS`` that say most: established first, then the smallest p, then the largest difference."""

    def order(finding: Finding) -> tuple[bool, float, float, float]:
        p, corrected = (math.inf if one is None else one for one in (finding.p, finding.p_corrected))
        return finding.verdict is Verdict.NOT_ESTABLISHED, corrected, p, -abs(finding.difference or 0.0)

    return sorted(findings, key=order)[:PAIRS]


def _findings(made: Material, findings: list[Finding], console: Console) -> Grid:
    grid = Grid(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    grid.add_column(
        f"difference in {WORDS[made.measure].lower()}", overflow="fold", max_width=max(PAIR, console.width - NUMBERS)
    )
    grid.add_column("points, 95%", justify="right", no_wrap=True)
    grid.add_column("p corr.", justify="right", no_wrap=True)
    grid.add_column("verdict", no_wrap=True)
    for finding in findings:
        span = difference_interval(finding.measure, finding.low, finding.high).replace(" to ", ", ")
        parts = (
            f"{made.name(finding.a)} - {made.name(finding.b)}",
            f"{difference(finding.measure, finding.difference)} [{span or 'no interval'}]",
            p_value(finding.p_corrected),
            finding.verdict.value,
        )
        style = STYLES.get(finding.verdict, "")
        grid.add_row(*(_text(part, style, console) for part in parts))
    return grid


def _health(made: Material) -> str:
    health = made.facts.health
    outcomes = ", ".join(f"{count(number)} {key}" for key, number in made.by_outcome().items()) or "none"
    spent = at_least(usd(health.spent_usd), health.spent_is_lower_bound or health.unpriced_calls > 0)
    simulated = " (simulated)" if made.analysis.simulated else ""
    return (
        f"{plural(health.planned, 'trial')} planned, {count(health.settled)} settled, "
        f"{plural(health.lost_attempts, 'attempt')} not settled. Outcomes: {outcomes}. Spent {spent}{simulated}."
    )


__all__ = ["bar", "print_report"]
