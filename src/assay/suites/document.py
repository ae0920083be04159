"""A YAML file that somebody wrote, with the line of every key: so that an error can point at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from assay.errors import Place, TaskError

Location: TypeAlias = "tuple[str | int, ...]"

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SHORT = 60


class Strict(BaseModel):
    """Base of file schemas: unknown keys are errors, and nothing is converted (``"60"`` is not 60)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Schema = TypeVar("Schema", bound=Strict)


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data of one file, and the line (1-based) of each key and list item."""

    path: Path
    data: Mapping[str, Any]
    lines: Mapping[Location, int] = field(default_factory=dict)

    def place(self, location: Location) -> Place:
        """Return the file and the line of ``location``, or of its nearest parent that has one."""
        for end in range(len(location), -1, -1):
            line = self.lines.get(location[:end])
            if line is not None:
                return Place(self.path, line)
        return Place(self.path)

    def error(self, what: str, *location: str | int, remedy: str | None = None) -> TaskError:
        """Return the error that says ``what`` about ``location``."""
        return TaskError(what, where=self.place(location), remedy=remedy)

    def parse(self, schema: type[Schema]) -> Schema:
        """Validate. Raises ``TaskError`` for the first thing that is wrong, unknown keys first."""
        try:
            return schema.model_validate(dict(self.data))
        except ValidationError as error:
            problems = sorted(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
            location = tuple(problems[0]["loc"])
            if problems[0]["type"] == "extra_forbidden":
                raise self._unknown(schema, location) from None
            raise self._wrong(problems[0]["type"], problems[0]["msg"], problems[0].get("input"), location) from None

    def _unknown(self, schema: type[BaseModel], location: Location) -> TaskError:
        names = sorted(_keys_at(schema, location[:-1]))
        near = get_close_matches(str(location[-1]), names, n=1)
        remedy = f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(names)}"
        return self.error(f"unknown key '{location[-1]}'", *location, remedy=remedy)

    def _wrong(self, kind: str, message: str, given: object, location: Location) -> TaskError:
        name = ".".join(str(part) for part in location) or "the file"
        if kind == "missing":
            return self.error(f"'{name}' is missing", *location)
        text = repr(given)
        shown = text if len(text) <= _SHORT else text[:_SHORT] + "..."
        reason = message[0].lower() + message[1:]
        return self.error(f"'{name}' is {shown}: {reason}", *location)


def read_document(path: Path) -> Document:
    """Read one YAML mapping. Raises ``TaskError`` for a missing or unreadable file, bad YAML, a repeated key."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise TaskError("the file is missing", where=path) from error
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError(f"cannot be read: {error}", where=path) from error
    try:
        loader = _LOADER(text)
        try:
            node = loader.get_single_node()
            data = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise _bad_yaml(path, error) from error
    if not isinstance(data, dict) or not isinstance(node, yaml.MappingNode):
        raise TaskError("must hold keys and values" if data is not None else "the file is empty", where=Place(path, 1))
    return Document(path, data, dict(_lines(path, node, ())))


def _bad_yaml(path: Path, error: yaml.YAMLError) -> TaskError:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    return TaskError(f"is not YAML: {what}", where=Place(path, mark.line + 1 if mark else None))


def _lines(path: Path, node: yaml.Node, location: Location) -> Iterator[tuple[Location, int]]:
    yield location, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise TaskError(f"'{key.value}' is there twice", where=Place(path, key.start_mark.line + 1))
            seen.add(key.value)
            yield from _lines(path, value, (*location, key.value))
            yield (*location, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(path, item, (*location, index))


def _keys_at(schema: type[BaseModel], location: Location) -> frozenset[str]:
    """Names that a schema allows at a nested location; empty where it is free."""
    for part in location:
        if isinstance(part, int):
            continue
        found = schema.model_fields.get(part)
        inner = _schema_in(found.annotation) if found is not None else None
        if inner is None:
            return frozenset()
        schema = inner
    return frozenset(schema.model_fields)


def _schema_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _schema_in(part))), None)
