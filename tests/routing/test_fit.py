import random
from dataclasses import replace

import numpy as np
import pytest

from assay.errors import PolicyError
from assay.evidence.facts import CellFact, Sums
from assay.policy import decide
from assay.records import Target
from assay.routing import backtest
from assay.routing.backtest import FOLDS, fold_of
from assay.routing.choice import NOT_SEPARABLE, NOT_WORSE_CHEAPER, SUPERIOR, Rules, choose, shrink
from assay.routing.fit import fit_policy
from assay.routing.grid import Grid, build_grid
from assay.stats import task_t
from assay.testing.facts import make_facts

SPECIALIST = {("swift", "refactoring"): 4.0, ("deep", "refactoring"): -3.0}


def grid_of(values: np.ndarray, kinds: list[int], cost: list[float] | None = None) -> Grid:
    facts, lock = make_facts(1, n_arms=len(values))
    base = build_grid(facts, lock, None)
    n = values.shape[1]
    return replace(
        base,
        tasks=tuple(f"t{index:03d}" for index in range(n)),
        types=tuple(f"type-{kind}" for kind in range(max(kinds) + 1)),
        kinds=np.array(kinds),
        values=values.astype(float),
        noise=np.zeros(values.shape),
        runs=np.full(values.shape, 3.0),
        cost=np.array(cost or [1.0] * len(values)),
        cell_cost=np.ones(values.shape),
        dropped=0,
    )


def test_a_specialist_is_routed_and_the_gain_holds_on_held_out_tasks() -> None:
    facts, lock = make_facts(3, n_tasks=48, effects=SPECIALIST)
    policy = fit_policy(facts, lock)
    decisions = {route.task_type: (route.decision, route.label) for route in policy.routes}
    assert decisions == {
        "bug-fix": ("default", "deep"),
        "code-generation": ("default", "deep"),
        "instruction-following": ("default", "deep"),
        "refactoring": ("route", "swift"),
    }
    routed = policy.routes[3]
    assert routed.support == SUPERIOR
    assert routed.n_tasks == 12
    assert routed.low is not None
    assert routed.low > 0
    assert decide(policy, "refactoring").model == "lab/swift"
    assert decide(policy, "poetry").model == decide(policy, None).model == "lab/deep"
    test = policy.backtest
    assert test.low is not None
    assert test.in_sample is not None
    assert test.held_out is not None
    assert 0 < test.low < test.held_out <= test.in_sample + 1e-9
    assert "is shown on held-out tasks" in test.says


def test_without_type_effects_nothing_is_routed() -> None:
    routed = 0
    for seed in range(12):
        policy = fit_policy(*make_facts(seed, spread=0.3))
        routed += sum(route.decision == "route" for route in policy.routes)
        assert all(route.reason for route in policy.routes)
    # Four types and two other arms in twelve null worlds: the family keeps a false route rarer than one in twenty.
    assert routed <= 1


def test_few_tasks_per_type_say_default_and_why() -> None:
    facts, lock = make_facts(3, n_tasks=12, effects=SPECIALIST)
    route = fit_policy(facts, lock).routes[3]
    assert (route.decision, route.support) == ("default", NOT_SEPARABLE)
    assert route.considered is not None
    assert "3 tasks of this type are too few" in route.reason


def test_results_do_not_depend_on_the_order_of_cells() -> None:
    facts, lock = make_facts(5, effects=SPECIALIST)
    shuffled = list(facts.cells)
    random.Random(1).shuffle(shuffled)
    assert fit_policy(replace(facts, cells=tuple(shuffled)), lock) == fit_policy(facts, lock)


def test_shrinkage_by_its_formula() -> None:
    rng = np.random.default_rng(8)
    values, kinds = rng.normal(0, 1, (3, 12)), [0] * 4 + [1] * 8
    values[0, :4] += 2.0
    b, expected = shrink(grid_of(values, kinds))
    residual = values - values.mean(axis=0) - values.mean(axis=1)[:, None] + values.mean()
    groups = [residual[:, :4], residual[:, 4:]]
    between = sum(4 * (1 + index) * (group.mean(axis=1) ** 2).sum() for index, group in enumerate(groups)) / 2
    within = sum(((group - group.mean(axis=1)[:, None]) ** 2).sum() for group in groups) / (2 * 10)
    assert b == pytest.approx(max(0.0, 1 - within / between))
    means = values.mean(axis=1) - values.mean()
    for kind, group in enumerate(groups):
        common = values[:, np.array(kinds) == kind].mean()
        assert expected[:, kind] == pytest.approx(means + b * group.mean(axis=1) + common)


def test_types_that_tell_nothing_shrink_to_the_mean() -> None:
    values = np.tile(np.array([[0.2, 0.8], [0.6, 0.4]]), 6)
    b, expected = shrink(grid_of(values, [0] * 6 + [1] * 6))
    assert b == 0.0
    assert expected[:, 0] == pytest.approx(expected[:, 1])


def test_ties_go_to_the_cheaper_arm() -> None:
    values = np.full((3, 8), 0.5)
    assert choose(grid_of(values, [0] * 8, [3.0, 1.0, 2.0]), Rules(Target.TASKS_LIKE_THESE, None)).default == 1
    assert choose(grid_of(values, [0] * 8, [3.0, np.nan, 2.0]), Rules(Target.TASKS_LIKE_THESE, None)).default == 2


def test_not_worse_and_cheaper_needs_a_margin_and_a_price() -> None:
    rng = np.random.default_rng(3)
    values = np.stack([0.5 + rng.normal(0, 0.02, 24), 0.505 + rng.normal(0, 0.02, 24)])
    grid = grid_of(values, [0] * 12 + [1] * 12, [0.1, 1.0])
    best = int(values.mean(axis=1).argmax())
    assert best == 1
    assert choose(grid, Rules(Target.TASKS_LIKE_THESE, None)).default == 1
    chosen = choose(grid, Rules(Target.TASKS_LIKE_THESE, 0.05))
    assert (chosen.default, chosen.best) == (0, 1)
    unpriced = replace(grid, cost=np.array([np.nan, 1.0]))
    assert choose(unpriced, Rules(Target.TASKS_LIKE_THESE, 0.05)).default == 1


def test_a_cheap_arm_is_routed_where_it_is_not_worse() -> None:
    rng = np.random.default_rng(3)
    values = np.stack([0.5 + rng.normal(0, 0.02, 24), 0.5 + rng.normal(0, 0.02, 24)])
    values[1, 12:] += 0.4
    choice = choose(grid_of(values, [0] * 12 + [1] * 12, [0.1, 1.0]), Rules(Target.TASKS_LIKE_THESE, 0.05))
    assert choice.default == 1
    assert (choice.picked[0].arm, choice.picked[0].support) == (0, NOT_WORSE_CHEAPER)
    assert choice.picked[1].arm == 1


def test_a_margin_is_given_in_points_and_kept_in_the_measure() -> None:
    facts, lock = make_facts(1, experiment={"margin": 5})
    assert fit_policy(facts, lock).margin == pytest.approx(0.05)
    assert fit_policy(facts, lock, margin=8).margin == pytest.approx(0.08)
    assert fit_policy(facts, replace(lock, primary="composite")).margin == pytest.approx(5)
    assert fit_policy(facts, lock, value_usd=1.0).margin is None
    assert fit_policy(facts, lock, value_usd=1.0, margin=0.5).margin == pytest.approx(0.5)


def test_value_per_solve_trades_quality_for_money() -> None:
    facts, lock = make_facts(2, spread=0.6, failures=0.0)
    cheap, rich = fit_policy(facts, lock, value_usd=0.02), fit_policy(facts, lock, value_usd=100.0)
    assert cheap.measure == "value"
    assert cheap.default_label == "swift"
    assert rich.default_label == fit_policy(facts, lock).default_label


def test_both_targets_are_offered() -> None:
    facts, lock = make_facts(3, n_tasks=24, effects=SPECIALIST, reps=5)
    these = fit_policy(facts, lock, target=Target.THESE_TASKS)
    assert {route.target for route in these.routes} == {"these tasks"}
    assert these.routes[3].decision == "route"


@pytest.mark.parametrize(
    ("gains", "said"),
    [
        ([0.5, -0.3, 0.4, -0.2, 0.1, 0.0], "includes 0: a gain over the best single arm is not shown"),
        ([0.5, 0.3, 0.4, 0.2, 0.1, 0.3], "is shown on held-out tasks"),
        ([-0.5, -0.3, -0.4, -0.2, -0.1, -0.3], "does worse than the best single arm"),
        ([0.5], "is not shown"),
    ],
)
def test_an_interval_that_includes_zero_is_said(gains: list[float], said: str) -> None:
    assert said in backtest._says(task_t(gains), routed=True)


def test_the_held_out_gain_never_sees_the_task_it_values() -> None:
    rng = np.random.default_rng(6)
    values, kinds = rng.normal(0.5, 0.15, (3, 30)), [index % 3 for index in range(30)]
    values[0, ::3] += 0.4
    values[1, 1::3] += 0.38
    grid, rules = grid_of(values, kinds), Rules(Target.TASKS_LIKE_THESE, None)
    result = backtest.back_test(grid, rules, choose(grid, rules))
    expected = []
    for task in range(30):
        blind = values.copy()
        blind[:, task] = np.nan
        kept = np.arange(30) != task
        trained = choose(replace(grid, values=blind).only(kept), rules)
        expected.append(values[trained.picked[kinds[task]].arm, task] - values[trained.best, task])
    assert result.held_out == pytest.approx(np.mean(expected))
    assert (result.low, result.high) == pytest.approx((task_t(expected).low, task_t(expected).high))
    assert result.held_out is not None
    assert result.in_sample is not None
    assert 0 < result.held_out <= result.in_sample + 1e-9


def test_many_tasks_are_folded_within_types() -> None:
    grid = grid_of(np.zeros((2, 240)), [index % 4 for index in range(240)])
    folds = fold_of(grid)
    assert np.bincount(folds).tolist() == [240 // FOLDS] * FOLDS
    for kind in range(4):
        assert np.bincount(folds[grid.kinds == kind], minlength=FOLDS).tolist() == [6] * FOLDS


def drop(cell: CellFact, arm: str, tasks: set[str]) -> CellFact:
    return replace(cell, solved=Sums(unknown=3)) if cell.arm == arm and cell.task in tasks else cell


def test_incomplete_tasks_leave_and_are_counted() -> None:
    facts, lock = make_facts(1, failures=0.0)
    gone = {task.id for task in lock.tasks[:2]}
    policy = fit_policy(replace(facts, cells=tuple(drop(c, lock.arms[0].id, gone) for c in facts.cells)), lock)
    assert any("2 tasks were left out" in note for note in policy.notes)
    assert policy.backtest.n_tasks == 22


@pytest.mark.parametrize("arguments", [{"n_arms": 1}, {"n_tasks": 1}, {"n_tasks": 2, "reps": 1}, {"controls": ("aa",)}])
def test_small_runs_fit_without_claims(arguments: dict[str, object]) -> None:
    policy = fit_policy(*make_facts(2, failures=0.0, **arguments))  # type: ignore[arg-type]  # several types
    assert all(route.decision == "default" for route in policy.routes)
    assert "twin" not in " ".join(arm.label for arm in policy.arms)


def test_no_complete_task_is_one_clear_line() -> None:
    facts, lock = make_facts(1, failures=1.0)
    with pytest.raises(PolicyError, match="no task has a result for every arm"):
        fit_policy(facts, lock)
