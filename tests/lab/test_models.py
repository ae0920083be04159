from itertools import pairwise
from pathlib import Path

import pytest

from assay.experiment.controls import SABOTAGE
from assay.lab.choice import choose, in_words
from assay.lab.draws import normal, uniform
from assay.lab.models import ALWAYS, DEEP, HARDNESS, MODELS, NEVER, STEADY, SWIFT, TASK_TYPES, LabModel, true_success
from assay.testing.tasks import make_task

DEMO = (SWIFT, STEADY, DEEP)
# Six tasks of each type, from floor to headroom, as the built-in suite has them.
SPREAD = ("floor", "easy", "easy", "medium", "hard", "headroom")
TASKS = [(kind, level, f"{kind}-{number:02}") for kind in TASK_TYPES for number, level in enumerate(SPREAD)]


def overall(model: LabModel) -> float:
    """Mean truth over many tasks of the suite's make-up, so that single affinities average out."""
    rates = [true_success(model, kind, level, f"{name}-{copy}") for kind, level, name in TASKS for copy in range(40)]
    return sum(rates) / len(rates)


def by_type(model: LabModel, kind: str) -> float:
    rates = [true_success(model, kind, level, f"{kind}-{copy}") for level in SPREAD for copy in range(60)]
    return sum(rates) / len(rates)


def test_two_models_are_within_a_few_points_and_the_cheap_one_is_behind() -> None:
    swift, steady, deep = map(overall, DEMO)
    assert abs(steady - deep) < 0.03
    assert 0.05 < min(steady, deep) - swift < 0.15
    assert SWIFT.price["output"] * 5 < STEADY.price["output"] < DEEP.price["output"]


def test_each_model_is_best_at_something_so_that_routing_gains_a_little() -> None:
    best = {kind: max(DEMO, key=lambda model: by_type(model, kind)).name for kind in TASK_TYPES}
    assert best == {
        "bug-fix": "deep",
        "code-generation": "deep",
        "instruction-following": "swift",
        "refactoring": "steady",
    }
    routed = sum(max(by_type(model, kind) for model in DEMO) for kind in TASK_TYPES) / 4
    single = max(sum(by_type(model, kind) for kind in TASK_TYPES) / 4 for model in DEMO)
    assert 0.02 < routed - single < 0.10


@pytest.mark.parametrize("model", DEMO, ids=lambda model: model.name)
def test_truth_falls_with_difficulty_and_stays_in_bounds(model: LabModel) -> None:
    for kind in TASK_TYPES:
        rates = [true_success(model, kind, level, "one-task") for level in HARDNESS]
        assert rates == sorted(rates, reverse=True)
        assert rates[0] > 0.85
        assert rates[-1] < 0.25
        assert max(rates) <= 1 - model.collapse


def test_only_a_system_text_has_an_effect() -> None:
    plain = true_success(SWIFT, "bug-fix", "medium", "t")
    assert true_success(SWIFT, "bug-fix", "medium", "t", {"prefix": "Please ", "suffix": "!"}) == plain
    assert 0.03 < true_success(SWIFT, "bug-fix", "medium", "t", {"system": "Take care."}) - plain < 0.10
    assert true_success(DEEP, "bug-fix", "medium", "t", {"system": "Take care."}) < true_success(
        DEEP, "bug-fix", "medium", "t"
    )


def test_all_models_obey_the_sabotage_control(tmp_path: Path) -> None:
    task = make_task(tmp_path, id="t", difficulty="floor")
    variant = {"system": SABOTAGE}
    for model in MODELS.values():
        assert true_success(model, "bug-fix", "floor", "t", variant) == 0
        chosen = choose(model, task, seed=1, trial="x", step=3, variant=variant)
        assert (chosen.solves, dict(chosen.files)) == (False, task.start_files())


@pytest.mark.parametrize("model", DEMO, ids=lambda model: model.name)
def test_choices_have_the_stated_chance(tmp_path: Path, model: LabModel) -> None:
    task = make_task(tmp_path, id="t", type="bug-fix", difficulty="medium")
    truth = true_success(model, "bug-fix", "medium", "t")
    runs = [choose(model, task, seed=7, trial=f"trial-{number}") for number in range(4000)]
    share = sum(run.solves for run in runs) / len(runs)
    assert abs(share - truth) < 4 * (truth * (1 - truth) / len(runs)) ** 0.5
    collapsed = sum(run.name in {"broken", "unformatted"} and not run.solves for run in runs) / len(runs)
    assert collapsed >= model.collapse * 0.5


def test_collapses_happen_on_floor_tasks_at_the_stated_rate(tmp_path: Path) -> None:
    task = make_task(tmp_path, id="t", type="instruction-following", difficulty="floor")
    runs = [choose(SWIFT, task, seed=1, trial=f"trial-{number}").name for number in range(6000)]
    unformatted = runs.count("unformatted") / len(runs)
    assert 0.5 * SWIFT.collapse / 3 < unformatted < 1.6 * SWIFT.collapse / 3


def test_a_trial_repeats_and_a_twin_differs(tmp_path: Path) -> None:
    task = make_task(tmp_path, id="t", difficulty="medium")
    trials = [f"trial-{number}" for number in range(300)]
    first = [choose(STEADY, task, seed=3, trial=trial).name for trial in trials]
    again = [choose(STEADY, task, seed=3, trial=trial).name for trial in trials]
    twin = [choose(STEADY, task, seed=3, trial=f"twin-of-{trial}").name for trial in trials]
    other_seed = [choose(STEADY, task, seed=4, trial=trial).name for trial in trials]
    assert first == again
    assert first != twin
    assert first != other_seed
    assert abs(twin.count("excellent") - first.count("excellent")) < 60


def test_follow_up_steps_improve_and_never_undo(tmp_path: Path) -> None:
    task = make_task(tmp_path, id="t", difficulty="hard")
    trials = [f"trial-{number}" for number in range(500)]
    by_step = [[choose(DEEP, task, seed=3, trial=trial, step=step).solves for trial in trials] for step in range(3)]
    assert sum(by_step[0]) < sum(by_step[1]) < sum(by_step[2])
    for earlier, later in pairwise(by_step):
        assert all(after for before, after in zip(earlier, later, strict=True) if before)


def test_better_models_prefer_better_solutions(tmp_path: Path) -> None:
    task = make_task(tmp_path, id="t", difficulty="floor")

    def excellent(model: LabModel) -> float:
        names = [choose(model, task, seed=3, trial=f"{number}").name for number in range(1500)]
        return names.count("excellent") / (names.count("excellent") + names.count("plain"))

    assert 0.5 < excellent(SWIFT) < excellent(DEEP) < 0.9


def test_a_task_without_graded_solutions_gets_reference_or_start(tmp_path: Path) -> None:
    task = make_task(tmp_path, id="t")
    bare = type(task)(**{name: getattr(task, name) for name in task.__slots__ if name != "graded"})
    won, lost = (choose(model, bare, seed=1, trial="x") for model in (ALWAYS, NEVER))
    assert (won.name, dict(won.files)) == ("reference", task.solution_files())
    assert (lost.name, dict(lost.files)) == ("start", task.start_files())


def test_what_is_chosen_is_said_in_the_answer_format(tmp_path: Path) -> None:
    task = make_task(tmp_path, id="t")
    said = in_words(task, choose(ALWAYS, task, seed=1, trial="x"))
    assert "### FILE: calc.py\n```\n" in said
    assert "lab" not in said.lower()


def test_draws_are_the_same_on_every_machine() -> None:
    assert uniform(1, "trial", "success") == pytest.approx(0.7849692093513752, abs=1e-15)
    assert normal("affinity", "swift", "t") == pytest.approx(0.14249945008139928, abs=1e-12)
    assert set(MODELS) >= {"swift", "steady", "deep"}
