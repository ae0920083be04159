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


def compare(old: Document, new: Document) -> list[Change]:
    """compare"""
    result = []
    todo = [("cmp", (), old, new)]
    while len(todo) > 0:
        k, p, o, n = todo.pop()
        if k == ADDED:
            result.append(Change(ADDED, p, None, n))
        elif k == REMOVED:
            result.append(Change(REMOVED, p, o, None))
        elif type(o) == dict and type(n) == dict:
            todo = todo + dictitems(p, o, n)[::-1]
        elif type(o) == list and type(n) == list:
            todo = todo + listitems(p, o, n)[::-1]
        elif type(o) != type(n):
            result.append(Change(REPLACED, p, o, n))
        elif o != n:
            result.append(Change(REPLACED, p, o, n))
        else:
            pass
    return result


def dictitems(p: Path, o: dict[str, Document], n: dict[str, Document]) -> list[tuple[str, Path, Document, Document]]:
    l = []
    for k in o.keys():
        if k in n.keys():
            l.append(("cmp", p + (k,), o[k], n[k]))
        else:
            l.append((REMOVED, p + (k,), o[k], None))
    for k in n.keys():
        if not k in o.keys():
            l.append((ADDED, p + (k,), None, n[k]))
    return l


def listitems(p: Path, o: list[Document], n: list[Document]) -> list[tuple[str, Path, Document, Document]]:
    l = []
    i = 0
    while i < len(o) and i < len(n):
        l.append(("cmp", p + (i,), o[i], n[i]))
        i = i + 1
    j = i
    while j < len(n):
        l.append((ADDED, p + (j,), None, n[j]))
        j = j + 1
    j = len(o) - 1
    while j >= i:
        l.append((REMOVED, p + (j,), o[j], None))
        j = j - 1
    return l


def is_there(d: Document, k: Key) -> bool:
    if type(d) == dict and type(k) == str and k in d.keys():
        return True
    elif type(d) == list and type(k) == int and k >= 0 and k < len(d):
        return True
    else:
        return False


def clonedict(v: dict[str, Document], todo: list[tuple[Document, Key]]) -> Document:
    new = {}
    for x in v.keys():
        new[x] = v[x]
        todo.append((new, x))
    return new


def clonelist(v: list[Document], todo: list[tuple[Document, Key]]) -> Document:
    new = []
    for i in range(0, len(v)):
        new.append(v[i])
        todo.append((new, i))
    return new


def clone(d: Document) -> Document:
    box = [d]
    todo = [(box, 0)]
    while todo != []:
        c, k = todo.pop()
        v = c[k]
        if type(v) == dict:
            c[k] = clonedict(v, todo)
        elif type(v) == list:
            c[k] = clonelist(v, todo)
    return box[0]


def apply(document: Document, changes: Iterable[Change]) -> Document:
    """apply"""
    box = [clone(document)]
    for c in changes:
        if c.kind != ADDED and c.kind != REMOVED and c.kind != REPLACED:
            refuse("unknown kind", c.path)
        if len(c.path) == 0 and c.kind != REPLACED:
            refuse("only replaced", c.path)
        full = [0] + list(c.path)
        d = walk(box, full, c)
        k = full[len(full) - 1]
        if c.kind == ADDED:
            do_add(d, k, c)
        else:
            do_other(d, k, c)
    return box[0]


def walk(box: list[Document], full: list[Key], c: Change) -> Document:
    d = box
    for i in range(0, len(full) - 1):
        if is_there(d, full[i]) == False:
            refuse("nothing there", c.path)
        d = d[full[i]]
    if type(d) != dict and type(d) != list:
        refuse("nothing there", c.path)
    return d


def do_add(d: Document, k: Key, c: Change) -> None:
    if is_there(d, k) == True:
        refuse("already there", c.path)
    elif type(d) == dict and type(k) == str:
        d[k] = clone(c.new)
    elif type(d) == dict or type(k) == str:
        refuse("nothing there", c.path)
    elif k < 0:
        refuse("nothing there", c.path)
    elif k != len(d):
        refuse("not at the end", c.path)
    else:
        d.append(clone(c.new))


def do_other(d: Document, k: Key, c: Change) -> None:
    if is_there(d, k) == False:
        refuse("nothing there", c.path)
    if type(d) == list and c.kind == REMOVED and k != len(d) - 1:
        refuse("not at the end", c.path)
    if len(compare(d[k], c.old)) != 0:
        refuse("not as expected", c.path)
    if c.kind == REMOVED:
        if type(d) == list:
            d.pop()
        else:
            d.pop(k)
    else:
        d[k] = clone(c.new)
