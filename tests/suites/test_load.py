from pathlib import Path
from typing import Any

import pytest

from assay.errors import TaskError
from assay.suites.load import BUILT_IN, load_suite
from assay.testing.tasks import make_task


@pytest.fixture
def base(tmp_path: Path) -> Path:
    make_task(tmp_path / "suite", id="fix-one")
    make_task(tmp_path / "suite", id="fix-two", difficulty="hard")
    make_task(tmp_path / "suite", id="tidy", type="refactoring")
    (tmp_path / "ten.txt").write_text("# chosen\nfix-one\n\ntidy\n")
    return tmp_path


@pytest.mark.parametrize(
    ("spec", "ids"),
    [
        ("suite", ["fix-one", "fix-two", "tidy"]),
        ({"path": "suite", "format": "native"}, ["fix-one", "fix-two", "tidy"]),
        ({"path": "suite", "tasks": ["fix-*"]}, ["fix-one", "fix-two"]),
        ({"path": "suite", "tasks": "file:ten.txt"}, ["fix-one", "tidy"]),
        ({"path": "suite", "types": ["refactoring"]}, ["tidy"]),
        ({"path": "suite", "difficulties": "hard"}, ["fix-two"]),
    ],
)
def test_specs(spec: Any, ids: list[str], base: Path) -> None:
    assert [task.id for task in load_suite(spec, base)] == ids


def test_filters_of_the_caller_come_on_top(base: Path) -> None:
    found = load_suite({"path": "suite", "types": ["bug-fix"]}, base, tasks=["*-two", "fix-one"], difficulties=["hard"])
    assert [task.id for task in found] == ["fix-two"]


@pytest.mark.parametrize(
    ("spec", "filters", "what"),
    [
        ("focussed", {}, "there is no suite 'focussed'. Did you mean 'focused'?"),
        ("nowhere", {}, "Built in: focused, parallel; or give a folder"),
        ({"path": "suite", "task": ["a"]}, {}, "unknown key 'task' in a suite. Did you mean 'tasks'?"),
        ({"tasks": ["a"]}, {}, "a suite needs a 'path'"),
        ({"path": "suite", "format": "nativ"}, {}, "there is no suite format 'nativ'. Did you mean 'native'?"),
        ({"path": "suite", "tasks": 3}, {}, "'tasks' of a suite is a list of names"),
        ({"path": "suite", "tasks": "file:no.txt"}, {}, "no.txt: there is no such file"),
        ("suite", {"tasks": ["fix-on"]}, "no task 'fix-on' in suite. Did you mean 'fix-one'?"),
        ("suite", {"types": ["x"]}, "no task in suite has type 'x'. Valid: bug-fix, refactoring"),
        ("suite", {"tags": ["x"]}, "no task in suite matches the filters"),
    ],
)
def test_mistakes_name_the_nearest(spec: Any, filters: dict[str, list[str]], what: str, base: Path) -> None:
    with pytest.raises(TaskError) as caught:
        load_suite(spec, base, **filters)
    assert what in str(caught.value)


def test_the_built_in_suite_is_beside_the_code() -> None:
    assert BUILT_IN["focused"].is_dir()
