"""Which solution a simulated model gives. Pure: seed, trial and step decide, never the attempt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assay.agents.inside.answers import render
from assay.identity import Json
from assay.lab.draws import uniform
from assay.lab.models import LabModel, obeys_sabotage, true_success
from assay.suites.base import Graded, Task

UNFORMATTED = 1 / 3
"""The share of collapses that forget the answer format; the others give the worst graded solution."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the model answers with. ``name`` is a graded solution, ``reference``, ``start`` or ``unformatted``."""

    name: str
    solves: bool
    files: Mapping[str, bytes] = field(default_factory=dict)


def choose(
    model: LabModel, task: Task, *, seed: int, trial: str, step: int = 0, variant: Mapping[str, Json] | None = None
) -> Chosen:
    """Return the answer of ``model`` at this step of this trial.

    The chance of success is ``true_success`` at step 0; each later step turns a failure into a success with
    chance ``recovery``. A collapse ends all that: the worst graded solution, or one without a format.
    """
    if obeys_sabotage(variant):
        return Chosen("start", solves=False, files=_start(task))
    probability = true_success(model, task.type, task.difficulty, task.id, variant)
    solves = uniform(seed, trial, "success") < probability
    collapses = not solves and uniform(seed, trial, "collapse") < _collapse_share(model, probability)
    for later in range(1, step + 1):
        recovers = uniform(seed, trial, "recovery", later) < model.recovery
        solves, collapses = solves or recovers, collapses and not recovers
    if collapses and uniform(seed, trial, "unformatted") < UNFORMATTED:
        return Chosen("unformatted", solves=False)
    among = [graded for graded in task.graded if graded.solves is solves]
    if not among:
        return Chosen("reference", True, task.solution_files()) if solves else Chosen("start", False, _start(task))
    picked = (
        min(among, key=lambda graded: graded.quality)
        if collapses
        else _weighted(among, model.taste, uniform(seed, trial, "solution", step))
    )
    return Chosen(picked.name, solves, task.graded_files(picked.name))


def in_words(task: Task, chosen: Chosen) -> str:
    """Write a choice as a model would: prose, and the files in the answer format."""
    if chosen.name == "unformatted":
        return "I looked at the code and changed what was needed. All requirements should be met now.\n"
    texts = {path: data.decode("utf-8", "replace") for path, data in chosen.files.items()}
    if task.answer == "text":
        return texts.get("ANSWER.md") or "\n".join(texts.values()) or "I do not know.\n"
    return "Here is the change.\n\n" + "\n".join(render(path, text) for path, text in texts.items())


def _collapse_share(model: LabModel, probability: float) -> float:
    """Return the share of collapses among failures, so that collapses come at the stated rate over all runs."""
    return min(1.0, model.collapse / (1.0 - probability)) if probability < 1 else 0.0


def _weighted(among: Sequence[Graded], taste: float, at: float) -> Graded:
    """Pick by weight ``exp(taste * quality)``; ``at`` in (0, 1)."""
    best = max(graded.quality for graded in among)
    weights = [math.exp(taste * (graded.quality - best)) for graded in among]
    left = at * sum(weights)
    for graded, weight in zip(among, weights, strict=True):
        left -= weight
        if left < 0:
            return graded
    return among[-1]


def _start(task: Task) -> Mapping[str, bytes]:
    """Return the writable starting files unchanged: an answer that solves nothing."""
    files = task.start_files()
    wanted = {path: data for path, data in files.items() if path in task.writable} if task.writable else files
    return wanted or dict.fromkeys(task.writable[:1] or ("ANSWER.md",), b"")
