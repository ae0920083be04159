from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from assay.errors import ExperimentError
from assay.plan import Selection, Sentinels, choose, chosen_sentinels, is_sentinel, make_plan
from assay.records import Arm, Trial


@dataclass(frozen=True)
class Named:
    id: str
    hash: str
    difficulty: str = "easy"


ARMS = (
    Arm("api", "1", "swift", "lab", label="a", names={"variant": "a"}),
    Arm("api", "1", "swift", "lab", {"prefix": "x"}, label="b"),
    Arm("api", "1", "deep", "lab", label="c"),
    Arm("api", "1", "deep", "lab", replicate=1, label="c twin", names={"control": "aa"}),
    Arm("nop", "1", "", "", label="nop"),
)
TASKS = (Named("sure", "h0", "floor"), *(Named(f"t{n}", f"h{n}") for n in range(1, 5)))


def planned(every: int, *, tasks: object = 2, reps: int = 2, of: tuple[Named, ...] = TASKS) -> tuple[Trial, ...]:
    declared: Mapping[str, object] = {"tasks": tasks, "every": every}
    return make_plan(ARMS, of, reps, 0, "run", sentinels=chosen_sentinels(declared, ARMS, of))


def test_of_every_model_the_first_arm_on_the_first_telling_tasks() -> None:
    assert chosen_sentinels(None, ARMS, TASKS) is None
    chosen = chosen_sentinels({"tasks": 2, "every": 10}, ARMS, TASKS)
    assert chosen == Sentinels(
        (
            (ARMS[0].id, "t1", "h1"),
            (ARMS[2].id, "t1", "h1"),
            (ARMS[0].id, "t2", "h2"),
            (ARMS[2].id, "t2", "h2"),
        ),
        10,
    )
    named = chosen_sentinels({"tasks": ["sure"], "every": 1}, ARMS, TASKS)
    assert named is not None
    assert {task for _, task, _ in named.cells} == {"sure"}


@pytest.mark.parametrize(
    ("tasks", "message"),
    [(5, "asks for 5 tasks, but 4 are neither floor nor headroom"), (["t9"], "names the task 't9'")],
)
def test_tasks_that_are_not_there(tasks: object, message: str) -> None:
    with pytest.raises(ExperimentError, match=message):
        chosen_sentinels({"tasks": tasks, "every": 1}, ARMS, TASKS)


@pytest.mark.parametrize(("every", "rounds"), [(1, 51), (7, 9), (25, 3), (50, 2), (1000, 2)])
def test_a_round_comes_first_then_every_so_often_and_at_the_end(every: int, rounds: int) -> None:
    plan = planned(every)
    kinds = [is_sentinel(trial) for trial in plan]
    assert kinds.count(True) == rounds * 4
    assert [trial.repetition for trial in plan if is_sentinel(trial)][::4] == [-n for n in range(1, rounds + 1)]
    assert kinds[:4] == kinds[-4:] == [True] * 4
    position = 0
    for trial in plan:
        if is_sentinel(trial) and trial.repetition != -rounds:
            assert position == (-trial.repetition - 1) * every
        position += not is_sentinel(trial)


def test_the_comparison_is_the_same_with_and_without_them() -> None:
    without = make_plan(ARMS, TASKS, 2, 0, "run")
    compared = [trial for trial in planned(7) if not is_sentinel(trial)]
    assert [trial.id for trial in compared] == [trial.id for trial in without]
    assert len({trial.id for trial in planned(7)}) == len(planned(7))


def test_ids_stay_when_a_run_grows() -> None:
    small = {trial.id for trial in planned(7)}
    assert small < {trial.id for trial in planned(7, reps=5)}
    assert small < {trial.id for trial in planned(7, of=(*TASKS, Named("t9", "h9")))}


def test_a_part_of_the_plan_keeps_the_sentinels_that_fall_into_it() -> None:
    plan = planned(7, reps=4)
    kept = choose(plan, ARMS, Selection(repetitions=2))
    compared = [trial for trial in kept if not is_sentinel(trial)]
    assert {trial.repetition for trial in compared} == {0, 1}
    last = max(trial.order for trial in compared)
    assert [trial for trial in kept if is_sentinel(trial)] == [
        trial for trial in plan if is_sentinel(trial) and trial.order < last
    ]
    assert all(trial.task == "t3" for trial in choose(plan, ARMS, Selection(tasks=("t3",))))
