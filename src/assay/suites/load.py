"""From what an experiment names to tasks: a built-in suite, a path, or a mapping with a format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from assay.documents.base import read_text
from assay.errors import TaskError
from assay.names import suggestion
from assay.suites.base import SuiteLoader, Task
from assay.suites.native import TASK, TASK_FILE, NativeLoader, load_task

__all__ = ["BUILT_IN", "ENTRY_POINTS", "load_suite", "load_task", "select", "suite_loader", "suite_path"]

BUILT_IN: Mapping[str, Path] = {name: Path(__file__).parent / name for name in ("focused", "parallel")}
ENTRY_POINTS = "assay.suites"

_LOADERS: Mapping[str, Callable[[], SuiteLoader]] = {"native": NativeLoader}
_KEYS = ("format", "path", "tasks", "types", "tags", "difficulties")
_FROM_FILE = "file:"


def load_suite(
    spec: str | Mapping[str, Any],
    base: Path,
    *,
    tasks: Sequence[str] = (),
    types: Sequence[str] = (),
    tags: Sequence[str] = (),
    difficulties: Sequence[str] = (),
) -> tuple[Task, ...]:
    """Load a suite and keep what the filters ask for.

    ``spec`` is a built-in name, a path (relative to ``base``), or ``{format, path, tasks, types, tags,
    difficulties}``; ``tasks`` there is a list of ids or globs, or ``file:ten.txt`` with one per line.
    Raises ``TaskError``, also when a filter matches nothing.
    """
    wanted: dict[str, list[str]] = {}
    if isinstance(spec, str):
        name, loader = spec, suite_loader("native")
    else:
        name, wanted, loader = _from_mapping(spec, base)
    found = loader.load(suite_path(name, base))
    own = select(found, suite=name, **wanted)
    return select(own, suite=name, tasks=tasks, types=types, tags=tags, difficulties=difficulties)


def suite_path(name: str, base: Path) -> Path:
    """Return the folder of a built-in suite or of a path. Raises ``TaskError`` with the nearest name."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    path = (base / name).expanduser()
    if path.exists():
        return path
    remedy = suggestion(name, BUILT_IN, otherwise=f"Built in: {', '.join(BUILT_IN)}; or give a folder")
    raise TaskError(f"there is no suite {name!r}", where=path, remedy=remedy)


def suite_loader(name: str) -> SuiteLoader:
    """Return the loader of a format: our own, or one that a package offers under ``assay.suites``."""
    if name in _LOADERS:
        return _LOADERS[name]()
    offered = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name in offered:
        loader: SuiteLoader = offered[name].load()()
        return loader
    raise TaskError(f"there is no suite format {name!r}", remedy=suggestion(name, {*_LOADERS, *offered}))


def select(
    found: Iterable[Task],
    *,
    suite: str = "the suite",
    tasks: Sequence[str] = (),
    types: Sequence[str] = (),
    tags: Sequence[str] = (),
    difficulties: Sequence[str] = (),
) -> tuple[Task, ...]:
    """Keep tasks that match every given filter. ``tasks`` are ids or globs; each must match something."""
    kept = tuple(found)
    for pattern in tasks:
        if not any(fnmatchcase(task.id, pattern) for task in kept):
            remedy = suggestion(pattern, [task.id for task in kept])
            raise TaskError(f"no task {pattern!r} in {suite}", remedy=remedy)
    if tasks:
        kept = tuple(task for task in kept if any(fnmatchcase(task.id, pattern) for pattern in tasks))
    kept = _by_field(kept, suite, "type", types)
    kept = _by_field(kept, suite, "difficulty", difficulties)
    if tags:
        kept = tuple(task for task in kept if set(tags) & set(task.tags))
    if not kept:
        raise TaskError(f"no task in {suite} matches the filters")
    return kept


def _by_field(tasks: tuple[Task, ...], suite: str, name: str, wanted: Sequence[str]) -> tuple[Task, ...]:
    known = sorted({getattr(task, name) for task in tasks})
    for word in wanted:
        if word not in known:
            raise TaskError(f"no task in {suite} has {name} {word!r}", remedy=suggestion(word, known))
    return tuple(task for task in tasks if not wanted or getattr(task, name) in wanted)


def _from_mapping(spec: Mapping[str, Any], base: Path) -> tuple[str, dict[str, list[str]], SuiteLoader]:
    for key in spec:
        if key not in _KEYS:
            raise TaskError(f"unknown key '{key}' in a suite", remedy=suggestion(str(key), _KEYS))
    path = spec.get("path")
    if not isinstance(path, str):
        raise TaskError("a suite needs a 'path' (or the name of a built-in suite)")
    wanted = {key: _words(key, spec[key], base) for key in _KEYS[2:] if spec.get(key)}
    return path, wanted, suite_loader(str(spec.get("format", "native")))


def _words(key: str, given: object, base: Path) -> list[str]:
    if isinstance(given, str) and given.startswith(_FROM_FILE):
        lines = read_text(base / given.removeprefix(_FROM_FILE), TASK).splitlines()
        return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    words = [given] if isinstance(given, str) else given
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise TaskError(f"'{key}' of a suite is a list of names, or file:NAME.txt")
    return list(words)


def is_task(path: Path) -> bool:
    """Tell whether a folder is one task rather than a suite of them."""
    return (path / TASK_FILE).is_file()
