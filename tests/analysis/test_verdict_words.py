"""What the paragraph says when less was made, lost or compared than was planned."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from assay.analysis import words
from assay.analysis.analyse import analyse
from assay.analysis.base import Analysis
from assay.evidence.facts import CellFact, Facts, Health, Sums
from assay.evidence.lock import Lock
from assay.testing.facts import make_facts

Change = Callable[[CellFact], CellFact]


def changed(change: Change, facts: Facts, lock: Lock) -> Analysis:
    return analyse(replace(facts, cells=tuple(change(cell) for cell in facts.cells)), lock)


def made(cell: CellFact, runs: int) -> CellFact:
    """A cell in which only so many runs settled, all failed."""
    return replace(cell, settled=runs, solved=Sums(runs, 0.0, 0.0, 0.0, 0.0, 0), by_outcome={"failed": runs})


def without(cell: CellFact, outcome: str) -> CellFact:
    """A cell in which all runs settled and none has a verdict."""
    nothing = Sums(0, 0.0, 0.0, None, None, cell.settled)
    return replace(cell, solved=nothing, metrics={}, by_outcome={outcome: cell.settled})


def told(lost: int, usd: float | None, unknown: int, *, lower: bool = False) -> str:
    facts, lock = make_facts(1)
    health = replace(
        facts.health, lost_attempts=lost, lost_usd=usd, lost_unknown=unknown, lost_is_lower_bound=lower or unknown > 0
    )
    return next(text for text in analyse(replace(facts, health=health), lock).disclosures if "did not settle" in text)


def test_runs_are_those_that_were_made() -> None:
    facts, lock = make_facts(1, n_arms=2, reps=12, failures=0)
    assert "(12 runs each, simulated" in analyse(facts, lock).verdict
    number = {task.id: index for index, task in enumerate(lock.tasks)}
    some = changed(lambda cell: made(cell, 1 + number[cell.task] % 7), facts, lock)
    assert "(1 to 7 of 12 planned runs each, simulated" in some.verdict
    facts, lock = make_facts(1, n_arms=2, reps=3, failures=0)
    assert "(1 of 3 planned runs each, simulated" in changed(lambda cell: made(cell, 1), facts, lock).verdict


def test_an_arm_without_a_verdict_is_named_with_the_cause() -> None:
    facts, lock = make_facts(2, n_arms=2)
    dead = lock.arms[1].id

    def dies(cell: CellFact) -> CellFact:
        return without(cell, "provider_error") if cell.arm == dead else cell

    analysis = changed(dies, facts, lock)
    assert "Without a verdict: steady (72 provider failures). Nothing was compared." in analysis.verdict
    assert "one arm" not in analysis.verdict
    assert "difference" not in analysis.verdict
    assert analysis.not_established == ("swift against steady: not compared, on no task has each of them a verdict.",)


def test_an_arm_that_has_not_begun_is_named_beside_those_that_are_compared() -> None:
    facts, lock = make_facts(2, n_arms=3)
    idle = lock.arms[2].id
    empty = Sums()
    text = changed(
        lambda cell: (
            replace(cell, settled=0, solved=empty, metrics={}, by_outcome={}, cost=empty) if cell.arm == idle else cell
        ),
        facts,
        lock,
    ).verdict
    assert "Without a verdict: deep (no trial has settled)." in text
    assert "(0 to 3 of 3 planned runs each" in text
    assert "steady is better than swift" in text


def test_a_single_arm_is_still_said_to_be_alone() -> None:
    assert "There is one arm, so that there is nothing to compare." in analyse(*make_facts(1, n_arms=1)).verdict


def test_missing_verdicts_are_told_by_cause() -> None:
    facts, lock = make_facts(1, n_arms=2, failures=0)
    first = lock.tasks[0].id

    def breaks(cell: CellFact) -> CellFact:
        if cell.task != first:
            return cell
        words_of = {"provider_error": 1, "harness_error": 1, "completed+unscored": 1}
        return replace(without(cell, "unscored"), by_outcome=words_of)

    text = changed(breaks, facts, lock).verdict
    assert (
        "6 trials have no verdict (2 provider failures, 2 harness failures and 2 not verified) and are left out" in text
    )
    only = changed(lambda cell: without(cell, "unscored") if cell.task == first else cell, facts, lock).verdict
    assert "6 trials have no verdict (6 not verified)" in only
    assert "provider" not in only


@pytest.mark.parametrize("arms", [6, 8])
def test_many_arms_do_not_make_a_page_of_the_paragraph(arms: int) -> None:
    text = analyse(*make_facts(2, n_arms=arms, failures=0.05)).verdict
    assert len(text) < 950
    assert f" and {arms - 4} more." in text
    assert "further pairs" in text


@pytest.mark.parametrize(
    ("lost", "usd", "unknown", "said"),
    [
        (4, None, 4, "their cost is unknown."),
        (1, None, 1, "its cost is unknown."),
        (4, 0.0, 3, "their cost is unknown for 3 of them."),
        (4, 0.25, 3, "their cost is at least $0.25; the cost of 3 is unknown."),
        (2, 0.5, 0, "their cost is $0.50."),
    ],
)
def test_unknown_money_of_attempts_that_did_not_settle_is_never_zero(
    lost: int, usd: float | None, unknown: int, said: str
) -> None:
    text = told(lost, usd, unknown)
    assert text.endswith(said)
    assert "$0." not in text.replace("$0.25", "").replace("$0.50", "")
    assert "lost with" not in text


def test_known_money_of_a_killed_attempt_is_a_lower_bound() -> None:
    assert told(1, 0.25, 0, lower=True).endswith("its cost is at least $0.25.")


def test_old_facts_without_the_new_fields_can_be_read() -> None:
    facts, _ = make_facts(1)
    old = {key: value for key, value in facts.health.to_json().items() if not key.startswith("lost_")}
    health = Health.from_json({**old, "lost_attempts": 0, "lost_usd": 0.0})
    assert (health.lost_unknown, health.lost_is_lower_bound) == (0, False)


def test_tiny_money_is_not_nothing() -> None:
    assert words.money(4e-7) == "below $0.000001"
    assert words.money(1e-6) == "$0.000001"
    assert words.money(0.0999) == "$0.10"
