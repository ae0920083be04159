"""Turns a validation error into one line that names file, line and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from assay.errors import ExperimentError
from assay.experiment.document import Document, KeyPath
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
    "string_pattern_mismatch": "may hold letters, digits, dot, dash and underscore (at most 64), not {given}",
}

_OURS = frozenset(
    {"names", "size", "profile_path", "match", "excluded", "price", "secret", "base_url", "agents", "score"}
)


def explain(error: ValidationError, document: Document | None) -> ExperimentError:
    """Return the first problem of the file, by line, and how many more there are."""
    problems = error.errors(include_url=False)
    placed = [(document.place(_path(problem)) if document else None, problem) for problem in problems]
    placed.sort(key=lambda item: (item[0].line or 0) if item[0] else 0)
    place, first = placed[0]
    what, remedy = _sentence(first)
    if len(problems) > 1:
        what += f" ({len(problems) - 1} more after this one)"
    return ExperimentError(what, where=place, remedy=remedy)


def _path(problem: ErrorDetails) -> KeyPath:
    key = problem.get("ctx", {}).get("key")
    extra = (str(key),) if problem["type"] in {"unknown_key", "key_twice"} and key else ()
    return (*(part for part in problem["loc"] if part != "[key]"), *extra)


def _sentence(problem: ErrorDetails) -> tuple[str, str | None]:
    kind, loc, context = problem["type"], problem["loc"], problem.get("ctx", {})
    name = _name(loc)
    if kind in {"unknown_key", "key_twice"}:
        return problem["msg"] + (f" in '{name}'" if loc else ""), context.get("remedy") or None
    if kind == "missing":
        return f"'{loc[-1]}' is missing" + (f" in '{_name(loc[:-1])}'" if loc[:-1] else ""), _starter(loc)
    if kind in _OURS:
        return (f"'{name}' {problem['msg']}" if loc else problem["msg"]), None
    return f"'{name}' {_must(problem, context)}", None if kind != "literal_error" else _choices(problem, context)


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


def _starter(loc: tuple[int | str, ...]) -> str | None:
    starters = {"name": "For example: name: my-first-experiment", "suite": "For example: suite: focused"}
    return starters.get(str(loc[-1])) if len(loc) == 1 else None


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
