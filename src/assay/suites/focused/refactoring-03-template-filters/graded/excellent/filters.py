"""Filters for values in templates: a chain such as ``trim | cut:20`` is applied from left to right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple


class FilterError(ValueError):
    """A chain that cannot be applied. ``position`` is that of the filter, from 1."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(f"filter {position}: {message}")
        self.position = position


class Parameter(NamedTuple):
    """The name of an argument, which texts are valid, what to say about others, and what the text becomes."""

    name: str
    valid: Callable[[str], bool] = lambda _: True
    complaint: str = ""
    convert: Callable[[str], Any] = str


@dataclass(frozen=True)
class Filter:
    """A function with what it accepts: kinds of values (none: all), required and optional parameters, and None."""

    function: Callable[..., Any]
    kinds: tuple[str, ...]
    required: tuple[Parameter, ...] = ()
    optional: tuple[Parameter, ...] = ()
    accepts_none: bool = False

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """All parameters in order."""
        return self.required + self.optional

    def complaint(self, arguments: list[str]) -> str | None:
        """Return what is wrong with arguments, to follow the name of the filter."""
        if not len(self.required) <= len(arguments) <= len(self.parameters):
            return f" takes {ARGUMENT_COUNTS[len(self.required), len(self.optional)]}"
        pairs = zip(self.parameters, arguments, strict=False)
        wrong = (f": {parameter.name} {parameter.complaint}" for parameter, text in pairs if not parameter.valid(text))
        return next(wrong, None)

    def accepts(self, value: Any) -> bool:
        """Tell whether the function can be used for ``value``."""
        return value is None or not self.kinds or kind(value) in self.kinds

    def run(self, value: Any, arguments: list[str]) -> Any:
        """Return the filtered value."""
        if value is None and not self.accepts_none:
            return None
        pairs = zip(self.parameters, arguments, strict=False)
        return self.function(value, *(parameter.convert(text) for parameter, text in pairs))

    def usage(self) -> str:
        """Return how the arguments are written."""
        required = ",".join(parameter.name for parameter in self.required)
        separator = "," if required else ":"
        return (required and f":{required}") + "".join(f"[{separator}{one.name}]" for one in self.optional)


class Step(NamedTuple):
    """One filter of a chain, as it is written there."""

    position: int
    name: str
    arguments: list[str]

    def filter(self) -> Filter:
        """Return the filter. Raises ``FilterError`` if there is none, or not for these arguments."""
        found = FILTERS.get(self.name)
        if found is None:
            raise FilterError(self.position, f"unknown filter: {self.name}")
        complaint = found.complaint(self.arguments)
        if complaint:
            raise FilterError(self.position, self.name + complaint)
        return found


def kind(value: Any) -> str:
    """Return what a value is called in messages."""
    names = {str: "text", list: "list", tuple: "list", bool: "bool", int: "number", float: "number"}
    return next((name for known, name in names.items() if isinstance(value, known)), type(value).__name__)


def apply(value: Any, chain: str) -> Any:
    """Return ``value`` after all filters of ``chain``. Raises ``FilterError``.

    None is handed on by all filters that have no other use for it.
    """
    for step in _steps(chain):
        found = step.filter()
        if not found.accepts(value):
            kinds = " or ".join(found.kinds)
            raise FilterError(step.position, f"{step.name} needs {kinds}, not {kind(value)}")
        value = found.run(value, step.arguments)
    return value


def check(chain: str) -> list[str]:
    """Return what is wrong with ``chain`` whatever the value: the first problem of each filter, as text."""
    problems = []
    for step in _steps(chain):
        try:
            step.filter()
        except FilterError as error:
            problems.append(str(error))
    return problems


def usage() -> list[str]:
    """Return how each filter is written; what is in brackets may be left out."""
    return [name + found.usage() for name, found in FILTERS.items()]


def _steps(chain: str) -> list[Step]:
    if not chain.strip():
        return []
    return [_step(position, part) for position, part in enumerate(chain.split("|"), start=1)]


def _step(position: int, part: str) -> Step:
    name, colon, arguments = part.partition(":")
    return Step(position, name.strip(), arguments.split(",") if colon else [])


def _is_number(text: str) -> bool:
    return text.strip().isdecimal()


def _is_above_zero(text: str) -> bool:
    return _is_number(text) and int(text) > 0


def _is_character(text: str) -> bool:
    return len(text) == 1


def _reverse(value: Any) -> Any:
    return value[::-1] if isinstance(value, str) else list(reversed(value))


def _cut(value: str, size: int) -> str:
    return value[: size - 1].rstrip() + "~" if len(value) > size else value


def _default(value: Any, text: str) -> Any:
    return text if value is None or value in ("", [], ()) else value


def _join(value: Any, separator: str = " ") -> str:
    return separator.join(str(item) for item in value if item is not None)


def _size(value: Any) -> int:
    return 0 if value is None else len(value)


def _round(value: float, digits: int = 0) -> float:
    return round(value, digits) if digits else round(value)


# By the numbers of required and optional parameters.
ARGUMENT_COUNTS = {
    (0, 0): "no argument",
    (0, 1): "at most 1 argument",
    (1, 0): "1 argument",
    (1, 1): "1 or 2 arguments",
    (2, 0): "2 arguments",
}

SIZE = Parameter("size", _is_above_zero, "must be a whole number above 0", int)
WIDTH = SIZE._replace(name="width")
FILL = Parameter("fill", _is_character, "must be one character")
OLD = Parameter("old", bool, "must not be empty")
DIGITS = Parameter("digits", _is_number, "must be a whole number", int)
TEXT = ("text",)

FILTERS: dict[str, Filter] = {
    "trim": Filter(str.strip, TEXT),
    "upper": Filter(str.upper, TEXT),
    "lower": Filter(str.lower, TEXT),
    "reverse": Filter(_reverse, ("text", "list")),
    "cut": Filter(_cut, TEXT, (SIZE,)),
    "pad": Filter(str.ljust, TEXT, (WIDTH,), (FILL,)),
    "replace": Filter(str.replace, TEXT, (OLD, Parameter("new"))),
    "default": Filter(_default, (), (Parameter("text"),), accepts_none=True),
    "join": Filter(_join, ("list",), (), (Parameter("separator"),)),
    "size": Filter(_size, ("text", "list"), accepts_none=True),
    "round": Filter(_round, ("number",), (), (DIGITS,)),
}
