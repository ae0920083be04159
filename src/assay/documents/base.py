"""A YAML document that remembers on which line everything stands.

Scalars follow YAML 1.2 (``scalars.py``). A key that is written twice is an error. Anchors, aliases and merge keys work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from assay.documents.scalars import PLAIN, Loader
from assay.errors import InputError, Place
from assay.names import same_but_for_number

KeyPath: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 4 << 20
MAX_NODES = 200_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of file: its name, the error that speaks of it, and what helps whoever writes one.

    ``remedy`` says how to get such a file; ``examples`` shows top-level keys that are often forgotten; ``patterns``
    says in words what the pattern of a top-level key lets it hold.
    """

    name: str
    error: type[InputError]
    remedy: str | None = None
    examples: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """Plain ``data`` and the nodes that it came from."""

    path: Path
    kind: Kind
    data: Mapping[str, Any]
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

    def error(self, what: str, *path: str | int, remedy: str | None = None) -> InputError:
        """Return the error that says ``what`` about ``path``."""
        return self.kind.error(what, where=self.place(path), remedy=remedy)


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


def read_text(path: Path, kind: Kind) -> str:
    """Read a file that a person wrote. Raises the kind's error with the file, and the line where it is not UTF-8."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise kind.error("there is no such file", where=path, remedy=kind.remedy) from error
    except IsADirectoryError as error:
        raise kind.error(f"is a folder, not {kind.name}", where=path) from error
    except OSError as error:
        raise kind.error(f"cannot be read: {error.strerror}", where=path) from error
    if len(raw) > MAX_BYTES:
        raise kind.error(f"is larger than {MAX_BYTES >> 20} MB: not {kind.name}", where=path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise kind.error("is not UTF-8 text", where=Place(path, line)) from error


def read_document(path: Path, kind: Kind) -> Document:
    """Read one YAML file of keys and values. Raises the kind's error with file and line."""
    return parse_document(read_text(path, kind), path, kind)


def parse_document(text: str, path: Path, kind: Kind) -> Document:
    """Parse YAML text; ``path`` is only for messages."""
    loader: Loader | None = None
    try:
        loader = Loader(text)
        root = loader.get_single_node()
        if root is None:
            raise kind.error("is empty", where=path, remedy=kind.remedy)
        data = _Builder(loader, path, kind).build(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.context, error.problem) if part)
        raise kind.error(f"is not YAML: {problem}", where=Place(path, mark.line + 1 if mark else None)) from error
    except yaml.YAMLError as error:
        raise kind.error(f"is not YAML: {str(error).splitlines()[0]}", where=path) from error
    except RecursionError as error:
        raise kind.error("is nested too deeply", where=path) from error
    finally:
        if loader is not None:
            loader.dispose()
    if not isinstance(data, dict):
        place = Place(path, root.start_mark.line + 1)
        raise kind.error(f"is not {kind.name}: it must hold keys and values", where=place, remedy=kind.remedy)
    return Document(path, kind, data, root)


class _Builder:
    """Makes plain data from nodes, counting them, so that aliases cannot blow up."""

    def __init__(self, loader: Loader, path: Path, kind: Kind) -> None:
        self._loader, self._path, self._kind, self._count = loader, path, kind, 0
        self._open, self._flat = set[int](), set[int]()

    def build(self, node: yaml.Node) -> Any:
        self._count += 1
        if self._count > MAX_NODES or id(node) in self._open:
            raise self._error("has aliases that grow without end", node)
        if not isinstance(node, PLAIN.get(node.tag, ())):
            raise self._error(f"has a tag that is not plain YAML: {node.tag}", node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
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

    def _error(self, what: str, node: yaml.Node) -> InputError:
        return self._kind.error(what, where=Place(self._path, node.start_mark.line + 1))
