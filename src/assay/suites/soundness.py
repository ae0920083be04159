"""What is wrong with a task and can be seen without running it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from assay.records import Record
from assay.suites.base import Task, VerifierKind

# Modules of the toolchain that come before the candidate's on the path.
RUNNER_MODULES = frozenset(
    {"pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "lizard", "ruff", "py"}
)

_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_FILE = re.compile(
    r"[\w.-]+(?:/[\w.-]+)*\.(?:py|pyi|md|rst|txt|json|jsonl|ya?ml|toml|csv|tsv|ini|cfg|html|css|js|ts|sh|sql|xml|log)"
)
_MODULE = re.compile(r"\b(?:module|package)s?\s+`([A-Za-z_][\w.]*)`")


@dataclass(frozen=True, slots=True)
class Fault(Record):
    """One thing that is wrong with a task, and what its author can do."""

    what: str
    remedy: str

    def __str__(self) -> str:
        """One sentence each."""
        return f"{self.what}. {self.remedy}"


def faults(task: Task) -> tuple[Fault, ...]:
    """Return everything that is wrong with the folder, in a fixed order."""
    return (*_unseen_files(task), *_writable(task), *_shadowed(task), *_answers(task), *_tests(task))


def named_files(text: str) -> tuple[str, ...]:
    """Return the files that a prompt names as code spans, and ``x.py`` for each ``module `x```; fences are left out."""
    prose = _FENCE.sub("", text)
    files = [span.strip() for span in _CODE.findall(prose) if _FILE.fullmatch(span.strip())]
    modules = [name.replace(".", "/") + ".py" for name in _MODULE.findall(prose) if not _FILE.fullmatch(name)]
    return tuple(dict.fromkeys([*files, *modules]))


def _unseen_files(task: Task) -> Iterator[Fault]:
    present = task.start_files()
    known = {*present, *task.writable}
    for name in named_files("\n".join([task.instruction, *(step.prompt for step in task.steps)])):
        module = name.removesuffix(".py").replace("/", ".").partition(".")[0]
        packages = {f"{name.removesuffix('.py')}/__init__.py"}
        if packages & known or module in sys.stdlib_module_names:
            continue
        if not any(path == name or path.endswith("/" + name) or fnmatchcase(name, path) for path in known):
            yield Fault(f"the instruction names '{name}', which the agent cannot see", "Put it into start/ or writable")


def _writable(task: Task) -> Iterator[Fault]:
    present = [*task.start_files(), *task.solution_files()]
    for pattern in task.writable:
        if not any(_covers(pattern, path) for path in present):
            yield Fault(
                f"writable '{pattern}' is neither in start/ nor in solution/",
                "Correct the path; a new file must be in the reference",
            )


def _shadowed(task: Task) -> Iterator[Fault]:
    helpers = {path.stem for path in task.tests.glob("*.py")}
    taken = sys.stdlib_module_names | RUNNER_MODULES
    modules = {PurePosixPath(path).parts[0] for path in (*task.start_files(), *task.solution_files())}
    for module in sorted(modules):
        name = module.removesuffix(".py")
        if (module.endswith(".py") or "." not in module) and name in taken:
            yield Fault(f"'{module}' has the name of a module that comes before it on the path", "Give it another name")
        if module.endswith(".py") and name in helpers and not name.startswith("test_"):
            yield Fault(f"'{module}' has the name of a module in tests/", "Give one of them another name")


def _answers(task: Task) -> Iterator[Fault]:
    start = task.start_files()
    answers = {"solution": task.solution_files()} | {
        f"graded/{one.name}": task.graded_files(one.name) for one in task.graded
    }
    for where, files in answers.items():
        for path in files:
            if task.writable and not any(_covers(pattern, path) for pattern in task.writable):
                yield Fault(f"{where} changes '{path}', which is not writable", "Add it to writable, or leave it out")
    for path, data in answers["solution"].items():
        if start.get(path) == data:
            yield Fault(f"solution/{path} is the same as in start/", "Keep only the files that differ")


def _tests(task: Task) -> Iterator[Fault]:
    if task.verifier.kind is not VerifierKind.PYTEST:
        return
    files = [path.relative_to(task.tests).as_posix() for path in sorted(task.tests.rglob("*.py"))]
    if not any(_is_test(path) for path in files):
        yield Fault("tests/ holds no test_*.py", "Write the hidden tests")
    for path in files:
        if PurePosixPath(path).name == "conftest.py":
            yield Fault(
                f"tests/{path} is never loaded", "Put fixtures into the test module, helpers into an own module"
            )


def _is_test(path: str) -> bool:
    return PurePosixPath(path).name.startswith("test_") or path.endswith("_test.py")


def _covers(pattern: str, path: str) -> bool:
    plain = pattern.rstrip("/")
    return path == plain or path.startswith(plain + "/") or fnmatchcase(path, pattern)


def summary(found: Sequence[Fault]) -> str:
    """Return all faults in one line."""
    return "; ".join(str(one) for one in found)
