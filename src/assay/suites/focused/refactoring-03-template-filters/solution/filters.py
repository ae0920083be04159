"""Filters for values in templates: a chain such as ``trim | cut:20`` is applied from left to right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


class FilterError(ValueError):
    """A chain that cannot be applied. ``position`` is that of the filter, from 1."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(f"filter {position}: {message}")
        self.position = position


def _any_text(text: str) -> str:
    return text


def _digits(text: str) -> int:
    if not text.strip().isdecimal():
        raise ValueError("must be a whole number")
    return int(text)


def _above_zero(text: str) -> int:
    if not text.strip().isdecimal() or int(text) == 0:
        raise ValueError("must be a whole number above 0")
    return int(text)


def _character(text: str) -> str:
    if len(text) != 1:
        raise ValueError("must be one character")
    return text


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


@dataclass(frozen=True)
class Parameter:
    """An argument of a filter. ``read`` turns its text into a value, or raises ``ValueError``."""

    name: str
    read: Callable[[str], Any] = _any_text
    optional: bool = False


@dataclass(frozen=True)
class Filter:
    """What a filter does, with values of which kinds (none named: of all), and its parameters."""

    run: Callable[..., Any]
    kinds: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    uses_none: bool = False

    def read(self, name: str, texts: list[str]) -> list[Any]:
        """Return the values of arguments. Raises ``ValueError``."""
        required = sum(not parameter.optional for parameter in self.parameters)
        if not required <= len(texts) <= len(self.parameters):
            raise ValueError(f"{name} takes {_COUNTS[required, len(self.parameters)]}")
        return [_read(name, *pair) for pair in zip(self.parameters, texts, strict=False)]

    def usage(self, name: str) -> str:
        """Return how the filter is written."""
        text, mark = name, ":"
        for parameter in self.parameters:
            text += f"[{mark}{parameter.name}]" if parameter.optional else mark + parameter.name
            mark = ","
        return text


def kind(value: Any) -> str:
    """Return what a value is called in messages."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple):
        return "list"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return type(value).__name__


def apply(value: Any, chain: str) -> Any:
    """Return ``value`` after all filters of ``chain``. Raises ``FilterError``.

    None is handed on by all filters that have no other use for it.
    """
    for position, name, texts in _steps(chain):
        found, arguments = _prepare(position, name, texts)
        if value is None and not found.uses_none:
            continue
        if value is not None and found.kinds and kind(value) not in found.kinds:
            raise FilterError(position, f"{name} needs {' or '.join(found.kinds)}, not {kind(value)}")
        value = found.run(value, *arguments)
    return value


def check(chain: str) -> list[str]:
    """Return what is wrong with ``chain`` whatever the value: the first problem of each filter, as text."""
    problems = []
    for step in _steps(chain):
        try:
            _prepare(*step)
        except FilterError as error:
            problems.append(str(error))
    return problems


def usage() -> list[str]:
    """Return how each filter is written; what is in brackets may be left out."""
    return [found.usage(name) for name, found in FILTERS.items()]


def _steps(chain: str) -> Iterator[tuple[int, str, list[str]]]:
    parts = chain.split("|") if chain.strip() else []
    for position, part in enumerate(parts, start=1):
        name, colon, arguments = part.partition(":")
        yield position, name.strip(), arguments.split(",") if colon else []


def _prepare(position: int, name: str, texts: list[str]) -> tuple[Filter, list[Any]]:
    if name not in FILTERS:
        raise FilterError(position, f"unknown filter: {name}")
    try:
        return FILTERS[name], FILTERS[name].read(name, texts)
    except ValueError as error:
        raise FilterError(position, str(error)) from None


def _read(name: str, parameter: Parameter, text: str) -> Any:
    try:
        return parameter.read(text)
    except ValueError as error:
        raise ValueError(f"{name}: {parameter.name} {error}") from None


def _reverse(value: Any) -> Any:
    return value[::-1] if isinstance(value, str) else list(value)[::-1]


def _cut(value: str, size: int) -> str:
    return value if len(value) <= size else value[: size - 1].rstrip() + "~"


def _default(value: Any, text: str) -> Any:
    return text if value is None or value in ("", [], ()) else value


def _join(value: Any, separator: str = " ") -> str:
    return separator.join(str(item) for item in value if item is not None)


def _size(value: Any) -> int:
    return 0 if value is None else len(value)


def _round(value: float, digits: int = 0) -> float:
    return round(value, digits or None)


_COUNTS = {
    (0, 0): "no argument",
    (0, 1): "at most 1 argument",
    (1, 1): "1 argument",
    (1, 2): "1 or 2 arguments",
    (2, 2): "2 arguments",
}
_TEXT = ("text",)
_SEVERAL = ("text", "list")

FILTERS: dict[str, Filter] = {
    "trim": Filter(str.strip, _TEXT),
    "upper": Filter(str.upper, _TEXT),
    "lower": Filter(str.lower, _TEXT),
    "reverse": Filter(_reverse, _SEVERAL),
    "cut": Filter(_cut, _TEXT, (Parameter("size", _above_zero),)),
    "pad": Filter(str.ljust, _TEXT, (Parameter("width", _above_zero), Parameter("fill", _character, optional=True))),
    "replace": Filter(str.replace, _TEXT, (Parameter("old", _not_empty), Parameter("new"))),
    "default": Filter(_default, (), (Parameter("text"),), uses_none=True),
    "join": Filter(_join, ("list",), (Parameter("separator", optional=True),)),
    "size": Filter(_size, _SEVERAL, uses_none=True),
    "round": Filter(_round, ("number",), (Parameter("digits", _digits, optional=True),)),
}
