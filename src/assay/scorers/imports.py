"""Which files of a workspace a source file names in its imports: read as text, since the source may be hostile.

It need not be exact. A file that is named and not used is measured with the others; one that is reached by a name put
together at run time is missed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import PurePosixPath

Module = tuple[str, ...]

_FROM = re.compile(r"\bfrom[ \t]+(\.*)([\w.]*)[ \t]*\bimport\b[ \t]*(\([^)]*\)|[^\n;#]*)")
_IMPORT = re.compile(r"(?:^|[;:])[ \t]*import[ \t]+([^\n;#]+)", re.MULTILINE)
_NAME = re.compile(r"[\w.]+")
_STRING = re.compile(r"""["']([\w./-]+)["']""")
MAX_TEXT = 1 << 20


def reached(start: Collection[str], candidates: Collection[str], read: Callable[[str], bytes]) -> frozenset[str]:
    """Return those of ``candidates`` that the files ``start`` import, directly or through each other."""
    found: set[str] = set()
    pending = list(start)
    present = {_module(path) for path in (*start, *candidates)}
    while pending:
        path = pending.pop()
        text = read(path)[:MAX_TEXT].decode(errors="replace").replace("\\\n", " ")
        named = set(_imports(text, PurePosixPath(path).parts[:-1]))
        strings = {match[1] for match in _STRING.finditer(text)}
        new = [one for one in candidates if one not in found and (_meant(one, named, present) or _told(one, strings))]
        found.update(new)
        pending += new
    return frozenset(found)


def _module(path: str) -> Module:
    parts = PurePosixPath(path).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts


def _meant(path: str, named: Collection[Module], present: Collection[Module]) -> bool:
    """A name is that of the file from the top of the workspace; or from a folder in it, if nothing else has it."""
    module = _module(path)
    return module in named or any(module[at:] in named and module[at:] not in present for at in range(1, len(module)))


def _told(path: str, strings: Collection[str]) -> bool:
    """For ``importlib`` and its like: a string that is the file's path, name or dotted name."""
    return any(text in strings for text in (path, PurePosixPath(path).name, ".".join(_module(path))))


def _imports(text: str, package: Module) -> Iterator[Module]:
    for dots, module, names in (match.groups() for match in _FROM.finditer(text)):
        above = package[: len(package) - len(dots) + 1] if dots else ()
        base = (*above, *filter(None, module.split(".")))
        yield from _with_parents(base)
        for clause in names.strip("()").split(","):
            name = _NAME.search(clause)
            if name is not None:
                yield (*base, name[0])
    for match in _IMPORT.finditer(text):
        for clause in match[1].split(","):
            name = _NAME.search(clause)
            if name is not None:
                yield from _with_parents(tuple(name[0].split(".")))


def _with_parents(module: Module) -> Iterator[Module]:
    """Importing a module runs the packages that hold it."""
    return (module[: at + 1] for at in range(len(module)))
