"""The simulated models and the truth about them. ``docs/lab.md`` holds the same tables for people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from assay.identity import Json
from assay.lab.draws import normal
from assay.records import Record

TASK_TYPES = ("bug-fix", "code-generation", "instruction-following", "refactoring")

HARDNESS: Mapping[str, float] = {"floor": -3.5, "easy": -1.5, "medium": 0.0, "hard": 1.7, "headroom": 4.0}
"""What a task's difficulty takes from a model's skill, in logits."""


@dataclass(frozen=True, slots=True)
class LabModel(Record):
    """One simulated model.

    ``skill`` is the logit of success on a medium task, by task type (``""`` = any other type). ``affinity`` is
    the standard deviation, over tasks, of how well a task suits this model (logits); ``collapse`` the chance of
    a broken answer on any task; ``recovery`` the chance that a follow-up step turns a failure into a success;
    ``taste`` how strongly it prefers the better of several solutions; ``system_effect`` what a system text does
    to its skill (logits). ``ttft_ms`` and ``tokens_per_s`` are medians. ``verbosity`` multiplies the tokens of
    the answer; ``reasoning`` is the median of hidden tokens per answer. ``price``: USD per million tokens. With tools
    it looks around ``looks`` times before it writes, and hands out parallel parts with chance ``delegates``.
    """

    name: str
    skill: Mapping[str, float]
    price: Mapping[str, float]
    affinity: float = 0.0
    collapse: float = 0.0
    recovery: float = 0.0
    taste: float = 0.0
    system_effect: float = 0.0
    ttft_ms: float = 10.0
    tokens_per_s: float = 1000.0
    verbosity: float = 1.0
    reasoning: int = 0
    thinks_aloud: bool = False
    looks: int = 1
    delegates: float = 0.0


def _price(uncached: float, output: float) -> Mapping[str, float]:
    """Rates in the usual proportions: a cache read costs a tenth, a write a quarter more (5 min) or double (1 h)."""
    cache = {"cache_read": uncached / 10, "cache_write_5m": uncached * 1.25, "cache_write_1h": uncached * 2}
    return {"input": uncached, "output": output} | cache


def _skill(bug_fix: float, generation: float, following: float, refactoring: float, other: float) -> dict[str, float]:
    return dict(zip((*TASK_TYPES, ""), (bug_fix, generation, following, refactoring, other), strict=True))


SWIFT = LabModel(
    name="swift",
    skill=_skill(0.1, 0.7, 1.6, -0.3, 0.5),
    price=_price(0.5, 2.5),
    affinity=0.6,
    collapse=0.03,
    recovery=0.25,
    taste=1.5,
    system_effect=0.3,
    ttft_ms=350,
    tokens_per_s=180,
    verbosity=1.0,
    delegates=0.2,
)
STEADY = LabModel(
    name="steady",
    skill=_skill(1.0, 1.4, 0.8, 1.5, 1.2),
    price=_price(3, 15),
    affinity=0.4,
    collapse=0.008,
    recovery=0.45,
    taste=3.0,
    system_effect=0.1,
    ttft_ms=700,
    tokens_per_s=80,
    verbosity=1.15,
    looks=2,
    delegates=0.5,
)
DEEP = LabModel(
    name="deep",
    skill=_skill(2.0, 1.7, 0.5, 0.6, 1.3),
    price=_price(5, 25),
    affinity=0.5,
    collapse=0.015,
    recovery=0.6,
    taste=4.0,
    system_effect=-0.1,
    ttft_ms=1200,
    tokens_per_s=60,
    verbosity=1.3,
    reasoning=1800,
    looks=3,
    delegates=0.8,
)
_SURE = {**dict.fromkeys(TASK_TYPES, 30.0), "": 30.0}
ALWAYS = LabModel(name="always", skill=_SURE, price=_price(1, 5), taste=50.0)
NEVER = LabModel(name="never", skill={kind: -logit for kind, logit in _SURE.items()}, price=_price(1, 5), taste=50.0)
ALOUD = LabModel(name="aloud", skill=_SURE, price=_price(1, 5), reasoning=50, thinks_aloud=True)

_SABOTAGE = "do not solve the task"

MODELS: Mapping[str, LabModel] = {model.name: model for model in (SWIFT, STEADY, DEEP, ALWAYS, NEVER, ALOUD)}
"""All models by name: the three of the demo, then those for tests (always right, never right, ``<think>`` in text)."""


def affinity(model: LabModel, task_id: str) -> float:
    """Return how well this task suits this model, in logits: fixed for ever, whatever the Lab's seed."""
    return model.affinity * normal("affinity", model.name, task_id) if model.affinity else 0.0


def obeys_sabotage(variant: Mapping[str, Json] | None) -> bool:
    """Tell whether the system text orders what the ``sabotage`` control orders: all models then return the start."""
    return _SABOTAGE in str((variant or {}).get("system") or "").lower()


def true_success(
    model: LabModel, task_type: str, difficulty: str, task_id: str, variant: Mapping[str, Json] | None = None
) -> float:
    """Return the probability that one run solves the task at its first step: the truth that statistics must recover.

    ``(1 - collapse) * logistic(skill[type] - hardness[difficulty] + affinity(task) + effect of the variant)``.
    Of a variant only the presence of a ``system`` text matters; prefixes and suffixes have no effect. Where it
    says "do not solve the task", the truth is 0.
    """
    if obeys_sabotage(variant):
        return 0.0
    skill = model.skill.get(task_type, model.skill.get("", 0.0))
    effect = model.system_effect if (variant or {}).get("system") else 0.0
    logit = skill - HARDNESS.get(difficulty, 0.0) + affinity(model, task_id) + effect
    return (1.0 - model.collapse) / (1.0 + math.exp(-logit))
