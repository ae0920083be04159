"""The native task format, as ``docs/tasks.md`` describes it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from assay.documents.base import Document, Kind, read_document, read_text
from assay.documents.explain import explain
from assay.errors import TaskError
from assay.identity import tree_id
from assay.suites.base import Graded, Step, Task, TaskLimits, Verifier, VerifierKind
from assay.suites.schema import LimitsFile, TaskFile, VerifierFile

TASK = Kind("a task file", TaskError)
TASK_FILE = "task.yaml"
INSTRUCTION_FILE = "instruction.md"
LOCK_FILE = "verifier.lock.json"
LOCK_VERSION = 1

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FROM_FILE = "file:"


class NativeLoader:
    """``SuiteLoader`` of the native format: a folder of task folders, or one task folder."""

    format: str = "native"

    def load(self, path: Path) -> Sequence[Task]:
        """Return the tasks below ``path`` by id, test ids recorded. Raises ``TaskError`` naming file and line."""
        return tuple(load_task(folder) for folder in task_folders(path))


def task_folders(path: Path) -> tuple[Path, ...]:
    """Return the task folders of a suite in order of their ids, without reading them."""
    if (path / TASK_FILE).is_file():
        return (path,)
    if not path.is_dir():
        raise TaskError("there is no such folder", where=path)
    found = tuple(sorted(child for child in path.iterdir() if (child / TASK_FILE).is_file()))
    if not found:
        raise TaskError(f"holds no task: no folder in it has a {TASK_FILE}", where=path)
    return found


def load_task(folder: Path, *, need_recorded: bool = True) -> Task:
    """Read one task folder.

    ``need_recorded`` refuses a task whose test ids are not recorded, or whose tests or reference have changed since;
    without it such a task has no test ids (``tasks check`` needs that). Raises ``TaskError``.
    """
    document = read_document(folder / TASK_FILE, TASK)
    parsed = _parsed(document)
    _check_folder(document, parsed)
    instruction = _read_text(folder / INSTRUCTION_FILE)
    return Task(
        id=folder.name,
        root=folder,
        hash=tree_id(folder),
        type=parsed.type,
        difficulty=parsed.difficulty,
        language=parsed.language,
        instruction=instruction,
        steps=_steps(document, parsed, instruction),
        verifier=_verifier(document, parsed.verifier, need_recorded=need_recorded),
        graded=tuple(Graded(one.name, float(one.quality), one.solves) for one in parsed.graded),
        tags=tuple(parsed.tags),
        writable=tuple(parsed.writable),
        answer=parsed.answer,
        toolchain=parsed.toolchain,
        limits=_limits(parsed.limits),
        scoring={name: float(value) for name, value in parsed.scoring.model_dump(exclude_none=True).items()},
        contamination=parsed.contamination,
        expects_start_to_pass=parsed.expects_start_to_pass,
    )


def write_lock(folder: Path, test_ids: Sequence[str]) -> Path:
    """Record the ids of the tests that the reference passes, with the content they hold for."""
    lock = {"version": LOCK_VERSION, "holds_for": _tested_content(folder), "test_ids": sorted(test_ids)}
    path = folder / LOCK_FILE
    path.write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")
    return path


def _parsed(document: Document) -> TaskFile:
    try:
        return TaskFile.model_validate(document.data)
    except ValidationError as error:
        raise explain(error, TaskFile, TASK, document) from error


def _tested_content(folder: Path) -> Mapping[str, str]:
    return {name: tree_id(folder / name) for name in ("tests", "solution")}


def _check_folder(document: Document, parsed: TaskFile) -> None:
    folder = document.path.parent
    name = folder.name
    if parsed.id is not None and parsed.id != name:
        raise document.error(f"'id' is {parsed.id!r}, but the folder is called {name!r}", "id")
    if not _ID.fullmatch(name):
        raise TaskError("a task's folder name is lower-case letters, digits and '-'", where=folder)
    for required in ("tests", "solution"):
        if not (folder / required).is_dir():
            raise TaskError(f"the folder '{required}' is missing", where=folder)
    for index, pattern in enumerate(parsed.writable):
        _check_inside(document, pattern, "writable", index)
    _check_graded(document, parsed)


def _check_inside(document: Document, path: str, *location: str | int) -> None:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise document.error(f"{path!r} is not a path inside the workspace", *location)


def _check_graded(document: Document, parsed: TaskFile) -> None:
    root = document.path.parent / "graded"
    names = [one.name for one in parsed.graded]
    qualities = [one.quality for one in parsed.graded]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise document.error(f"graded solution {name!r} is there twice", "graded", index)
        if not (root / name).is_dir():
            raise document.error(f"graded solution {name!r} has no folder {root.name}/{name}", "graded", index)
        if index and qualities[index] > qualities[index - 1]:
            raise document.error(f"graded solution {name!r} is better than the one before it", "graded", index)
    unnamed = (
        sorted(path.name for path in root.iterdir() if path.is_dir() and path.name not in names)
        if root.is_dir()
        else []
    )
    if unnamed:
        raise document.error(f"the folder graded/{unnamed[0]} is not named under 'graded'", "graded")


def _steps(document: Document, parsed: TaskFile, instruction: str) -> tuple[Step, ...]:
    if not parsed.steps:
        return (Step(prompt=instruction, limits=_limits(parsed.limits)),)
    steps = []
    for index, one in enumerate(parsed.steps):
        prompt = one.prompt
        if prompt.startswith(_FROM_FILE):
            name = prompt.removeprefix(_FROM_FILE)
            _check_inside(document, name, "steps", index, "prompt")
            prompt = _read_text(document.path.parent / name)
        steps.append(Step(prompt=prompt, limits=_limits(one.limits), verify=one.verify, feedback=one.feedback))
    return tuple(steps)


def _limits(limits: LimitsFile) -> TaskLimits:
    return TaskLimits(limits.time_s, limits.tokens)


def _verifier(document: Document, parsed: VerifierFile, *, need_recorded: bool) -> Verifier:
    kind = VerifierKind(parsed.kind)
    if kind is VerifierKind.PYTEST and parsed.command is not None:
        raise document.error("a pytest verifier has no command", "verifier", "command", remedy="Use kind: exit_code")
    if kind is not VerifierKind.PYTEST and not parsed.command:
        raise document.error(f"a verifier of kind {kind} needs a command", "verifier")
    return Verifier(
        kind=kind,
        command=tuple(parsed.command) if parsed.command else None,
        time_s=float(parsed.time_s),
        test_ids=_test_ids(document, parsed, kind, need_recorded=need_recorded),
        protected=tuple(parsed.protected),
        isolated=parsed.isolated,
    )


def _test_ids(document: Document, parsed: VerifierFile, kind: VerifierKind, *, need_recorded: bool) -> tuple[str, ...]:
    folder = document.path.parent
    path = folder / LOCK_FILE
    if path.is_file():
        if parsed.test_ids:
            raise document.error(f"'test_ids' are in {LOCK_FILE} already", "verifier", "test_ids")
        recorded = _read_lock(path)
        if recorded is None and need_recorded:
            raise TaskError("was recorded for other tests or another reference", where=path, remedy=_remedy(folder))
        return recorded or ()
    if not parsed.test_ids and need_recorded and kind in {VerifierKind.PYTEST, VerifierKind.JUNIT}:
        raise document.error("the ids of the tests are not recorded", "verifier", remedy=_remedy(folder))
    return tuple(sorted(parsed.test_ids))


def _read_lock(path: Path) -> tuple[str, ...] | None:
    """Return the recorded ids; None when they hold for other content."""
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
        version, holds_for, test_ids = lock["version"], lock["holds_for"], lock["test_ids"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TaskError(f"is not a verifier lock: {error}", where=path, remedy=_remedy(path.parent)) from error
    if version != LOCK_VERSION or not all(isinstance(one, str) for one in test_ids):
        raise TaskError(
            f"has format {version}, this version reads {LOCK_VERSION}", where=path, remedy=_remedy(path.parent)
        )
    return tuple(sorted(test_ids)) if holds_for == _tested_content(path.parent) else None


def _remedy(folder: Path) -> str:
    return f"Run: assay tasks check --record {folder}"


def _read_text(path: Path) -> str:
    text = read_text(path, TASK)
    if not text.strip():
        raise TaskError("is empty", where=path)
    return text
