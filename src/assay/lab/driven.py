"""What a simulated model says when a real agent drives it: the next turn of its work, in the agent's own tools."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assay.lab.answer import Answer, Question, Said, compose
from assay.lab.driving.base import ClosingProtocol, ToolProtocol, WaitingProtocol
from assay.lab.faults import Fault
from assay.lab.models import LabModel
from assay.lab.scripts import Part, Script, Turn, parse_script, part_in
from assay.lab.tools import ToolUse, mint, next_turn
from assay.lab.working import Work, script_for
from assay.suites.base import Task

SIDE = "A small change to the code"
"""What is said to an agent's side requests: a title."""
_WAITS_FROM = 500
"""Waiting calls are numbered from here, so that they share no id with those that they wait for."""


def answer_driven(
    model: LabModel,
    task: Task,
    question: Question,
    labels: Mapping[str, str],
    seed: int,
    protocol: ToolProtocol,
    fault: Fault | None = None,
) -> Answer:
    """Return the next turn; the same for the same seed, trial, step and conversation. Raises ``InputError``."""
    step = int(labels.get("step") or 0)
    unique = _unique(question, labels)
    if protocol.is_side_request(question):
        return compose(model, question, labels, seed, Said(SIDE, turn=f"-side-{unique}"))
    part = part_in(question.opening)
    work = _work(model, task, question, labels, seed, part)
    spoken = protocol.words(work.files(), question)
    if spoken is not None:
        return compose(model, question, labels, seed, Said(spoken, turn=f"-{unique}"), fault)
    turns = _turns(labels.get("script"), work, question.opening)
    number, turn, calls = _next(turns, next_turn(step, question.results), question, protocol, (step, unique))
    if not calls and isinstance(protocol, ClosingProtocol):
        closing = protocol.closing(question)
        calls = tuple(replace(use, id=mint(step, number, k, unique)) for k, use in enumerate(closing))
    text = turn.text or ("" if calls else "The work is done.")
    said = Said(text, calls, turn=f"-{number}-{unique}")
    return compose(model, question, labels, seed, said, fault)


def due_turn(question: Question, labels: Mapping[str, str]) -> tuple[Turn, str] | None:
    """Return the scripted turn that this request asks for, and a name for it; None without a script."""
    if not labels.get("script"):
        return None
    script = parse_script(labels["script"])
    part = part_in(question.opening)
    turns = script.agents.get(part.agent, ()) if part else script.turns
    number = next_turn(int(labels.get("step") or 0), question.results)
    return (turns[number], f"{part.agent if part else ''}{number}") if number < len(turns) else None


def _turns(script: str | None, work: Work, opening: str) -> Sequence[Turn]:
    made: Script = parse_script(script) if script else script_for(work, opening)
    if script and work.part is not None:
        return made.agents.get(work.part.agent, ())
    return made.turns


def _next(
    turns: Sequence[Turn], number: int, question: Question, protocol: ToolProtocol, where: tuple[int, str]
) -> tuple[int, Turn, tuple[ToolUse, ...]]:
    """Return the turn that is due, with its calls; turns of which the agent's tools can do nothing are passed over."""
    step, unique = where
    if isinstance(protocol, WaitingProtocol) and 0 < number <= len(turns):
        waits = protocol.waits(turns[number - 1], question)
        if waits:
            # Their ids are of the turn that is waited for: what comes back does not count as a turn of its own.
            named = [replace(use, id=mint(step, number - 1, _WAITS_FROM + k, unique)) for k, use in enumerate(waits)]
            return number - 1, Turn(), tuple(named)
    for at in range(number, len(turns)):
        calls: list[ToolUse] = []
        for action in turns[at].actions:
            made = protocol.calls(action, question, "")
            calls += [replace(use, id=mint(step, at, len(calls) + k, unique)) for k, use in enumerate(made)]
        if calls or not turns[at].actions:
            return at, turns[at], tuple(calls)
    return len(turns), Turn(), ()


def _work(
    model: LabModel, task: Task, question: Question, labels: Mapping[str, str], seed: int, part: Part | None
) -> Work:
    """An agent's own system text is not the variant's: the label says whether there is one."""
    system = question.system if labels.get("system") else ""
    delegates = tuple(name for name in labels.get("delegates", "").split(",") if name)
    return Work(model, task, seed, labels["trial"], int(labels.get("step") or 0), system, delegates, part)


def _unique(question: Question, labels: Mapping[str, str]) -> str:
    """Tell conversations of one trial apart, and requests of one conversation."""
    told = f"{labels['trial']}\0{question.model}\0{question.opening}\0{question.characters}\0{len(question.results)}"
    return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:8]
