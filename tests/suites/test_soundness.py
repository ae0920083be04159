from dataclasses import replace
from pathlib import Path

import pytest

from assay.suites.base import Task
from assay.suites.native import load_task
from assay.suites.scaffold import scaffold
from assay.suites.soundness import faults, named_files
from assay.testing.tasks import make_task


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_task(tmp_path)


def what(task: Task) -> list[str]:
    return [one.what for one in faults(task)]


def test_sound_tasks_have_no_faults(task: Task, tmp_path: Path) -> None:
    assert what(task) == []
    scaffold(tmp_path / "new")
    assert what(load_task(tmp_path / "new", need_recorded=False)) == []


def test_files_that_a_prompt_names() -> None:
    text = (
        "Fix `calc.py` and `pkg/io.py`, not `mean(x)` or `calc.mean`; see module `rates`.\n```\n`no.py`\n```\n`a.json`"
    )
    assert named_files(text) == ("calc.py", "pkg/io.py", "a.json", "rates.py")


def test_named_files_must_be_visible(task: Task) -> None:
    assert what(replace(task, instruction="See `notes.md`.")) == [
        "the instruction names 'notes.md', which the agent cannot see"
    ]
    (task.start / "docs").mkdir()
    (task.start / "docs/notes.md").write_text("x")
    assert what(replace(task, instruction="See `notes.md`, `docs/notes.md`, the module `calc`, module `json`.")) == []
    assert what(replace(task, instruction="See `test_calc.py`."))[0].startswith("the instruction names 'test_calc.py'")


def test_writable_paths_exist_or_are_new_by_intent(task: Task) -> None:
    assert what(replace(task, writable=("calc.py", "other.py"))) == [
        "writable 'other.py' is neither in start/ nor in solution/"
    ]
    (task.solution / "other.py").write_text("x")
    assert what(replace(task, writable=("calc.py", "other.py"))) == []
    assert what(replace(task, writable=("*.py",))) == []


def test_answers_stay_within_what_is_writable(task: Task) -> None:
    (task.root / "graded/broken/extra.py").write_text("x")
    assert what(task) == ["graded/broken changes 'extra.py', which is not writable"]


def test_solution_files_differ_from_the_start(task: Task) -> None:
    (task.solution / "calc.py").write_bytes((task.start / "calc.py").read_bytes())
    assert what(task) == ["solution/calc.py is the same as in start/"]


@pytest.mark.parametrize("name", ["json.py", "pytest.py", "pluggy"])
def test_modules_do_not_have_names_that_come_first(name: str, task: Task) -> None:
    path = task.start / name
    if name.endswith(".py"):
        path.write_text("x")
    else:
        path.mkdir()
        (path / "__init__.py").write_text("")
    assert what(task) == [f"'{name}' has the name of a module that comes before it on the path"]


def test_test_helpers_have_their_own_names(task: Task) -> None:
    (task.tests / "calc.py").write_text("x")
    assert what(task) == ["'calc.py' has the name of a module in tests/"]


def test_tests_must_be_found(task: Task) -> None:
    (task.tests / "test_calc.py").rename(task.tests / "calc_tests.py")
    (task.tests / "conftest.py").write_text("")
    assert what(task) == ["tests/ holds no test_*.py", "tests/conftest.py is never loaded"]
