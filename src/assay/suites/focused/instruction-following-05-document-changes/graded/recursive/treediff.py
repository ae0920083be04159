"""Changes between documents: what JSON gives, that is dictionaries with texts as keys, lists, and plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
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


Container = dict[str, Document] | list[Document]


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


def compare(old: Document, new: Document) -> list[Change]:
    """Return the changes that lead from ``old`` to ``new``."""
    return list(_compare((), old, new))


def _compare(path: Path, old: Document, new: Document) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            if key in new:
                yield from _compare((*path, key), value, new[key])
            else:
                yield Change(REMOVED, (*path, key), old=value)
        for key, value in new.items():
            if key not in old:
                yield Change(ADDED, (*path, key), new=value)
    elif isinstance(old, list) and isinstance(new, list):
        common = min(len(old), len(new))
        for at in range(common):
            yield from _compare((*path, at), old[at], new[at])
        for at in range(common, len(new)):
            yield Change(ADDED, (*path, at), new=new[at])
        for at in reversed(range(common, len(old))):
            yield Change(REMOVED, (*path, at), old=old[at])
    elif type(old) is not type(new) or old != new:
        yield Change(REPLACED, path, old, new)


def apply(document: Document, changes: Iterable[Change]) -> Document:
    """Return a new document with the changes made, or raise ``PatchError``."""
    root: list[Document] = [deepcopy(document)]
    for change in changes:
        if change.kind not in (ADDED, REMOVED, REPLACED):
            refuse("unknown kind", change.path)
        if not change.path and change.kind != REPLACED:
            refuse("only replaced", change.path)
        *parents, key = (0, *change.path)
        _make_change(change, _find_holder(root, parents, change.path), key)
    return root[0]


def _find_holder(root: list[Document], parents: list[Key], path: Path) -> Container:
    """Follow the parents and return the dictionary or list that they lead to."""
    holder: Document = root
    for key in parents:
        if not _holds(holder, key):
            refuse("nothing there", path)
        holder = holder[key]
    if not isinstance(holder, dict | list):
        refuse("nothing there", path)
    return holder


def _make_change(change: Change, holder: Container, key: Key) -> None:
    """Make one change in ``holder``."""
    if change.kind == ADDED:
        _add(change, holder, key)
        return
    if not _holds(holder, key):
        refuse("nothing there", change.path)
    if change.kind == REMOVED and isinstance(holder, list) and key != len(holder) - 1:
        refuse("not at the end", change.path)
    if compare(holder[key], change.old):
        refuse("not as expected", change.path)
    if change.kind == REMOVED:
        del holder[key]
    else:
        holder[key] = deepcopy(change.new)


def _add(change: Change, holder: Container, key: Key) -> None:
    """Add a value to ``holder``."""
    if _holds(holder, key):
        refuse("already there", change.path)
    if isinstance(holder, dict) and isinstance(key, str):
        holder[key] = deepcopy(change.new)
    elif isinstance(holder, dict) or isinstance(key, str) or key < 0:
        refuse("nothing there", change.path)
    elif key > len(holder):
        refuse("not at the end", change.path)
    else:
        holder.append(deepcopy(change.new))


def _holds(holder: Document, key: Key) -> bool:
    if isinstance(holder, dict):
        return key in holder
    return isinstance(holder, list) and isinstance(key, int) and 0 <= key < len(holder)
