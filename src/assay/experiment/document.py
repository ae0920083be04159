"""A YAML document that remembers on which line everything stands.

Scalars follow YAML 1.2: only ``true`` and ``false`` are truth values (``no`` and ``off`` are text), ``1e-3`` is a
number, ``12:30`` and dates are text. A key that is written twice is an error. Anchors, aliases and merge keys work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from assay.errors import ExperimentError, Place
from assay.names import same_but_for_number

KeyPath: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 4 << 20
MAX_NODES = 200_000

_RESOLVERS = (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", "~nN\0"),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+(_[0-9]+)*", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("tag:yaml.org,2002:merge", r"<<", "<"),
)

_PLAIN_TAGS = frozenset({"tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"})


class _Loader(yaml.SafeLoader):
    """Safe, with the scalar rules of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own name


for _tag, _pattern, _first in _RESOLVERS:
    _Loader.add_implicit_resolver(_tag, re.compile(f"(?:{_pattern})$"), ["" if c == "\0" else c for c in _first])


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(str(loader.construct_scalar(node)).replace("_", ""))


def _number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    text = str(loader.construct_scalar(node)).casefold()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)


@dataclass(frozen=True, slots=True)
class Document:
    """Plain ``data`` and the nodes that it came from."""

    path: Path | str
    data: Any
    root: yaml.Node

    def place(self, path: KeyPath = ()) -> Place:
        """Return where ``path`` stands, or the nearest thing above it that stands somewhere.

        A path may use the canonical key for a singular/plural slip, and a list item's text for its index.
        """
        node, line = self.root, self.root.start_mark.line
        for part in path:
            step = _child(node, part)
            if step is None:
                break
            line, node = step
        return Place(self.path, line + 1)


def _child(node: yaml.Node, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for same in (str.__eq__, same_but_for_number):
            for key, value in reversed(node.value):  # a merged key stands before the one that replaces it
                if same(str(key.value), str(part)):
                    return key.start_mark.line, value
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            if index == part or (isinstance(item, yaml.ScalarNode) and item.value == part):
                return item.start_mark.line, item
    return None


def read_document(path: Path) -> Document:
    """Read one YAML file. Raises ``ExperimentError`` with file and line."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ExperimentError("there is no such file", where=path, remedy="'assay init' writes a starter") from error
    except IsADirectoryError as error:
        raise ExperimentError("is a folder, not an experiment file", where=path) from error
    except OSError as error:
        raise ExperimentError(f"cannot be read: {error.strerror}", where=path) from error
    if len(raw) > MAX_BYTES:
        raise ExperimentError(f"is larger than {MAX_BYTES >> 20} MB: not an experiment file", where=path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ExperimentError("is not UTF-8 text", where=Place(path, line)) from error
    return parse_document(text, path)


def parse_document(text: str, path: Path | str) -> Document:
    """Parse YAML text; ``path`` is only for messages."""
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            raise ExperimentError("is empty", where=path, remedy="'assay init' writes a starter")
        return Document(path, _Builder(loader, path).build(root), root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.context, error.problem) if part)
        raise ExperimentError(f"is not YAML: {problem}", where=Place(path, mark.line + 1 if mark else None)) from error
    except yaml.YAMLError as error:
        raise ExperimentError(f"is not YAML: {str(error).splitlines()[0]}", where=path) from error
    except RecursionError as error:
        raise ExperimentError("is nested too deeply", where=path) from error
    finally:
        if loader is not None:
            loader.dispose()


class _Builder:
    """Makes plain data from nodes, counting them, so that aliases cannot blow up."""

    def __init__(self, loader: _Loader, path: Path | str) -> None:
        self._loader, self._path, self._count = loader, path, 0
        self._open, self._flat = set[int](), set[int]()

    def build(self, node: yaml.Node) -> Any:
        self._count += 1
        if self._count > MAX_NODES or id(node) in self._open:
            raise self._error("has aliases that grow without end", node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if node.tag not in _PLAIN_TAGS:
            raise self._error(f"has a tag that is not plain YAML: {node.tag}", node)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.build(item) for item in node.value]
            assert isinstance(node, yaml.MappingNode)
            return self._mapping(node)
        finally:
            self._open.discard(id(node))

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            return self._loader.construct_object(node)
        except ValueError as error:
            raise self._error(f"has a value that cannot be read: {node.value!r}", node) from error

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        if id(node) not in self._flat:  # an alias brings the same node again, merge keys already resolved
            self._refuse_twins(node)
            self._loader.flatten_mapping(node)
            self._flat.add(id(node))
        return {str(key.value): self.build(value) for key, value in node.value}

    def _refuse_twins(self, node: yaml.MappingNode) -> None:
        first: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._error("has a key that is not text", key)
            if key.value in first and key.value != "<<":
                raise self._error(f"has the key '{key.value}' twice (first on line {first[key.value]})", key)
            first[key.value] = key.start_mark.line + 1

    def _error(self, what: str, node: yaml.Node) -> ExperimentError:
        return ExperimentError(what, where=Place(self._path, node.start_mark.line + 1))
