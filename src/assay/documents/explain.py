"""Turns a validation error into one line that names file, line and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from assay.documents.base import Document, KeyPath, Kind
from assay.documents.schema import keys_at
from assay.errors import InputError
from assay.names import suggestion

SHOWN = 40
SECRET_KEYS = frozenset({"key", "headers"})  # whatever stands there is not repeated

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "mapping_type": "a mapping of names to values",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "dataclass_type": "a mapping of keys to values",
    "finite_number": "a finite number",
}

_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}

_WORDS = {
    "literal_error": "cannot be {given}",
    "too_short": "is empty",
    "string_too_short": "is empty text",
}

_UNKNOWN = frozenset({"extra_forbidden", "unexpected_keyword_argument"})
_BUILT_IN = frozenset(get_args(ErrorType))  # what is not among them is a sentence of our own


def explain(error: ValidationError, schema: Any, kind: Kind, document: Document | None = None) -> InputError:
    """Return the first problem of the file, unknown keys first, then by line, and how many more there are."""
    problems = _without_echoes(error.errors(include_url=False))
    placed = [(document.place(_path(problem)) if document else None, problem) for problem in problems]
    placed.sort(key=lambda item: (item[1]["type"] not in _UNKNOWN, (item[0].line or 0) if item[0] else 0))
    place, first = placed[0]
    what, remedy = _sentence(first, schema, kind)
    if len(problems) > 1:
        what += f" ({len(problems) - 1} more after this one)"
    return kind.error(what, where=place, remedy=remedy)


def _without_echoes(problems: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out keys that are missing where another is unknown: it is most often the same one, misspelt."""
    misspelt = {problem["loc"][:-1] for problem in problems if problem["type"] in _UNKNOWN}
    return [one for one in problems if one["type"] != "missing" or one["loc"][:-1] not in misspelt]


def _path(problem: ErrorDetails) -> KeyPath:
    key = problem.get("ctx", {}).get("key") if problem["type"] not in _BUILT_IN else None
    return (*(part for part in problem["loc"] if part != "[key]"), *((str(key),) if key else ()))


def _sentence(problem: ErrorDetails, schema: Any, kind: Kind) -> tuple[str, str | None]:
    type_, loc, context = problem["type"], problem["loc"], problem.get("ctx", {})
    name, key = _name(loc), str(loc[-1]) if loc else ""
    inside = f" in '{_name(loc[:-1])}'" if loc[:-1] else ""
    if type_ in _UNKNOWN:
        return f"unknown key '{key}'{inside}", suggestion(key, keys_at(schema, loc[:-1]))
    if type_ == "missing":
        example = kind.examples.get(key) if len(loc) == 1 else None
        return f"'{key}' is missing{inside}", f"For example: {example}" if example else None
    if "key" in context and type_ not in _BUILT_IN:
        return problem["msg"] + (f" in '{name}'" if loc else ""), context.get("remedy")
    if type_ not in _BUILT_IN:
        return (f"'{name}' {problem['msg']}" if loc else problem["msg"]), None
    if type_ == "string_pattern_mismatch" and name in kind.patterns:
        return f"'{name}' may hold {kind.patterns[name]}, not {_show(problem['input'])}", None
    return f"'{name}' {_must(problem, context)}", _choices(problem, context) if type_ == "literal_error" else None


def _must(problem: ErrorDetails, context: Mapping[str, Any]) -> str:
    kind = problem["type"]
    given = "what it is" if SECRET_KEYS & set(problem["loc"]) else _show(problem["input"])
    if kind in _WANTED:
        quote = "; quote it" if kind == "string_type" and isinstance(problem["input"], (int, float)) else ""
        return f"must be {_WANTED[kind]}, not {given}{quote}"
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"must be {words} {context[key]}, not {given}"
    return _WORDS.get(kind, f"is wrong: {problem['msg']}").replace("{given}", given)


def _choices(problem: ErrorDetails, context: Mapping[str, Any]) -> str:
    choices = [part.strip().strip("'") for part in str(context.get("expected", "")).replace(" or ", ",").split(",")]
    return suggestion(str(problem["input"]), [choice for choice in choices if choice])


def _name(loc: tuple[int | str, ...]) -> str:
    """``('arms', 1, 'model')`` -> ``arms[2].model``: people count from 1."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        elif part != "[key]":
            text += f".{part}" if text else part
    return text


def _show(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text '{value[:SHOWN]}{'...' if len(value) > SHOWN else ''}'"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, Mapping):
        return "a mapping"
    return str(value)
