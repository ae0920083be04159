"""The words that an agent is asked with. What is said here is part of ``ApiAgent.version``."""

from __future__ import annotations

from assay.agents.base import StepRequest
from assay.records import Arm
from assay.sandboxes.base import HOME, WORKSPACE
from assay.suites.base import Task

FILES_MARK = "\x00files\x00"
"""Stands in the prompt where the client, inside the sandbox, puts the workspace as it is then."""


def ask(request: StepRequest, *, remembers: bool = False) -> str:
    """Return what is asked in this step: the variant's prefix, the step's prompt, the variant's suffix.

    A follow-up step puts the feedback in front. It repeats the instruction before that, because a direct call has no
    memory; an agent that goes on with its session ``remembers``.
    """
    task, variant = request.task, request.arm.variant
    prompt = task.steps[request.step].prompt if request.step < len(task.steps) else task.instruction
    asked = f"{variant.get('prefix') or ''}{prompt.strip()}{variant.get('suffix') or ''}"
    if request.step == 0:
        return asked
    if remembers:
        return f"{request.feedback.strip()}\n\n{asked}" if request.feedback else asked
    earlier = f"The task so far:\n\n{task.instruction.strip()}\n\nThe files hold your work on it."
    feedback = f"\n\n{request.feedback.strip()}" if request.feedback else ""
    return f"{earlier}{feedback}\n\nNow:\n\n{asked}"


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
    return {_inside(str(path)): str(text).encode() for path, text in files.items()} if isinstance(files, dict) else {}


def _inside(path: str) -> str:
    return f"{HOME}/{path[2:]}" if path.startswith("~/") else f"{WORKSPACE}/{path}"
