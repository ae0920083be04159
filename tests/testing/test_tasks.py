import sys
import types
from pathlib import Path

import pytest

from assay.suites.base import Task
from assay.testing.tasks import make_task


def passed(task: Task, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Run the hidden tests over start plus ``files``, in this process; return the ids that passed."""
    calc = types.ModuleType("calc")
    exec({**task.start_files(), **files}["calc.py"], calc.__dict__)
    monkeypatch.setitem(sys.modules, "calc", calc)
    tests: dict[str, object] = {}
    exec((task.tests / "test_calc.py").read_bytes(), tests)
    found = set()
    for name, test in tests.items():
        if name.startswith("test_") and callable(test):
            try:
                test()
            except (AssertionError, ArithmeticError, TypeError):
                continue
            found.add(f"test_calc.py::{name}")
    return found


@pytest.mark.parametrize("type_", ["bug-fix", "refactoring"])
def test_the_tiny_task_is_a_real_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, type_: str) -> None:
    task = make_task(tmp_path, id="tiny", type=type_)
    everything = set(task.verifier.test_ids)
    assert passed(task, task.solution_files(), monkeypatch) == everything
    assert (passed(task, {}, monkeypatch) == everything) is task.expects_start_to_pass
    for graded in task.graded:
        got = passed(task, task.graded_files(graded.name), monkeypatch)
        assert (got == everything) is graded.solves, graded.name
