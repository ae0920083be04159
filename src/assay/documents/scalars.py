"""YAML with the scalars of version 1.2: only ``true`` and ``false`` are truth values, ``1e-3`` is a number.

``no`` and ``off``, ``12:30`` and dates are text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
_RESOLVERS = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+(_[0-9]+)*", list("-+0123456789")),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+0123456789."),
    ),
    "merge": (r"<<", ["<"]),
}

PLAIN: Mapping[str, type[yaml.Node]] = {
    _TAG + "map": yaml.MappingNode,
    _TAG + "seq": yaml.SequenceNode,
    **dict.fromkeys((_TAG + name for name in ("str", "null", "bool", "int", "float")), yaml.ScalarNode),
}
"""Tags that stand for plain data, each with the only node it may sit on."""


class Loader(yaml.SafeLoader):
    """Safe, with the scalar rules of YAML 1.2. Not libyaml's: deep nesting in a file ends that with a crash."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own name


class _Dumper(yaml.SafeDumper):
    """Quotes text that either version of YAML would take for something else, such as the hash ``12e4567``."""


for _name, (_pattern, _first) in _RESOLVERS.items():
    Loader.add_implicit_resolver(_TAG + _name, re.compile(f"(?:{_pattern})$"), _first)
    _Dumper.add_implicit_resolver(_TAG + _name, re.compile(f"(?:{_pattern})$"), _first)


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(str(loader.construct_scalar(node)).replace("_", ""))


def _number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    text = str(loader.construct_scalar(node)).casefold()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


Loader.add_constructor(_TAG + "int", _integer)
Loader.add_constructor(_TAG + "float", _number)


def to_yaml(data: Any) -> str:
    """Return plain data as YAML, keys in their order; equal data gives equal text."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
