"""The turns of a trial: the task's own steps, then the variant's follow-ups. Pure."""

from __future__ import annotations

from dataclasses import replace

from assay.records import Arm
from assay.suites.base import Step, Task

VISIBLE_TESTS = "visible_tests"


def follow_ups(arm: Arm) -> tuple[str, ...]:
    """Return the texts of the further turns that an arm's variant asks for."""
    texts = arm.variant.get("follow_ups")
    return tuple(str(text) for text in texts) if isinstance(texts, list | tuple) else ()


def with_follow_ups(task: Task, arm: Arm) -> Task:
    """Return the task as this arm is asked it: follow-ups are steps behind its own, skipped once visible tests pass.

    The task stays the same one: its hash, files and hidden tests do not change.
    """
    texts = follow_ups(arm)
    if not texts:
        return task
    own = task.steps or (Step(task.instruction),)
    further = (Step(text, feedback=VISIBLE_TESTS, unless_passing=True) for text in texts)
    return replace(task, steps=(*own, *further))
