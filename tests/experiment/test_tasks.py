from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from assay.errors import ExperimentError, TaskError
from assay.experiment.arms import AgentInfo, expand_arms
from assay.experiment.model import Experiment
from assay.experiment.tasks import experiment_tasks, left_out
from assay.testing.tasks import make_task

Load = Callable[..., Experiment]


@pytest.mark.usefixtures("suite")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 6),
        ("tasks: fix-1", 1),
        ("tasks: [fix-*, refactor-0]", 4),
        ("tasks: {types: refactoring}", 3),
        ("tasks: {difficulties: [easy], ids: '*-1'}", 1),
        ("tasks: {languages: python}", 6),
    ],
)
def test_filters_keep_what_they_say(load: Load, text: str, expected: int) -> None:
    assert len(experiment_tasks(load(f"agent: nop\n{text}"))) == expected


@pytest.mark.usefixtures("suite")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tasks: fix-9", r"yaml:4: no task 'fix-9' in the suite. Did you mean"),
        ("tasks: {types: [cooking]}", r"yaml:4: no task in the suite has type 'cooking'"),
        ("tasks: {languages: rust}", r"yaml:4: no task fits 'tasks'"),
        ("predict:\n  floor: [fix-0]\n  headroom: [fix-7]", r"yaml:6: there is no task 'fix-7'. Did you mean 'fix-"),
        ("excluded: [{task: fix-7, reason: x}]", r"yaml:4: there is no task 'fix-7'"),
    ],
)
def test_names_that_no_task_has_are_errors(load: Load, text: str, message: str) -> None:
    with pytest.raises(ExperimentError, match=message):
        experiment_tasks(load(f"agent: nop\n{text}\n"))


def test_a_missing_suite_names_the_line(load: Load) -> None:
    with pytest.raises(TaskError, match="there is no suite"):
        experiment_tasks(load("agent: nop\n"))


def test_several_suites_join_unless_they_share_ids(load: Load, suite: Path, tmp_path: Path) -> None:
    make_task(tmp_path / "more", id="extra")
    head = "name: x\nsuite: [suite, {path: more}]\n"
    assert [task.id for task in experiment_tasks(load("agent: nop", head=head))][-1] == "extra"
    make_task(tmp_path / "more", id="fix-0")
    with pytest.raises(ExperimentError, match=r"yaml:2: two suites have a task 'fix-0'"):
        experiment_tasks(load("agent: nop", head=head))


@pytest.mark.usefixtures("suite")
def test_exclusions_take_out_tasks_arms_and_cells(load: Load, agents: Mapping[str, AgentInfo]) -> None:
    text = """
models: [lab/swift, lab/deep]
excluded:
  - {task: fix-0, reason: flaky}
  - {arm: deep, task: [fix-1, fix-2], reason: "the provider was down"}
"""
    experiment = load(text)
    arms, tasks = expand_arms(experiment, agents), experiment_tasks(experiment)
    swift, deep = (arm.id for arm in arms)
    out = left_out(experiment, arms, tasks)
    assert out == {(swift, "fix-0"), (deep, "fix-0"), (deep, "fix-1"), (deep, "fix-2")}
    with pytest.raises(ExperimentError, match=r"there is no arm 'depp'\. Did you mean 'deep'"):
        left_out(load(text.replace("arm: deep", "arm: depp")), arms, tasks)
