import subprocess
import sys
from pathlib import Path

import pytest

from assay.suites.base import Task
from assay.testing.tasks import make_task


def passed(task: Task, files: dict[str, bytes], folder: Path) -> set[str]:
    """Run the hidden tests over start plus ``files``; return the ids that passed."""
    folder.mkdir()
    for name, data in {**task.start_files(), **files}.items():
        (folder / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--rootdir", "."],
        cwd=task.tests,
        env={"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return {line.removeprefix("PASSED ").strip() for line in done.stdout.splitlines() if line.startswith("PASSED ")}


@pytest.mark.parametrize("type_", ["bug-fix", "refactoring"])
def test_the_tiny_task_is_a_real_one(tmp_path: Path, type_: str) -> None:
    task = make_task(tmp_path, id="tiny", type=type_)
    everything = set(task.verifier.test_ids)
    assert passed(task, task.solution_files(), tmp_path / "solution") == everything
    assert (passed(task, {}, tmp_path / "start") == everything) is task.expects_start_to_pass
    for graded in task.graded:
        got = passed(task, task.graded_files(graded.name), tmp_path / graded.name)
        assert (got == everything) is graded.solves, graded.name
