"""``assay tasks``: list, check and scaffold tasks."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click

from assay.cli.options import PATH, json_option, sandbox_option
from assay.cli.output import counted, page, print_json, progress, table
from assay.errors import TaskError
from assay.run.check import TaskCheck, check_suite
from assay.sandboxes.kinds import sandbox_kind
from assay.sandboxes.toolchain import toolchain
from assay.scorers.verification import Bench
from assay.suites.base import Task
from assay.suites.load import suite_path
from assay.suites.native import load_task, task_folders
from assay.suites.scaffold import scaffold
from assay.suites.soundness import summary

DEFAULT_SUITE = "focused"
EXIT_FAULTS = 2


@click.group(no_args_is_help=True)
def tasks() -> None:
    """List, check and scaffold tasks (docs/tasks.md)."""


@tasks.command("list")
@click.argument("suite", default=DEFAULT_SUITE)
@json_option
def list_tasks(suite: str, as_json: bool) -> None:
    """List the tasks of SUITE: a built-in name or a folder."""
    found = [load_task(folder, need_recorded=False) for folder in _folders(suite, ())]
    if as_json:
        print_json([_described(task) for task in found])
        return
    columns = ("task", "type", "difficulty", "language", "tests", "graded", "tags")
    listed = table(columns, numbers=("tests", "graded"))
    for task in found:
        counts = (str(len(task.verifier.test_ids) or "not recorded"), str(len(task.graded)))
        listed.add_row(task.id, task.type, task.difficulty, task.language, *counts, ", ".join(task.tags))
    page().print(listed)


@tasks.command("check")
@click.argument("suite", default=DEFAULT_SUITE)
@click.option("--record", is_flag=True, help="Write the ids of the tests that the reference passes.")
@click.option("--tasks", "wanted", multiple=True, metavar="ID", help="Task ids; * works; may be repeated.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Sandboxes at once.")
@sandbox_option
@json_option
def check(suite: str, record: bool, wanted: tuple[str, ...], jobs: int, sandbox: str | None, as_json: bool) -> None:
    """Prove tasks: the reference passes, start and empty fail, graded solutions are in order, tests are not flaky.

    SUITE is a built-in name, a folder of tasks, or one task's folder. Exit code 2 when a task has a fault.
    """
    folders = _folders(suite, wanted)
    checks = asyncio.run(_check(folders, sandbox, record=record, jobs=jobs, show=not as_json))
    faulty = sum(not one.ok for one in checks)
    if as_json:
        print_json({"tasks": [_outcome(one) for one in sorted(checks, key=lambda one: one.task)], "faulty": faulty})
    else:
        progress().print(f"{counted(len(checks), 'task')} checked, {faulty} with faults")
    if faulty:
        sys.exit(EXIT_FAULTS)


@tasks.command("new")
@click.argument("path", type=PATH)
def new(path: Path) -> None:
    """Write a small complete task to PATH; replace its parts one by one, and check it as you go."""
    written = scaffold(path)
    page().print(f"{len(written)} files in {path}. Next: assay tasks check --record {path}")


async def _check(
    folders: Sequence[Path], sandbox: str | None, *, record: bool, jobs: int, show: bool
) -> list[TaskCheck]:
    checks = []
    with tempfile.TemporaryDirectory(prefix="assay-check-") as scratch:
        async for one in check_suite(folders, _bench(sandbox, Path(scratch)), record=record, jobs=jobs):
            checks.append(one)
            if show:
                click.echo(_line(one))
    return checks


def _bench(sandbox: str | None, scratch: Path) -> Bench:
    # The sandbox's user must be able to reach what lies in it.
    scratch.chmod(0o711)
    python = toolchain("python")
    return Bench(sandbox_kind(sandbox), scratch, python.mounts, python.python, python.env)


def _folders(suite: str, wanted: Sequence[str]) -> tuple[Path, ...]:
    found = task_folders(suite_path(suite, Path.cwd()))
    for pattern in wanted:
        if not any(fnmatchcase(folder.name, pattern) for folder in found):
            raise TaskError(f"no task {pattern!r} in {suite}", remedy=f"See: assay tasks list {suite}")
    return tuple(one for one in found if not wanted or any(fnmatchcase(one.name, pattern) for pattern in wanted))


def _line(one: TaskCheck) -> str:
    if not one.ok:
        return f"FAULT {one.task}: {summary(one.faults)}"
    scores = {answer.name: answer.score for answer in one.answers}
    known = ", ".join(
        f"{name} {scores[name]:.1f}" for name in ("reference", "start", "empty") if scores.get(name) is not None
    )
    recorded = ", recorded" if one.recorded else ""
    return f"ok    {one.task}: {counted(len(one.test_ids), 'test')}{recorded}; {known}; {one.seconds:.1f} s"


def _described(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "hash": task.hash,
        "type": task.type,
        "difficulty": task.difficulty,
        "language": task.language,
        "tags": list(task.tags),
        "test_ids": list(task.verifier.test_ids),
        "graded": [one.to_json() for one in task.graded],
        "contamination": task.contamination,
    }


def _outcome(one: TaskCheck) -> dict[str, Any]:
    return {"ok": one.ok, **one.to_json()}
