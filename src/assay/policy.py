"""The policy file: which arm for which task type, with its support. Record, load, decide; no estimation.

``policy.yaml`` is the product of a run that other tools apply; ``docs/routing.md`` documents its fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from assay.documents.base import Document, Kind, read_document
from assay.documents.explain import explain
from assay.documents.scalars import to_yaml
from assay.errors import PolicyError
from assay.records import Record, Target

POLICY_VERSION = 1
HEADER = "# Which arm for which task type. Written by `assay route fit`; every route carries its support.\n"

ROUTE = "route"
DEFAULT = "default"

POLICY = Kind("a policy file", PolicyError, remedy="Write one with `assay route fit RUN`")


@dataclass(frozen=True, slots=True)
class _Strict(Record):
    """A record that is read from a file: unknown keys are errors, nothing is converted."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class PolicyArm(_Strict):
    """What a launcher needs to know of an arm; ``id`` is the arm's content hash."""

    id: str
    label: str
    agent: str
    model: str
    provider: str
    variant: str = ""
    profile: str = ""
    cost_per_trial_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Route(_Strict):
    """What to do with one task type.

    ``decision`` is ``route`` (use ``arm``) or ``default`` (then ``arm`` is the default arm). ``difference`` with its
    95% interval is the arm that was considered (``considered``) minus the default arm on this type's tasks, in
    the policy's measure; ``expected`` is the shrunken value of ``arm`` on a task of this type.
    """

    task_type: str
    decision: str
    arm: str
    label: str
    n_tasks: int
    target: str
    support: str
    reason: str
    considered: str | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_corrected: float | None = None
    expected: float | None = None


@dataclass(frozen=True, slots=True)
class BackTest(_Strict):
    """What the same procedure gains over the best single arm: in sample, and on tasks it has not seen.

    ``ungated`` is the held-out gain of routing by expected value alone, without asking for support. Gains are per
    trial in the policy's measure; ``held_out_cost_usd`` is the change in cost per trial.
    """

    method: str
    n_tasks: int
    in_sample: float | None
    held_out: float | None
    low: float | None
    high: float | None
    ungated: float | None
    ungated_low: float | None
    ungated_high: float | None
    held_out_cost_usd: float | None
    says: str


@dataclass(frozen=True, slots=True)
class Policy(_Strict):
    """A measured policy. ``default`` is an arm's id; a task type without a route goes to it.

    ``measure`` is ``solved``, ``score``, or ``value`` (``value_usd`` per solved task minus cost). ``shrinkage`` is B in
    ``model mean + B * type deviation``: 0 = types tell nothing, 1 = each type stands for itself.
    """

    version: int
    runs: tuple[str, ...]
    simulated: bool
    measure: str
    target: str
    default: str
    default_label: str
    default_reason: str
    shrinkage: float
    routes: tuple[Route, ...]
    backtest: BackTest
    arms: tuple[PolicyArm, ...]
    margin: float | None = None
    value_usd: float | None = None
    notes: tuple[str, ...] = ()


def decide(policy: Policy, task_type: str | None) -> PolicyArm:
    """Return the arm for a task type; unknown types and None go to the default arm."""
    chosen = next((route.arm for route in policy.routes if route.task_type == task_type), policy.default)
    for arm in policy.arms:
        if arm.id == chosen:
            return arm
    raise PolicyError(f"the policy names an arm that it does not describe: {chosen}")


def write_policy(policy: Policy, path: Path) -> None:
    """Write the policy as YAML in a fixed order, whole or not at all: equal policies give equal bytes.

    Raises ``PolicyError`` when the file cannot be written; an older policy then stays as it was.
    """
    data = _plain(policy.to_json())
    text = HEADER + to_yaml(data)
    half = path.with_name(f".{path.name}.half")
    try:
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise PolicyError(f"cannot be written: {error.strerror or error}", where=path) from error


def _plain(value: Any) -> Any:
    """Tuples as lists, string enums as strings: YAML has no others."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, str) else value


def read_policy(path: Path) -> Policy:
    """Read ``policy.yaml``. Raises ``PolicyError`` naming file and line: unreadable, wrong keys, unknown arms."""
    document = read_document(path, POLICY)
    version = document.data.get("version")
    if version != POLICY_VERSION:
        raise document.error(
            f"has format {version!r}, this Assay reads {POLICY_VERSION}",
            "version",
            remedy="Fit it again with `assay route fit RUN`",
        )
    try:
        policy = _SCHEMA.validate_json(json.dumps(document.data))  # as JSON, in which a list may become a tuple
    except ValidationError as error:
        raise explain(error, Policy, POLICY, document) from error
    _check(policy, document)
    return policy


_SCHEMA = TypeAdapter(Policy)


def _check(policy: Policy, document: Document) -> None:
    """Check what a type cannot: references, words, one route per type."""
    arms = {arm.id for arm in policy.arms}
    if policy.default not in arms:
        raise document.error(f"the default arm '{policy.default}' is not described", "default")
    if policy.target not in set(Target):
        words = " or ".join(f"'{target}'" for target in Target)
        raise document.error(f"target must be {words}", "target")
    seen: set[str] = set()
    for index, route in enumerate(policy.routes):
        if route.arm not in arms:
            what = f"the route for '{route.task_type}' names an unknown arm '{route.arm}'"
            raise document.error(what, "routes", index)
        if route.decision not in {ROUTE, DEFAULT}:
            raise document.error(f"decision must be '{ROUTE}' or '{DEFAULT}'", "routes", index, "decision")
        if route.task_type in seen:
            raise document.error(f"'{route.task_type}' has two routes", "routes", index)
        seen.add(route.task_type)
