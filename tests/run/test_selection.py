import pytest

from assay.errors import InputError
from assay.records import Trial, trial_id
from assay.run.selection import Selection
from assay.testing.facts import make_facts

_, LOCK = make_facts(1, n_arms=2, n_tasks=4, reps=3)
TRIALS = [
    Trial(trial_id(arm.id, task.hash, r), "run", arm.id, task.id, task.hash, r, n)
    for n, (r, task, arm) in enumerate((r, t, a) for r in range(3) for t in LOCK.tasks for a in LOCK.arms)
]


def test_everything_by_default() -> None:
    assert Selection().choose(TRIALS, LOCK) == {trial.id for trial in TRIALS}


def test_filters_narrow_and_the_limit_takes_the_first_in_plan_order() -> None:
    task, arm = LOCK.tasks[0].id, LOCK.arms[1]
    chosen = Selection(tasks=(task,), arms=(arm.label,), reps=2).choose(TRIALS, LOCK)
    assert chosen == {t.id for t in TRIALS if t.task == task and t.arm == arm.id and t.repetition < 2}
    assert Selection(limit=3).choose(reversed(TRIALS), LOCK) == {trial.id for trial in TRIALS[:3]}


def test_a_pattern_that_fits_nothing_is_an_error_that_lists_what_there_is() -> None:
    with pytest.raises(InputError, match=LOCK.tasks[0].id):
        Selection(tasks=("no-such-task",)).choose(TRIALS, LOCK)
    with pytest.raises(InputError, match="--arms"):
        Selection(arms=("nobody",)).choose(TRIALS, LOCK)
