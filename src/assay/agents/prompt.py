"""The words that an agent is asked with. What is said here is part of ``ApiAgent.version``."""

from __future__ import annotations

from collections.abc import Mapping

from assay.agents.base import StepRequest
from assay.experiment.framing import TEST_RESULTS, padding_text
from assay.records import Arm
from assay.sandboxes.base import HOME, WORKSPACE
from assay.suites.base import Step, Task

FILES_MARK = "\x00files\x00"
"""Stands in the prompt where the client, inside the sandbox, puts the workspace as it is then."""


def ask(request: StepRequest, *, remembers: bool = False) -> str:
    """Return what is asked in this step: the variant's padding and prefix, the step's prompt, the variant's suffix.

    A follow-up step puts the feedback in front, or where its prompt says ``{test_results}``. It repeats the
    instruction before that, because a direct call has no memory; an agent that goes on with its session ``remembers``.
    """
    task = request.task
    asked, feedback = _asked(request)
    if request.step == 0:
        return f"{_padding(request.arm)}{asked}"
    if remembers:
        return f"{feedback}\n\n{asked}" if feedback else asked
    earlier = (
        f"{_padding(request.arm)}The task so far:\n\n{task.instruction.strip()}\n\nThe files hold your work on it."
    )
    told = f"\n\n{feedback}" if feedback else ""
    return f"{earlier}{told}\n\nNow:\n\n{asked}"


def _asked(request: StepRequest) -> tuple[str, str]:
    """Return the step's prompt in its frame, and the feedback that it does not hold itself.

    A follow-up is the variant's own text: nothing is put around it.
    """
    task, variant = request.task, request.arm.variant
    step = task.steps[request.step] if request.step < len(task.steps) else Step(task.instruction)
    prompt, feedback = step.prompt.strip(), (request.feedback or "").strip()
    if TEST_RESULTS in prompt:
        prompt, feedback = prompt.replace(TEST_RESULTS, feedback), ""
    if step.unless_passing:
        return prompt, feedback
    return f"{variant.get('prefix') or ''}{prompt}{variant.get('suffix') or ''}", feedback


def _padding(arm: Arm) -> str:
    padding = arm.variant.get("padding")
    return f"{padding_text(padding)}\n\n" if isinstance(padding, Mapping) else ""


def api_prompt(request: StepRequest) -> str:
    """Return the whole prompt of the ``api`` agent, with ``FILES_MARK`` where the files belong."""
    sections = [
        *(f"# Project instructions ({path})\n\n{text.strip()}" for path, text in profile_texts(request.arm).items()),
        f"# Task\n\n{ask(request)}",
        f"# Files\n\n{FILES_MARK}",
        f"# How to answer\n\n{_how(request.task)}",
    ]
    return "\n\n".join(sections) + "\n"


def _how(task: Task) -> str:
    if task.answer == "text":
        return "Reply with the answer itself. Your whole reply is the answer."
    only = f"Only these may be written: {', '.join(task.writable)}.\n" if task.writable else ""
    return (
        "For each file that you change or add, write a line `### FILE: path` and then one fenced code block with the\n"
        "whole new content of the file. Use a longer fence where the content itself holds one. Files that you leave\n"
        f"out stay as they are. {only}".rstrip()
    )


def profile_texts(arm: Arm) -> dict[str, str]:
    """Return the profile's instruction files, by path as the profile names them."""
    files = arm.profile.get("files")
    texts = {str(path): str(text) for path, text in files.items()} if isinstance(files, dict) else {}
    instructions = arm.profile.get("instructions")
    return {**texts, "instructions": str(instructions)} if instructions else texts


def profile_files(arm: Arm) -> dict[str, bytes]:
    """Return the profile's files by inside path, for agents that read them from disk; ``~/`` is the home."""
    files = arm.profile.get("files")
    return {inside(str(path)): str(text).encode() for path, text in files.items()} if isinstance(files, dict) else {}


def inside(path: str) -> str:
    """Return where a profile's path lies in the sandbox; ``~/`` is the home, else the workspace."""
    return f"{HOME}/{path[2:]}" if path.startswith("~/") else f"{WORKSPACE}/{path}"
