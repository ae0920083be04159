from dataclasses import replace
from pathlib import Path

from assay.agents.base import StepRequest
from assay.agents.prompt import ask
from assay.experiment.framing import padding_text
from assay.plan.turns import with_follow_ups
from assay.records import Arm, Dialect
from assay.testing.tasks import make_task

ARM = Arm("api", "1", "m", "lab", {"prefix": "P ", "follow_ups": ["Look:\n{test_results}\nFix it.", "Again."]})


def request(tmp_path: Path, arm: Arm, step: int, feedback: str | None = None) -> StepRequest:
    task = with_follow_ups(make_task(tmp_path), arm)
    return StepRequest(task, step, arm, {}, Dialect.CHAT, 100, feedback)


def test_follow_ups_are_steps_behind_the_tasks_own(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    made = with_follow_ups(task, ARM)
    assert made.steps[: len(task.steps)] == task.steps
    further = made.steps[len(task.steps) :]
    assert [(step.prompt, step.feedback, step.unless_passing) for step in further] == [
        ("Look:\n{test_results}\nFix it.", "visible_tests", True),
        ("Again.", "visible_tests", True),
    ]
    assert (made.hash, made.root) == (task.hash, task.root)
    assert with_follow_ups(task, replace(ARM, variant={})) is task


def test_feedback_goes_where_the_follow_up_says_else_in_front(tmp_path: Path) -> None:
    first, second = (request(tmp_path, ARM, step, "1 failed\n") for step in (1, 2))
    assert ask(first, remembers=True) == "Look:\n1 failed\nFix it."
    assert ask(second, remembers=True) == "1 failed\n\nAgain."
    assert ask(first).endswith("The files hold your work on it.\n\nNow:\n\nLook:\n1 failed\nFix it.")
    assert ask(request(tmp_path, ARM, 0)).startswith("P ")


def test_padding_stands_in_front_of_all_and_once(tmp_path: Path) -> None:
    padding = {"tokens": 50, "seed": 3}
    arm = replace(ARM, variant={**ARM.variant, "padding": padding})
    text = padding_text(padding)
    assert ask(request(tmp_path, arm, 0)) == f"{text}\n\n{ask(request(tmp_path, ARM, 0))}"
    assert ask(request(tmp_path, arm, 1)).count(text) == 1
    assert text not in ask(request(tmp_path, arm, 1), remembers=True)
