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


@dataclass(frozen=True, slots=True)
class Work:
    """Two values that are still to be compared, or a change that is already known."""

    path: Path
    old: Document
    new: Document
    change: Change | None


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
    """Compare two documents.

    Args:
        old: The document as it was.
        new: The document as it is.

    Returns:
        The changes, in the order in which they can be applied.
    """
    changes: list[Change] = []
    stack: list[Work] = [Work((), old, new, None)]
    while stack:
        work = stack.pop()
        if work.change is not None:
            changes.append(work.change)
        elif isinstance(work.old, dict) and isinstance(work.new, dict):
            _push_dicts(stack, work)
        elif isinstance(work.old, list) and isinstance(work.new, list):
            _push_lists(stack, work)
        elif type(work.old) is not type(work.new) or work.old != work.new:
            changes.append(Change(REPLACED, work.path, work.old, work.new))
    return changes


def apply(document: Document, changes: Iterable[Change]) -> Document:
    """Apply changes to a copy of the document.

    Args:
        document: The document, which is not changed.
        changes: The changes, made one after the other.

    Returns:
        The new document.
    """
    result = _copy(document)
    for change in changes:
        if change.kind not in (ADDED, REMOVED, REPLACED):
            refuse("unknown kind", change.path)
        if change.path:
            _apply_below(result, change)
        else:
            result = _apply_root(result, change)
    return result


def _push_dicts(stack: list[Work], work: Work) -> None:
    """Push the comparison of two dictionaries."""
    pending: list[Work] = []
    for key in work.old:
        path = (*work.path, key)
        if key in work.new:
            pending.append(Work(path, work.old[key], work.new[key], None))
        else:
            pending.append(Work(path, None, None, Change(REMOVED, path, work.old[key], None)))
    for key in work.new:
        path = (*work.path, key)
        if key not in work.old:
            pending.append(Work(path, None, None, Change(ADDED, path, None, work.new[key])))
    stack.extend(reversed(pending))


def _push_lists(stack: list[Work], work: Work) -> None:
    """Push the comparison of two lists."""
    pending: list[Work] = []
    shorter = min(len(work.old), len(work.new))
    for index in range(shorter):
        pending.append(Work((*work.path, index), work.old[index], work.new[index], None))
    for index in range(shorter, len(work.new)):
        path = (*work.path, index)
        pending.append(Work(path, None, None, Change(ADDED, path, None, work.new[index])))
    for index in range(len(work.old) - 1, shorter - 1, -1):
        path = (*work.path, index)
        pending.append(Work(path, None, None, Change(REMOVED, path, work.old[index], None)))
    stack.extend(reversed(pending))


def _apply_root(document: Document, change: Change) -> Document:
    """Replace the whole document."""
    if change.kind != REPLACED:
        refuse("only replaced", change.path)
    if compare(document, change.old):
        refuse("not as expected", change.path)
    return _copy(change.new)


def _apply_below(document: Document, change: Change) -> None:
    """Make a change below the root."""
    holder = document
    for key in change.path[:-1]:
        if not _exists(holder, key):
            refuse("nothing there", change.path)
        holder = holder[key]
    if change.kind == ADDED:
        _add(holder, change)
    elif change.kind == REMOVED:
        _remove(holder, change)
    else:
        _replace(holder, change)


def _add(holder: Document, change: Change) -> None:
    """Add a value to a dictionary or a list."""
    key = change.path[-1]
    if isinstance(holder, dict) and isinstance(key, str):
        if key in holder:
            refuse("already there", change.path)
        holder[key] = _copy(change.new)
    elif isinstance(holder, list) and isinstance(key, int) and key >= 0:
        if key < len(holder):
            refuse("already there", change.path)
        if key > len(holder):
            refuse("not at the end", change.path)
        holder.append(_copy(change.new))
    else:
        refuse("nothing there", change.path)


def _remove(holder: Document, change: Change) -> None:
    """Remove a value from a dictionary or a list."""
    key = change.path[-1]
    if not _exists(holder, key):
        refuse("nothing there", change.path)
    if isinstance(holder, list) and key != len(holder) - 1:
        refuse("not at the end", change.path)
    if compare(holder[key], change.old):
        refuse("not as expected", change.path)
    del holder[key]


def _replace(holder: Document, change: Change) -> None:
    """Replace a value in a dictionary or a list."""
    key = change.path[-1]
    if not _exists(holder, key):
        refuse("nothing there", change.path)
    if compare(holder[key], change.old):
        refuse("not as expected", change.path)
    holder[key] = _copy(change.new)


def _exists(holder: Document, key: Key) -> bool:
    """Tell whether there is a value at a key."""
    if isinstance(holder, dict):
        return isinstance(key, str) and key in holder
    if isinstance(holder, list):
        return isinstance(key, int) and key >= 0 and key < len(holder)
    return False


def _shallow(document: Document) -> Document:
    """Copy one level of a document."""
    if isinstance(document, dict):
        return dict(document)
    if isinstance(document, list):
        return list(document)
    return document


def _keys(document: Document) -> list[Key]:
    """Return the keys or positions of a document, none for a plain value."""
    if isinstance(document, dict):
        return list(document)
    if isinstance(document, list):
        return list(range(len(document)))
    return []


def _copy(document: Document) -> Document:
    """Copy a document without recursion."""
    result = _shallow(document)
    stack = [result]
    while stack:
        holder = stack.pop()
        for key in _keys(holder):
            value = _shallow(holder[key])
            holder[key] = value
            stack.append(value)
    return result
