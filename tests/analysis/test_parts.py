"""Controls, predictions, limits and words."""

from dataclasses import replace

import pytest

from assay.analysis import words
from assay.analysis.analyse import analyse
from assay.evidence.facts import Anchor, Sums
from assay.records import Target
from assay.testing.facts import make_facts


def test_controls_are_told_and_stay_out_of_the_ranking() -> None:
    facts, lock = make_facts(2, controls=("aa", "sabotage"), spread=2.5)
    analysis = analyse(facts, lock)
    aa, sabotage = analysis.controls
    assert aa.startswith("A/A: swift against its twin")
    assert aa.endswith("no difference shown, as must be.")
    assert sabotage.startswith("Sabotage: swift against its degraded copy")
    assert [arm.tie_group == "" for arm in analysis.arms] == [False, False, False, True, True]
    assert analysis.arms[3].rank_low is None
    assert {f.family for f in analysis.findings if "control" in f.family} == {
        f"control {kind}: {measure}" for kind in ("aa", "sabotage") for measure in ("solved", "score")
    }
    assert all(" twin" not in text for text in (*analysis.established, *analysis.not_established))


def test_a_twin_that_differs_raises_an_alarm() -> None:
    facts, lock = make_facts(2, controls=("aa",))
    twin = lock.arms[3].id
    cells = tuple(
        replace(cell, solved=Sums(3, 3.0 - index % 2 / 2, 3.0, 0.0, 1.0, 0)) if cell.arm == twin else cell
        for index, cell in enumerate(facts.cells)
    )
    assert "distrust this run" in analyse(replace(facts, cells=cells), lock).controls[0]


def test_predictions_are_scored() -> None:
    facts, lock = make_facts(3, spread=1.0, interaction=0.1, reps=20, failures=0, timeouts=0)
    rates = {task.id: [c.solved.mean for c in facts.cells if c.task == task.id] for task in lock.tasks}
    easy = max(rates, key=lambda task: sum(rate or 0 for rate in rates[task]))
    hard = min(rates, key=lambda task: sum(rate or 0 for rate in rates[task]))
    predict = {
        "floor": [easy, hard],
        "headroom": [hard, "unknown-task"],
        "hypotheses": ["deep > swift", "swift > deep", "tests are fun"],
    }
    rows = analyse(facts, replace(lock, predict=predict)).predictions
    held = [(row.kind, row.held) for row in rows]
    assert held == [
        ("floor", True),
        ("floor", False),
        ("headroom", True),
        ("headroom", None),
        ("hypothesis", True),
        ("hypothesis", False),
        ("hypothesis", None),
    ]
    assert rows[3].observed == "no such task in this run"


def test_anchors_that_fail_are_limitations() -> None:
    facts, lock = make_facts(1)
    task = lock.tasks[0].id
    bad = (
        Anchor(task, "reference", False, {"score": 12.0}),
        Anchor(task, "empty", True, {}),
        Anchor(task, "start", True, {}),
    )
    said = " ".join(analyse(replace(facts, anchors=bad), lock).limitations)
    assert f"The reference solution fails the hidden tests of {task}" in said
    assert f"An empty answer passes {task}" in said
    assert f"The untouched start passes {task}" in said


def test_limitations_and_disclosures_come_from_the_data() -> None:
    facts, lock = make_facts(1, n_tasks=4, reps=1, unpriced=("deep",))
    health = replace(facts.health, unsettled=7, lost_attempts=2, lost_usd=0.5, amendments=({"n": 1},))
    changed = replace(lock, machine={"sandbox": "unsafe-host"}, simulated=False)
    analysis = analyse(replace(facts, health=health), changed)
    said = " ".join(analysis.limitations)
    for part in (
        "With 4 tasks no distribution-free test",
        "One run per task",
        "No price is known for deep",
        "7 planned trials",
    ):
        assert part in said
    told = " ".join(analysis.disclosures)
    for part in ("unsafe-host", "2 attempts did not settle", "$0.50", "extended 1 time", "No margin"):
        assert part in told
    assert "simulated" not in told
    assert "simulated" not in analysis.verdict
    assert "preliminary" in analysis.verdict
    assert "What deep costs is unknown" in analysis.verdict


def test_unknown_cost_is_never_zero() -> None:
    facts, lock = make_facts(1, unpriced=("deep",))
    deep = analyse(facts, lock).arms[2]
    assert (deep.cost_usd, deep.cost_per_trial, deep.cost_per_solved.mean) == (None, None, None)
    assert deep.cost_unknown == 72
    some = tuple(
        replace(cell, cost=replace(cell.cost, unknown=1)) if cell.arm == lock.arms[0].id else cell
        for cell in facts.cells
    )
    swift = analyse(replace(facts, cells=some), lock).arms[0]
    assert swift.cost_is_lower_bound
    assert swift.cost_per_solved.low is None
    assert "lower bound" in (swift.cost_per_solved.reason or "")


def test_heatmap_and_task_rows_cover_every_square() -> None:
    facts, lock = make_facts(1)
    analysis = analyse(facts, lock)
    assert len(analysis.heatmap) == 2 * 4 * 3
    assert len(analysis.tasks) == 2 * 24 * 3
    single = analyse(*make_facts(1, reps=1))
    assert {row.sd for row in single.tasks} == {None}
    whole = [cell.mean for cell in analysis.heatmap if cell.column == lock.arms[0].id and cell.measure == "solved"]
    assert sum(value or 0.0 for value in whole) / 4 == pytest.approx(analysis.arms[0].solved.like.mean)


def test_two_arms_read_like_the_design() -> None:
    facts, lock = make_facts(2, n_arms=2, reps=1, spread=0.2, experiment={"margin": 5})
    text = analyse(facts, lock).verdict
    assert text.startswith("On these 24 tasks (simulated models) ")
    assert "difference +" in text
    assert "per solved task" in text
    assert "Not shown: that " in text
    assert "is within your 5-point margin; not shown: that " in text
    assert "more tasks would settle it ($" in text


def test_where_targets_part_it_is_said() -> None:
    facts, lock = make_facts(2, n_arms=2, n_tasks=6, reps=30, interaction=3.0, spread=1.0)
    analysis = analyse(facts, lock)
    like, these = (
        next(f for f in analysis.findings if f.target is target and f.measure == "solved") for target in Target
    )
    if like.target is Target.THESE_TASKS:
        like, these = these, like
    assert like.verdict == "not established"
    assert these.verdict in {"better", "worse"}
    assert "On these very tasks" in analysis.verdict


@pytest.mark.parametrize(
    ("usd", "text"),
    [(0.0, "$0"), (0.0042, "$0.0042"), (0.084, "$0.084"), (0.31, "$0.31"), (12.5, "$12.50"), (4321.0, "$4,321")],
)
def test_money(usd: float, text: str) -> None:
    assert words.money(usd) == text


def test_small_words() -> None:
    assert words.money(None) == "an unknown amount"
    assert words.points(-0.04, "solved") == "-4"
    assert words.points(0.0001, "solved") == "0"
    assert words.points(0.4, "score") == "+0.4"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert [words.duration(x) for x in (20, 2100, 12600)] == ["20 seconds", "35 minutes", "3.5 hours"]
