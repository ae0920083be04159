"""Which changes of an agent are dropped before grading, and which files its quality is read from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from assay.scorers.imports import reached
from assay.suites.base import Task

# Names that pytest or Python would act on by itself, wherever they lie in the workspace.
EVERYWHERE = (
    "conftest.py",
    "pytest.ini",
    ".pytest.ini",
    "pytest.toml",
    ".pytest.toml",
    "tox.ini",
    "*.pth",
    "*.egg-link",
    "sitecustomize.py",
    "usercustomize.py",
    # Compiled code would run in place of the source that is read and measured.
    "*.pyc",
    "*.pyo",
    "*.so",
    "*.pyd",
)
# Modules that would stand in for the test runner's own.
TOP_LEVEL = ("pytest", "_pytest", "pluggy", "py", "iniconfig", "packaging", "pyproject_hooks")
# Files that hold pytest settings among others: kept out unless the task asks for a change of them.
SETTINGS = ("setup.cfg", "pyproject.toml")
FOLDERS = frozenset({"__pycache__", ".git"})

SUFFIXES = {"python": (".py",)}


def is_protected(task: Task, path: str, hidden: Iterable[str]) -> bool:
    """Tell whether a change of ``path`` is dropped. ``hidden`` are the names of the modules under ``tests/``."""
    pure = PurePosixPath(path)
    if FOLDERS & set(pure.parts):
        return True
    if any(fnmatchcase(pure.name, pattern) for pattern in EVERYWHERE):
        return True
    if pure.parts[0].removesuffix(".py") in TOP_LEVEL:
        return True
    if pure.name in hidden:
        return True
    if path in SETTINGS and not matches(path, task.writable):
        return True
    return matches(path, task.verifier.protected)


def hidden_names(task: Task) -> frozenset[str]:
    """Modules under ``tests/``: an agent's file of such a name is never graded in its place."""
    return frozenset(path.name for path in task.tests.rglob("*.py")) - {"__init__.py"}


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Tell whether a workspace path is one of ``patterns``: a path, a glob, or a folder that holds it."""
    return any(
        path == pattern.rstrip("/") or fnmatchcase(path, pattern) or path.startswith(pattern.rstrip("/") + "/")
        for pattern in patterns
    )


def measured_files(
    task: Task, present: Iterable[str], changed: Iterable[str], read: Callable[[str], bytes]
) -> tuple[str, ...]:
    """Return the source files whose lint and complexity count, of those that are ``present``.

    These are the files that the task makes writable (or that its reference changes, where it names none), and whatever
    the answer changed; tests are left out, but for those that a measured file imports: they are no tests, whatever
    they are called. An untouched start is so measured on the same files as an answer. ``read`` gives a file's bytes.
    """
    suffixes = SUFFIXES.get(task.language, ())
    patterns = task.writable or tuple(task.solution_files())
    touched = set(changed)
    ours = [path for path in present if path.endswith(suffixes) and (path in touched or matches(path, patterns))]
    measured = [path for path in ours if not is_test(path)]
    return tuple(sorted({*measured, *reached(measured, [path for path in ours if is_test(path)], read)}))


def is_test(path: str) -> bool:
    """Tell whether a workspace file is a test by its name or folder."""
    pure = PurePosixPath(path)
    return pure.name.startswith("test_") or pure.stem.endswith("_test") or "tests" in pure.parts[:-1]
