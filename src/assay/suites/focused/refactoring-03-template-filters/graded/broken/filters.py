"""Filters for values in templates: a chain such as ``trim | cut:20`` is applied from left to right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class FilterError(ValueError):
    """A chain that cannot be applied. ``position`` is that of the filter, from 1."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(f"filter {position}: {message}")
        self.position = position


FILTERS: dict[str, Callable[..., Any]] = {
    "trim": lambda value: value.strip(),
    "upper": lambda value: value.upper(),
    "lower": lambda value: value.lower(),
    "reverse": lambda value: value[::-1],
    "cut": lambda value, size: value if len(value) <= int(size) else value[: int(size) - 1].rstrip() + "~",
    "pad": lambda value, width, fill=" ": value.ljust(int(width), fill),
    "replace": lambda value, old, new: value.replace(old, new),
    "default": lambda value, text: if value is None then text else value,
    "join": lambda value, separator=" ": separator.join(map(str, value)),
    "size": len,
    "round": lambda value, digits=0: round(value, int(digits)),
}


def apply(value: Any, chain: str) -> Any:
    """Return ``value`` after all filters of ``chain``. Raises ``FilterError``."""
    for position, part in enumerate(chain.split("|"), start=1):
        name, _, arguments = part.partition(":")
        if name.strip() not in FILTERS:
            raise FilterError(position, f"unknown filter: {name.strip()}")
        value = FILTERS[name.strip()](value, *filter(None, arguments.split(",")))
    return value


def check(chain: str) -> list[str]:
    """Return what is wrong with ``chain`` whatever the value."""
    names = [part.partition(":")[0].strip() for part in chain.split("|")]
    return [f"filter {n}: unknown filter: {name}" for n, name in enumerate(names, start=1) if name not in FILTERS]


def usage() -> list[str]:
    """Return how each filter is written."""
    return list(FILTERS)
