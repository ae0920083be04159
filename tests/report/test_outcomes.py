"""What the report says about money of attempts without an end, and where nothing was compared."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from assay.analysis.analyse import analyse
from assay.evidence.facts import Sums
from assay.report.html import render_html
from assay.report.markdown import render_markdown
from assay.report.terminal import print_report
from assay.testing.facts import make_facts


@pytest.mark.parametrize(
    ("usd", "unknown", "said"),
    [
        (None, 4, "; what all of the 4 attempts that did not settle cost is unknown."),
        (0.0, 3, "; what 3 of the 4 attempts that did not settle cost is unknown."),
        (0.25, 3, ", ≥ $0.250 of it on 4 attempts that did not settle (the cost of 3 is unknown)."),
        (0.25, 0, ", ≥ $0.250 of it on 4 attempts that did not settle."),
    ],
)
def test_money_of_attempts_that_did_not_settle(usd: float | None, unknown: int, said: str) -> None:
    facts, lock = make_facts(1)
    health = replace(facts.health, lost_attempts=4, lost_usd=usd, lost_unknown=unknown, lost_is_lower_bound=True)
    facts = replace(facts, health=health)
    for page in (render_markdown(analyse(facts, lock), lock, facts), render_html(analyse(facts, lock), lock, facts)):
        assert said in page
        assert "lost with" not in page


def test_where_nothing_was_compared_nothing_was_settled_or_left_open() -> None:
    facts, lock = make_facts(1, n_arms=1)
    stream = io.StringIO()
    print_report(analyse(facts, lock), lock, facts, Console(file=stream, width=100))
    for page in (stream.getvalue(), render_markdown(analyse(facts, lock), lock, facts)):
        assert page.count("Nothing was compared.") >= 2
        assert "left open" not in page
        assert "at this number of tasks" not in page


def test_two_arms_of_which_one_has_no_verdict_are_not_compared() -> None:
    facts, lock = make_facts(1, n_arms=2)
    dead = lock.arms[1].id
    cells = tuple(
        replace(cell, solved=Sums(unknown=cell.settled), metrics={}, by_outcome={"infrastructure": cell.settled})
        if cell.arm == dead
        else cell
        for cell in facts.cells
    )
    facts = replace(facts, cells=cells)
    page = render_markdown(analyse(facts, lock), lock, facts)
    assert "Without a verdict: steady (72 machine failures)" in page
    assert page.split("### Established")[1].split("###")[0].strip().endswith("Nothing was compared.")
    assert "left open" not in page


def test_cost_per_solved_says_whose_money_it_holds() -> None:
    facts, lock = make_facts(1)
    page = render_markdown(analyse(facts, lock), lock, facts)
    assert "holds the money of trials that a machine or provider failed" in page
