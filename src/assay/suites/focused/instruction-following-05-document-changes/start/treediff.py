"""Changes between documents: what JSON gives, that is dictionaries with texts as keys, lists, and plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

Document: TypeAlias = "dict[str, Document] | list[Document] | str | int | float | bool | None"
Key = str | int
Path = tuple[Key, ...]

ADDED = "added"
REMOVED = "removed"
REPLACED = "replaced"


class PatchError(ValueError):
    """A change that does not fit the document."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change. ``old`` says nothing if the kind is ``added``, ``new`` nothing if it is ``removed``."""

    kind: str
    path: Path
    old: Document = None
    new: Document = None


def show(path: Path) -> str:
    """Return a path as text: ``$.orders[2].name``; keys that are no names are put in quotes."""
    return "$" + "".join(_show_key(key) for key in path)


def refuse(reason: str, path: Path) -> NoReturn:
    """Raise ``PatchError`` with a reason and the place."""
    raise PatchError(f"{reason}: {show(path)}")


def summary(changes: Iterable[Change]) -> list[str]:
    """Return one line for each change."""
    return [f"{change.kind} {show(change.path)}" for change in changes]


def _show_key(key: Key) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if key.isidentifier() else f'["{key}"]'
