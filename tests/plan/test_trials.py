from collections import Counter
from dataclasses import dataclass
from statistics import mean

from hypothesis import given, settings
from hypothesis import strategies as st

from assay.plan import make_plan
from assay.records import Arm, Trial, trial_id


@dataclass(frozen=True)
class Named:
    id: str
    hash: str


def some(arms: int = 3, tasks: int = 4) -> tuple[list[Arm], list[Named]]:
    return [Arm("api", "1", f"m{n}", "lab") for n in range(arms)], [Named(f"t{n}", f"h{n}") for n in range(tasks)]


@given(arms=st.integers(1, 5), tasks=st.integers(1, 6), repetitions=st.integers(1, 4), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_every_trial_is_planned_once_in_rounds_and_blocks(arms: int, tasks: int, repetitions: int, seed: int) -> None:
    some_arms, some_tasks = some(arms, tasks)
    plan = make_plan(some_arms, some_tasks, repetitions, seed, "run")
    assert len(plan) == arms * tasks * repetitions == len({trial.id for trial in plan})
    assert [trial.order for trial in plan] == list(range(len(plan)))
    assert [trial.repetition for trial in plan] == sorted(trial.repetition for trial in plan)
    for start in range(0, len(plan), arms):
        block = plan[start : start + arms]
        assert len({trial.task for trial in block}) == 1
        assert len({trial.arm for trial in block}) == arms


def test_the_same_seed_gives_the_same_order_and_input_order_does_not_matter() -> None:
    arms, tasks = some()
    plan = make_plan(arms, tasks, 3, 7, "run")
    assert plan == make_plan(arms[::-1], tasks[::-1], 3, 7, "run")
    assert [t.id for t in plan] != [t.id for t in make_plan(arms, tasks, 3, 8, "run")]


def test_ids_do_not_depend_on_size_seed_or_run() -> None:
    arms, tasks = some()
    small = {trial.id for trial in make_plan(arms[:2], tasks[:2], 2, 0, "one")}
    large = {trial.id for trial in make_plan(arms, tasks, 5, 9, "two")}
    assert small < large
    assert trial_id(arms[0].id, "h0", 0) in small


def test_an_extension_keeps_the_relative_order_of_what_was_there() -> None:
    arms, tasks = some(4, 6)
    before = make_plan(arms[:2], tasks[:4], 2, 3, "run")
    after = make_plan(arms, tasks, 3, 3, "run")
    known = {trial.id for trial in before}
    assert [trial.id for trial in after if trial.id in known] == [trial.id for trial in before]


def test_drift_over_the_run_does_not_look_like_an_effect() -> None:
    """Something that grows with time reaches every arm alike: mean orders differ by less than a block."""
    arms, tasks = some(3, 24)
    plan = make_plan(arms, tasks, 5, 1, "run")
    middle = {arm.id: mean(t.order for t in plan if t.arm == arm.id) for arm in arms}
    assert max(middle.values()) - min(middle.values()) < 1
    by_block = Counter(trial.arm for trial in plan[::3])
    assert min(by_block.values()) > 24, "no arm always goes first"


def test_tasks_change_places_from_round_to_round() -> None:
    arms, tasks = some(1, 10)
    plan = make_plan(arms, tasks, 2, 0, "run")
    assert [trial.task for trial in plan[:10]] != [trial.task for trial in plan[10:]]


def test_cells_left_out_are_not_planned() -> None:
    arms, tasks = some(2, 2)
    plan = make_plan(arms, tasks, 3, 0, "run", without=frozenset({(arms[0].id, "t1")}))
    assert Counter((trial.arm, trial.task) for trial in plan) == {
        (arms[0].id, "t0"): 3,
        (arms[1].id, "t0"): 3,
        (arms[1].id, "t1"): 3,
    }
    assert [trial.order for trial in plan] == list(range(9))


def test_a_trial_says_what_it_is() -> None:
    arms, tasks = some(1, 1)
    (trial,) = make_plan(arms, tasks, 1, 0, "run")
    assert trial == Trial(trial_id(arms[0].id, "h0", 0), "run", arms[0].id, "t0", "h0", 0, 0)
