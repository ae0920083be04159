from dataclasses import replace

import pytest

from assay.errors import RunError
from assay.evidence.lock import Lock
from assay.run.amendment import amend, effective_lock
from assay.testing.facts import make_facts


@pytest.fixture
def lock() -> Lock:
    _, lock = make_facts(1)
    return replace(lock, experiment={"mode": "confirmatory", "conditions": {"seed": 0, "limits": {"time_s": 60}}})


def test_the_same_experiment_is_no_amendment(lock: Lock) -> None:
    assert amend(lock, lock, number=1, seen=10) is None


def test_more_of_everything_extends_and_makes_a_confirmatory_run_exploratory(lock: Lock) -> None:
    small = replace(lock, arms=lock.arms[:1], tasks=lock.tasks[:2])
    big = replace(lock, repetitions=lock.repetitions + 2)
    amendment = amend(small, big, number=1, seen=4)
    assert amendment is not None
    assert len(amendment.arms) == len(lock.arms) - 1
    assert amendment.became_exploratory
    merged = effective_lock(small, [amendment.to_json()])
    assert {arm.id for arm in merged.arms} == {arm.id for arm in big.arms}
    assert {task.hash for task in merged.tasks} == {task.hash for task in big.tasks}
    assert merged.repetitions == big.repetitions
    assert merged.experiment["mode"] == "exploratory"
    assert amend(merged, big, number=2, seen=9) is None


def test_an_extension_before_anything_was_seen_stays_confirmatory(lock: Lock) -> None:
    amendment = amend(lock, replace(lock, repetitions=9), number=1, seen=0)
    assert amendment is not None
    assert not amendment.became_exploratory


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda k: replace(k, tasks=k.tasks[1:]), "no longer"),
        (lambda k: replace(k, tasks=(replace(k.tasks[0], hash="x"), *k.tasks[1:])), "content of task"),
        (lambda k: replace(k, arms=(replace(k.arms[0], settings={"temperature": 1}), *k.arms[1:])), "settings"),
        (lambda k: replace(k, arms=k.arms[1:]), "no longer"),
        (lambda k: replace(k, experiment={"conditions": {"seed": 1, "limits": {"time_s": 60}}}), "seed"),
    ],
)
def test_changed_inputs_say_what_changed_and_ask_for_a_new_run(lock: Lock, change: object, named: str) -> None:
    assert callable(change)
    with pytest.raises(RunError, match=named) as caught:
        amend(lock, change(lock), number=1, seen=1)
    assert "new run" in str(caught.value)


def test_fewer_repetitions_take_nothing_back(lock: Lock) -> None:
    assert amend(lock, replace(lock, repetitions=1), number=1, seen=1) is None
