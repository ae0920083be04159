"""The policy file: which arm for which task type, with its support. Record, load, decide; no estimation.

``policy.yaml`` is the product of a run that other tools apply; ``docs/routing.md`` documents its fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from assay.errors import Place, PolicyError
from assay.records import Record, Target

POLICY_VERSION = 1
HEADER = "# Which arm for which task type. Written by `assay route fit`; every route carries its support.\n"

ROUTE = "route"
DEFAULT = "default"

_Row = TypeVar("_Row", bound=Record)


@dataclass(frozen=True, slots=True)
class PolicyArm(Record):
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
class Route(Record):
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
class BackTest(Record):
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
class Policy(Record):
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
    text = HEADER + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)
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
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except FileNotFoundError as error:
        raise PolicyError("there is no such file", where=path, remedy="Write one with `assay route fit RUN`") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise PolicyError(f"is not YAML: {error.problem}", where=Place(path, line)) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PolicyError(f"cannot be read: {error}", where=path) from error
    if not isinstance(data, dict) or not isinstance(node, yaml.MappingNode):
        raise PolicyError("is not a policy: it is empty or not a mapping", where=path)
    version = data.get("version")
    if version != POLICY_VERSION:
        raise PolicyError(
            f"has format {version!r}, this Assay reads {POLICY_VERSION}",
            where=Place(path, _line(node, "version")),
            remedy="Fit it again with `assay route fit RUN`",
        )
    return _checked(_build(path, node, data), path, node)


def _build(path: Path, node: yaml.MappingNode, data: dict[str, Any]) -> Policy:
    routes = _rows(Route, path, node, data, "routes")
    arms = _rows(PolicyArm, path, node, data, "arms")
    backtest = _row(BackTest, path, _child(node, "backtest"), data.get("backtest"))
    whole = {**data, "routes": routes, "arms": arms, "backtest": backtest}
    for key in ("runs", "notes"):
        value = whole.get(key, [])
        if not isinstance(value, list):
            raise PolicyError(f"'{key}' must be a list", where=Place(path, _line(node, key)))
        whole[key] = tuple(str(each) for each in value)
    return _row(Policy, path, node, whole)


def _rows(kind: type[_Row], path: Path, node: yaml.MappingNode, data: Mapping[str, Any], key: str) -> tuple[_Row, ...]:
    value, child = data.get(key), _child(node, key)
    if not isinstance(value, list) or not isinstance(child, yaml.SequenceNode):
        raise PolicyError(f"'{key}' must be a list", where=Place(path, _line(node, key)))
    return tuple(_row(kind, path, each, row) for each, row in zip(child.value, value, strict=True))


def _row(kind: type[_Row], path: Path, node: yaml.Node | None, data: Any) -> _Row:
    """Build one record; unknown and missing keys are errors with their line and the nearest name."""
    place = Place(path, node.start_mark.line + 1 if node is not None else None)
    if not isinstance(data, Mapping):
        raise PolicyError(f"a mapping is needed for {kind.__name__.lower()}", where=place)
    known = {each.name: each for each in fields(cast("Any", kind))}
    for key in data:
        if key not in known:
            near = get_close_matches(str(key), known, 1)
            remedy = f"Did you mean '{near[0]}'?" if near else None
            raise PolicyError(f"unknown key '{key}'", where=Place(path, _line(node, str(key))), remedy=remedy)
    for name, each in known.items():
        if name not in data and each.default is MISSING:
            raise PolicyError(f"'{name}' is missing", where=place)
    return kind.from_json(data)


def _checked(policy: Policy, path: Path, node: yaml.MappingNode) -> Policy:
    """Check what a type cannot: references, words, one route per type."""
    arms = {arm.id for arm in policy.arms}
    if policy.default not in arms:
        raise PolicyError(f"the default arm '{policy.default}' is not described", where=_at(path, node, "default"))
    if policy.target not in set(Target):
        words = " or ".join(f"'{target}'" for target in Target)
        raise PolicyError(f"target must be {words}", where=_at(path, node, "target"))
    _check_routes(policy.routes, arms, path, _child(node, "routes"))
    return policy


def _check_routes(routes: Sequence[Route], arms: set[str], path: Path, node: yaml.Node | None) -> None:
    seen: set[str] = set()
    rows = node.value if isinstance(node, yaml.SequenceNode) else []
    for route, row in zip(routes, rows, strict=True):
        place = Place(path, row.start_mark.line + 1)
        if route.arm not in arms:
            raise PolicyError(f"the route for '{route.task_type}' names an unknown arm '{route.arm}'", where=place)
        if route.decision not in {ROUTE, DEFAULT}:
            raise PolicyError(f"decision must be '{ROUTE}' or '{DEFAULT}'", where=place)
        if route.task_type in seen:
            raise PolicyError(f"'{route.task_type}' has two routes", where=place)
        seen.add(route.task_type)


def _child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return cast("yaml.Node", value)
    return None


def _line(node: yaml.Node | None, key: str) -> int | None:
    """1-based line of a key, else of its mapping."""
    if isinstance(node, yaml.MappingNode):
        for name, _ in node.value:
            if name.value == key:
                return int(name.start_mark.line) + 1
    return int(node.start_mark.line) + 1 if node is not None else None


def _at(path: Path, node: yaml.Node, key: str) -> Place:
    return Place(path, _line(node, key))
