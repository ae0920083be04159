"""The whole analysis on synthetic facts: invariances, edges, and the words it may use."""

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.analysis.analyse import analyse
from assay.analysis.base import Analysis
from assay.evidence.facts import CellFact, Facts, Sums
from assay.evidence.lock import Lock
from assay.records import Target, Verdict
from assay.testing.facts import make_facts

LIKE = Target.TASKS_LIKE_THESE


def with_cells(facts: Facts, change: Callable[[CellFact], CellFact]) -> Facts:
    return replace(facts, cells=tuple(change(cell) for cell in facts.cells))


def primary(analysis: Analysis) -> list[tuple[object, ...]]:
    return [
        (f.a, f.b, f.measure, f.difference, f.low, f.high, f.p, f.p_corrected, f.verdict, f.n_tasks)
        for f in analysis.findings
        if f.target is LIKE
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_cells_changes_nothing(seed: int) -> None:
    facts, lock = make_facts(seed, n_arms=4, controls=("aa", "sabotage"), experiment={"margin": 5})
    shuffled = list(facts.cells)
    random.Random(seed).shuffle(shuffled)
    assert analyse(replace(facts, cells=tuple(shuffled)), lock) == analyse(facts, lock)


def twice(sums: Sums) -> Sums:
    return replace(sums, n=2 * sums.n, total=2 * sums.total, squares=2 * sums.squares, unknown=2 * sums.unknown)


def doubled(cell: CellFact) -> CellFact:
    metrics = {name: twice(sums) for name, sums in cell.metrics.items()}
    return replace(cell, solved=twice(cell.solved), cost=twice(cell.cost), metrics=metrics, settled=2 * cell.settled)


@settings(max_examples=15)
@given(st.integers(0, 500), st.integers(1, 14), st.integers(1, 4))
def test_copying_every_repeat_changes_nothing_about_tasks_like_these(seed: int, tasks: int, reps: int) -> None:
    facts, lock = make_facts(seed, n_tasks=tasks, reps=reps)
    once, again = analyse(facts, lock), analyse(with_cells(facts, doubled), lock)
    for one, two in zip(primary(once), primary(again), strict=True):
        assert one[:3] == two[:3]
        assert one[3:8] == pytest.approx(two[3:8], abs=1e-12)
        assert one[8:] == two[8:]
    for arm, other in zip(once.arms, again.arms, strict=True):
        for name in ("mean", "low", "high"):
            for measure in ("solved", "score"):
                first, second = (getattr(getattr(getattr(x, measure), "like"), name) for x in (arm, other))  # noqa: B009
                assert first == pytest.approx(second)
            assert getattr(arm.cost_per_solved, name) == pytest.approx(getattr(other.cost_per_solved, name))


def test_an_arm_against_its_copy_shows_nothing() -> None:
    facts, lock = make_facts(5, n_arms=1, controls=("aa",))
    original, twin = (arm.id for arm in lock.arms)
    mine = tuple(cell for cell in facts.cells if cell.arm == original)
    same = replace(facts, cells=(*mine, *(replace(cell, arm=twin) for cell in mine)))
    found = [f for f in analyse(same, lock).findings if f.target is LIKE]
    assert found
    assert {(f.difference, f.p, f.verdict) for f in found} == {(0.0, 1.0, Verdict.NOT_ESTABLISHED)}


def test_the_true_order_of_well_separated_arms_is_found() -> None:
    facts, lock = make_facts(3, spread=4.0, interaction=0.3, n_tasks=24, reps=5)
    analysis = analyse(facts, lock)
    assert [(arm.rank_low, arm.rank_high, arm.tie_group) for arm in analysis.arms] == [
        (3, 3, "c"),
        (2, 2, "b"),
        (1, 1, "a"),
    ]
    assert {f.verdict for f in analysis.findings if f.target is LIKE and f.measure == "solved"} == {Verdict.WORSE}
    assert len(analysis.established) == 3
    assert analysis.not_established == ()


def all_ours(cell: CellFact, arm: str) -> CellFact:
    if cell.arm != arm:
        return cell
    n = cell.settled
    empty = {name: Sums(unknown=n) for name in cell.metrics}
    return replace(cell, solved=Sums(unknown=n), metrics=empty, by_outcome={"provider_error": n})


def test_provider_failures_never_lower_a_score() -> None:
    facts, lock = make_facts(7, failures=0.0)
    before = analyse(facts, lock)
    hit = lock.arms[0].id

    def fail_some(cell: CellFact) -> CellFact:
        """Three further trials that ended in a provider error."""
        if cell.arm != hit:
            return cell
        metrics = {name: replace(sums, unknown=3) for name, sums in cell.metrics.items()}
        outcomes = {**cell.by_outcome, "provider_error": 3}
        solved = replace(cell.solved, unknown=3)
        return replace(cell, settled=cell.settled + 3, solved=solved, metrics=metrics, by_outcome=outcomes)

    after = analyse(with_cells(facts, fail_some), lock)
    assert (after.arms[0].solved, after.arms[0].score) == (before.arms[0].solved, before.arms[0].score)
    assert primary(after) == primary(before)
    assert after.arms[0].by_outcome["provider_error"] == 72
    bracket, mean = after.arms[0].bracket, after.arms[0].solved.like.mean
    assert bracket is not None
    assert mean is not None
    assert bracket[0] == pytest.approx(mean / 2)
    assert bracket[1] == pytest.approx(mean / 2 + 0.5)
    assert before.arms[0].bracket is None
    assert "72 trials have no verdict (72 provider failures)" in after.verdict


def test_an_arm_with_nothing_but_failures_has_no_rate_and_no_rank() -> None:
    facts, lock = make_facts(7)
    analysis = analyse(with_cells(facts, lambda cell: all_ours(cell, lock.arms[1].id)), lock)
    arm = analysis.arms[1]
    assert (arm.solved.like.mean, arm.n_scored, arm.rank_low, arm.tie_group) == (None, 0, None, "")
    assert arm.bracket == (0.0, 1.0)
    assert all(f.difference is None for f in analysis.findings if arm.id in {f.a, f.b})
    assert {cell.reason is None for cell in analysis.heatmap if cell.column == arm.id} == {False}
    assert arm.label in analysis.verdict.split("left out")[1]


def test_missing_cells_leave_their_pairs_and_are_told() -> None:
    facts, lock = make_facts(8, failures=0.0)
    hole = lock.arms[0].id, lock.tasks[0].id
    cells = tuple(cell for cell in facts.cells if (cell.arm, cell.task) != hole)
    found = analyse(replace(facts, cells=cells), lock).findings
    touched = [f for f in found if hole[0] in {f.a, f.b} and f.target is LIKE]
    assert {f.n_tasks for f in touched} == {23}
    assert all("23 of 24 tasks" in " ".join(f.caveats) for f in touched)
    assert {f.n_tasks for f in found if hole[0] not in {f.a, f.b}} == {24}


edges = [
    {"n_arms": 1},
    {"n_tasks": 1},
    {"n_tasks": 1, "reps": 1},
    {"n_tasks": 2, "reps": 1},
    {"reps": 0},
    {"reps": 1},
    {"failures": 1.0},
    {"failures": 0.6, "reps": 1},
    {"unpriced": ("swift", "steady", "deep")},
    {"n_arms": 30, "n_tasks": 4, "reps": 1},
    {"experiment": {"margin": 5}},
    {"experiment": {"margin": {"solved": 5}}},
    {"experiment": {"margin": "five"}},
    {"experiment": {"primary": "composite"}},
    {"experiment": {"primary": "lint"}},
    {"experiment": {"primary": "no such metric"}},
]


@pytest.mark.parametrize("arguments", edges, ids=str)
def test_every_edge_is_a_result_with_a_reason(arguments: dict[str, object]) -> None:
    facts, lock = make_facts(4, **arguments)  # type: ignore[arg-type]  # the table holds several types
    analysis = analyse(facts, lock)
    for arm in analysis.arms:
        for both in (arm.solved, arm.score):
            for estimate in (both.like, both.these):
                assert (estimate.low is None) == (estimate.high is None)
                assert estimate.low is not None or estimate.reason
        assert arm.cost_per_solved.low is not None or arm.cost_per_solved.reason
    for finding in analysis.findings:
        numbers = (finding.difference, finding.low, finding.high, finding.p)
        assert all(value is None or np.isfinite(value) for value in numbers)
        assert finding.low is not None or finding.caveats
        assert finding.p is not None or finding.verdict is Verdict.NOT_ESTABLISHED
    assert analysis.verdict.endswith(".")


def test_no_cells_at_all() -> None:
    facts, lock = make_facts(1)
    analysis = analyse(replace(facts, cells=()), lock)
    assert "nothing can be said" in analysis.verdict
    assert all(arm.solved.like.mean is None for arm in analysis.arms)


def test_cells_outside_the_lock_are_left_out_and_counted() -> None:
    facts, lock = make_facts(1)
    stray = replace(facts.cells[0], arm="another")
    analysis = analyse(replace(facts, cells=(*facts.cells, stray)), lock)
    assert analysis.arms == analyse(facts, lock).arms
    assert any("1 cell of arms or tasks outside the lock" in text for text in analysis.limitations)


def agreed(cell: CellFact, solved: dict[str, float]) -> CellFact:
    value = solved[cell.arm]
    return replace(cell, solved=Sums(3, 3 * value, 3 * value, value, value, 0))


def test_few_tasks_that_agree_are_not_established() -> None:
    facts, lock = make_facts(2, n_arms=2, n_tasks=3)
    values = {lock.arms[0].id: 1.0, lock.arms[1].id: 0.0}
    found = [
        f for f in analyse(with_cells(facts, lambda cell: agreed(cell, values)), lock).findings if f.measure == "solved"
    ]
    assert {(f.difference, f.low, f.high, f.verdict) for f in found} == {(1.0, None, None, Verdict.NOT_ESTABLISHED)}
    assert all("no interval" in " ".join(f.caveats) for f in found)


def test_many_tasks_that_agree_are_established() -> None:
    facts, lock = make_facts(2, n_arms=2, n_tasks=12)
    values = {lock.arms[0].id: 1.0, lock.arms[1].id: 0.0}
    analysis = analyse(with_cells(facts, lambda cell: agreed(cell, values)), lock)
    finding = next(f for f in analysis.findings if f.measure == "solved" and f.target is LIKE)
    assert finding.verdict is Verdict.BETTER
    assert finding.method == "exact bound, all tasks alike"


def test_findings_carry_their_family_unit_and_control() -> None:
    facts, lock = make_facts(6, n_arms=4)
    findings = analyse(facts, lock).findings
    assert len(findings) == 6 * 2 * 2
    assert {f.family for f in findings} == {
        f"{measure}, {target}, all 6 pairs" for measure in ("solved", "score") for target in Target
    }
    for finding in findings:
        assert finding.run_level_p is not None
        assert finding.p_corrected is not None
        assert finding.p is not None
        assert finding.p <= finding.p_corrected <= min(1.0, 6 * finding.p)
        assert finding.unit == ("task" if finding.target is LIKE else "run within task")


@pytest.mark.parametrize("seed", range(4))
def test_the_verdict_speaks_plainly(seed: int) -> None:
    facts, lock = make_facts(seed, n_arms=2 + seed, experiment={"margin": 5})
    analysis = analyse(facts, lock)
    text = " ".join((analysis.verdict, *analysis.established, *analysis.not_established, *analysis.limitations))
    assert "winner" not in text.lower()
    assert "simulated" in analysis.verdict
    assert not any(mark in text for mark in ("nan", "None", "{", "±"))
    counts, money = analysis.verdict.index("solved"), analysis.verdict.index("$")
    assert counts < money < analysis.verdict.index("hown")
    for arm in analysis.arms:
        assert f"{arm.label} " in analysis.verdict


def close_arms(cell: CellFact, lock: Lock) -> CellFact:
    """Forty tasks, six runs: the second arm solves as much, give or take one run on every other task."""
    task = [each.id for each in lock.tasks].index(cell.task)
    solved = 3.0 if cell.arm == lock.arms[0].id else 3.0 + (1, 0, -1, 0)[task % 4]
    return replace(cell, solved=Sums(6, solved, solved, 0.0, 1.0, 0))


def test_a_margin_supports_equality() -> None:
    facts, lock = make_facts(9, n_arms=2, n_tasks=40, experiment={"margin": 10})
    changed = with_cells(facts, lambda cell: close_arms(cell, lock))
    finding = next(f for f in analyse(changed, lock).findings if f.measure == "solved" and f.target is LIKE)
    assert finding.verdict is Verdict.EQUAL
    assert finding.margin == pytest.approx(0.10)
    bare = replace(lock, experiment={})
    without = next(f for f in analyse(changed, bare).findings if f.measure == "solved" and f.target is LIKE)
    assert without.verdict is Verdict.NOT_ESTABLISHED


def uneven(cell: CellFact, lock: Lock) -> CellFact:
    """The second arm is a little ahead on average, by an uncertain amount."""
    task = [each.id for each in lock.tasks].index(cell.task)
    solved = 5.0 if cell.arm == lock.arms[0].id else 5.0 + (4.0, -3.0)[task % 2]
    return replace(cell, solved=Sums(10, solved, solved, 0.0, 1.0, 0))


def test_not_worse_turns_the_pair_so_that_the_claim_can_be_said() -> None:
    facts, lock = make_facts(9, n_arms=2, n_tasks=40, experiment={"margin": 9})
    changed = with_cells(facts, lambda cell: uneven(cell, lock))
    analysis = analyse(changed, lock)
    finding = next(f for f in analysis.findings if f.measure == "solved" and f.target is LIKE)
    assert finding.verdict is Verdict.NOT_WORSE
    assert (finding.a, finding.b) == (lock.arms[1].id, lock.arms[0].id)
    assert finding.difference == pytest.approx(0.05)
    assert finding.low is not None
    assert -0.09 < finding.low < 0
    assert "steady is not worse than swift within the 9-point margin" in analysis.verdict
