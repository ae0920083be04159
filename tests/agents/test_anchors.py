from dataclasses import replace
from pathlib import Path

import pytest

from assay.agents.anchors import Anchor, Empty, Nop, Oracle
from assay.records import Ended
from assay.sandboxes.base import Exit, ExitRecord
from assay.suites.base import Task
from assay.testing.agent import check_agent, run_on_host, step_request
from assay.testing.tasks import make_task

ANCHORS = (Oracle(), Nop(), Empty())


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_task(tmp_path / "tasks")


def left_behind(anchor: Anchor, task: Task, folder: Path) -> dict[str, bytes]:
    _, record = run_on_host(anchor, step_request(task, agent=anchor, dialect=None), folder)
    assert (record.reason, record.exit_code) == (Exit.EXITED, 0)
    workspace = folder / "workspace"
    return {path.relative_to(workspace).as_posix(): path.read_bytes() for path in workspace.rglob("*")}


def test_each_leaves_what_its_name_says(task: Task, tmp_path: Path) -> None:
    left = {anchor.name: left_behind(anchor, task, tmp_path / anchor.name) for anchor in ANCHORS}
    assert left["oracle"] == {**task.start_files(), **task.solution_files()}
    assert left["nop"] == task.start_files()
    assert left["empty"] == {"calc.py": b""}


def test_empty_follows_globs_and_empties_everything_where_anything_may_be_written(task: Task) -> None:
    (task.start / "notes.md").write_text("notes\n")
    assert Empty().files(replace(task, writable=())) == {"calc.py": b"", "notes.md": b""}
    assert Empty().files(replace(task, writable=("*.py", "new.txt"))) == {"calc.py": b"", "new.txt": b""}
    assert Empty().files(replace(task, answer="text")) == {"ANSWER.md": b""}


@pytest.mark.parametrize("anchor", ANCHORS, ids=lambda anchor: anchor.name)
def test_they_keep_the_promises_of_every_agent(task: Task, anchor: Anchor) -> None:
    check_agent(anchor, task)
    assert anchor.dialects == frozenset()


def test_a_machine_without_true_is_seen(task: Task, tmp_path: Path) -> None:
    request = step_request(task, agent=Nop(), dialect=None)
    reading = Nop().read(request, tmp_path / "none", ExitRecord(Exit.EXITED, exit_code=127))
    assert (reading.ended, reading.detail) == (Ended.AGENT_CRASH, "the agent ended with exit code 127")
