import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from rich.console import Console

from assay.analysis.analyse import analyse
from assay.analysis.base import Analysis
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.report import numbers
from assay.report.json_report import report_data
from assay.report.terminal import bar, print_report
from assay.testing.facts import make_facts

Evidence = tuple[Analysis, Lock, Facts]


def printed(evidence: Evidence, width: int = 80, *, colour: bool = False) -> str:
    stream = io.StringIO()
    print_report(*evidence, Console(file=stream, width=width, force_terminal=colour))
    return stream.getvalue()


def test_fits_eighty_columns_in_ascii(evidence: Evidence) -> None:
    text = printed(evidence)
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80


def relabelled(evidence: Evidence, labels: Sequence[str]) -> Evidence:
    analysis, lock, facts = evidence
    arms = tuple(replace(arm, label=label) for arm, label in zip(analysis.arms, labels, strict=True))
    return replace(analysis, arms=arms), lock, facts


@pytest.mark.parametrize("width", [80, 120])
def test_labels_that_differ_at_their_end_are_told_apart(by_hand_evidence: Evidence, width: int) -> None:
    labels = [f"claude-code / free / coder-{'x' * 8}-{number}" for number, _ in enumerate(by_hand_evidence[0].arms)]
    text = printed(relabelled(by_hand_evidence, labels), width)
    assert max(map(len, text.splitlines())) <= width
    table = text.split("\narm ", 1)[1].split("\nBar:", 1)[0]
    names = "".join(line[: width - 60].strip() for line in table.splitlines()[1:]).replace(" ", "")
    assert all(names.count(label.replace(" ", "")) == 1 for label in labels)


def of_arms(number: int, spread: float) -> Evidence:
    facts, lock = make_facts(3, n_arms=number, n_tasks=12, reps=2, spread=spread)
    return analyse(facts, lock), lock, facts


def compared(evidence: Evidence) -> list[str]:
    """The lines of the table of differences, at a width that folds none."""
    table = printed(evidence, 200).split("\ndifference in solved", 1)[1]
    return table.split("\n\n", 1)[0].splitlines()[1:]


@pytest.mark.parametrize("spread", [0.0, 3.0])
def test_of_many_pairs_those_that_say_most_are_shown(spread: float) -> None:
    many = of_arms(8, spread)
    *rows, more = compared(many)
    assert len(rows) == 8
    assert more == "20 more pairs: report.html"
    shown = [row for row in rows if "not established" not in row]
    assert len(shown) == min(8, len(many[0].established))
    assert rows[: len(shown)] == shown
    text = printed(many, 200)
    lists = text.split("\nEstablished", 1)[1].split("\ndifference in", 1)[0]
    assert lists.count("  - ") <= 10
    for claims in (many[0].established, many[0].not_established):
        assert (f"  - {len(claims)} pairs: report.html" in lists) == (len(claims) > 8)


def test_of_few_pairs_all_are_shown() -> None:
    few = of_arms(6, 0.0)
    assert len(compared(few)) == 15
    assert all(claim in printed(few, 200) for claim in few[0].not_established)


def test_order_and_label(evidence: Evidence) -> None:
    text = printed(evidence)
    assert text.startswith("Simulated results:")
    assert text.index("arm ") < text.index("\nEstablished") < text.index("\nNot established")


def test_numbers_are_the_numbers_for_programs(evidence: Evidence) -> None:
    text = printed(evidence, width=120).split("\narm ", 1)[1]
    for arm in report_data(*evidence)["arms"]:
        line = next(line for line in text.splitlines() if line.startswith(f"{arm['label']} "))
        assert numbers.amount("solved", arm["solved"]["mean"]) in line
        assert numbers.usd(arm["cost_per_solved"]) in line


def test_hostile_text_moves_no_cursor(hostile: Evidence) -> None:
    text = printed(hostile)
    assert not set(text) & {"\x1b", "\x00", "\u202e"}
    assert "[x](http" in text.replace("\n", "")
    assert max(map(len, text.splitlines())) <= 80


def test_markup_of_others_is_not_obeyed(by_hand_evidence: Evidence) -> None:
    text = printed(by_hand_evidence, colour=True)
    assert "\x1b[1m" in text


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((0.0, 0.5, 1.0), "|----o----|"),
        ((0.2, 0.4, 0.6), "..|-o-|...."),
        ((None, 0.3, None), "...o......."),
        ((None, None, None), "           "),
        ((-1.0, 0.0, 2.0), "o---------|"),
    ],
)
def test_bar(parts: tuple[float | None, float | None, float | None], expected: str) -> None:
    assert bar(*parts, width=11) == expected


def test_what_happened_to_the_run_is_said(evidence: Evidence) -> None:
    analysis, lock, facts = evidence
    health = replace(facts.health, notes=("evidence of 2 attempts is missing",))
    text = printed((analysis, lock, replace(facts, health=health)))
    assert "Note: evidence of 2 attempts is missing" in text
