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


Step = Change | tuple[Path, Document, Document]
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
    changes: list[Change] = []
    steps: list[Step] = [((), old, new)]
    while steps:
        step = steps.pop()
        if isinstance(step, Change):
            changes.append(step)
        else:
            steps.extend(reversed(_inner_steps(*step)))
    return changes


def apply(document: Document, changes: Iterable[Change]) -> Document:
    """Return a new document with the changes made, or raise ``PatchError``."""
    root: list[Document] = [_copied(document)]
    for change in changes:
        _check_kind(change)
        _make(change, _holder(root, change.path), (0, *change.path)[-1])
    return root[0]


def _check_kind(change: Change) -> None:
    if change.kind not in (ADDED, REMOVED, REPLACED):
        refuse("unknown kind", change.path)
    if not change.path and change.kind != REPLACED:
        refuse("only replaced", change.path)


def _holder(root: list[Document], path: Path) -> Container:
    """Return the dictionary or list that holds the last key of ``path``, or could hold it."""
    holder: Document = root
    for key in (0, *path)[:-1]:
        if not _holds(holder, key):
            refuse("nothing there", path)
        holder = holder[key]
    if not isinstance(holder, dict | list):
        refuse("nothing there", path)
    return holder


def _make(change: Change, holder: Container, key: Key) -> None:
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
        holder[key] = _copied(change.new)


def _add(change: Change, holder: Container, key: Key) -> None:
    """Add a value to ``holder``."""
    if _holds(holder, key):
        refuse("already there", change.path)
    if isinstance(holder, dict) and isinstance(key, str):
        holder[key] = _copied(change.new)
    elif isinstance(holder, dict) or isinstance(key, str) or key < 0:
        refuse("nothing there", change.path)
    elif key > len(holder):
        refuse("not at the end", change.path)
    else:
        holder.append(_copied(change.new))


def _holds(holder: Document, key: Key) -> bool:
    if isinstance(holder, dict):
        return key in holder
    return isinstance(holder, list) and isinstance(key, int) and 0 <= key < len(holder)


def _inner_steps(path: Path, old: Document, new: Document) -> list[Step]:
    """Return what is to be compared, or has changed, one level below two values."""
    if isinstance(old, dict) and isinstance(new, dict):
        return _dict_steps(path, old, new)
    if isinstance(old, list) and isinstance(new, list):
        return _list_steps(path, old, new)
    if type(old) is type(new) and old == new:
        return []
    return [Change(REPLACED, path, old, new)]


def _dict_steps(path: Path, old: dict[str, Document], new: dict[str, Document]) -> list[Step]:
    kept: list[Step] = [
        ((*path, key), value, new[key]) if key in new else Change(REMOVED, (*path, key), old=value)
        for key, value in old.items()
    ]
    return kept + [Change(ADDED, (*path, key), new=value) for key, value in new.items() if key not in old]


def _list_steps(path: Path, old: list[Document], new: list[Document]) -> list[Step]:
    common = min(len(old), len(new))
    steps: list[Step] = [((*path, at), old[at], new[at]) for at in range(common)]
    steps += [Change(ADDED, (*path, at), new=new[at]) for at in range(common, len(new))]
    steps += [Change(REMOVED, (*path, at), old=old[at]) for at in reversed(range(common, len(old)))]
    return steps


def _copied(document: Document) -> Document:
    """Return a copy that shares no dictionary and no list with ``document``."""
    top: list[Document] = [document]
    todo: list[tuple[Container, Key]] = [(top, 0)]
    while todo:
        holder, key = todo.pop()
        value = holder[key]
        if isinstance(value, dict):
            holder[key] = dict(value)
            todo.extend((holder[key], name) for name in value)
        elif isinstance(value, list):
            holder[key] = list(value)
            todo.extend((holder[key], at) for at in range(len(value)))
    return top[0]
