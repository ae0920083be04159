"""Changes between documents: what JSON gives, that is dictionaries with texts as keys, lists, and plain values."""

from __future__ import annotations

import copy
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


def compare(old: Document, new: Document, path: Path = ()) -> list[Change]:
    """Return the changes that lead from ``old`` to ``new``."""
    if old == new:
        return []
    changes = []
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if key not in new:
                changes.append(Change(REMOVED, (*path, key), old=old[key]))
            elif key not in old:
                changes.append(Change(ADDED, (*path, key), new=new[key]))
            else:
                changes.extend(compare(old[key], new[key], (*path, key)))
    elif isinstance(old, list) and isinstance(new, list):
        for at in range(max(len(old), len(new))):
            if at >= len(new):
                changes.append(Change(REMOVED, (*path, at), old=old[at]))
            elif at >= len(old):
                changes.append(Change(ADDED, (*path, at), new=new[at]))
            else:
                changes.extend(compare(old[at], new[at], (*path, at)))
    else:
        changes.append(Change(REPLACED, path, old, new))
    return changes


def apply(document: Document, changes: Iterable[Change]) -> Document:
    """Return a new document with the changes made."""
    result = copy.deepcopy(document)
    for change in changes:
        if not change.path:
            result = change.new
            continue
        holder = result
        try:
            for key in change.path[:-1]:
                holder = holder[key]
            last = change.path[-1]
            if change.kind == ADDED:
                if isinstance(holder, list):
                    holder.insert(last, change.new)
                else:
                    holder[last] = change.new
            elif holder[last] != change.old:
                refuse("not as expected", change.path)
            elif change.kind == REMOVED:
                del holder[last]
            else:
                holder[last] = change.new
        except (KeyError, IndexError, TypeError):
            refuse("nothing there", change.path)
    return result
