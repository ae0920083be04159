import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from assay.errors import SandboxError
from assay.run.check import TaskCheck, check_suite, check_task
from assay.sandboxes.kinds import sandbox_kind
from assay.sandboxes.toolchain import toolchain
from assay.scorers.verification import Bench
from assay.suites.native import load_task
from assay.suites.scaffold import scaffold
from assay.suites.soundness import summary
from assay.testing.tasks import make_task


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    with TemporaryDirectory(prefix=f"assay-check-test-{os.getpid()}-") as scratch:
        Path(scratch).chmod(0o711)
        python = toolchain("python")
        yield Bench(sandbox_kind(None), Path(scratch), python.mounts, python.python, python.env)


async def faults(folder: Path, bench: Bench) -> str:
    return summary((await check_task(folder, bench)).faults)


@pytest.mark.slow
async def test_a_new_task_passes_as_it_is(tmp_path: Path, bench: Bench) -> None:
    scaffold(tmp_path / "slugs")
    unrecorded = await check_task(tmp_path / "slugs", bench)
    assert summary(unrecorded.faults) == "the ids of the tests are not recorded. Run again with --record"
    found = await check_task(tmp_path / "slugs", bench, record=True)
    assert found.ok, summary(found.faults)
    assert found.recorded
    assert load_task(tmp_path / "slugs").verifier.test_ids == found.test_ids
    assert len(found.test_ids) == 5
    scores = {one.name: one.score for one in found.answers}
    assert list(scores) == ["reference", "start", "empty", "excellent", "clumsy", "symptom", "broken"]
    assert scores["empty"] == 0.0
    assert scores["reference"] == scores["excellent"]


@pytest.mark.slow
async def test_a_refactoring_task(tmp_path: Path, bench: Bench) -> None:
    task = make_task(tmp_path, type="refactoring")
    found = await check_task(task.root, bench)
    assert found.ok, summary(found.faults)
    (task.start / "calc.py").write_bytes((task.solution / "calc.py").read_bytes() + b"\n")
    assert "the start scores" in await faults(task.root, bench)


async def test_what_is_wrong_is_said(tmp_path: Path, bench: Bench) -> None:
    task = make_task(tmp_path)
    text = (task.root / "task.yaml").read_text()
    (task.root / "task.yaml").write_text(
        text.replace("quality: 0.8, solves: true", "quality: 0.8, solves: false").replace(
            "quality: 0.3, solves: false", "quality: 0.3, solves: true"
        )
    )
    found = await faults(task.root, bench)
    assert "graded/plain solves the task and should not" in found
    assert "graded/plausible-wrong should solve the task (failed: 2 of 3 passed" in found


async def test_an_order_that_does_not_hold(tmp_path: Path, bench: Bench) -> None:
    task = make_task(tmp_path)
    best, plain = (task.root / "graded" / name / "calc.py" for name in ("excellent", "plain"))
    swapped = best.read_bytes()
    best.write_bytes(plain.read_bytes())
    plain.write_bytes(swapped)
    assert "graded/excellent scores below graded/plain" in await faults(task.root, bench)


async def test_a_start_and_an_empty_workspace_that_solve(tmp_path: Path, bench: Bench) -> None:
    task = make_task(tmp_path)
    (task.tests / "test_calc.py").write_text("def test_nothing():\n    assert 1 + 1 == 2\n")
    text = (task.root / "task.yaml").read_text()
    ids = ", ".join(task.verifier.test_ids)
    (task.root / "task.yaml").write_text(text.replace(ids, "test_calc.py::test_nothing"))
    found = await faults(task.root, bench)
    assert "an empty workspace solves the task" in found
    assert "the start solves the task already" in found
    assert "graded/broken solves the task and should not" in found


SEED = "import os\n\n\ndef test_seed():\n    assert os.environ['PYTHONHASHSEED'] == '0'\n"
ORDER = "SEEN = []\n" + "".join(
    f"\n\ndef test_{number}():\n    SEEN.append({number})\n    assert SEEN == list(range({number + 1}))\n"
    for number in range(6)
)


@pytest.mark.parametrize("test", [SEED, ORDER], ids=["hash seed", "order of tests"])
async def test_flaky_tests_are_found(test: str, tmp_path: Path, bench: Bench) -> None:
    task = make_task(tmp_path)
    (task.tests / "test_more.py").write_text(test)
    lines = (task.root / "task.yaml").read_text().splitlines()
    (task.root / "task.yaml").write_text("\n".join(one for one in lines if "test_ids" not in one) + "\n")
    found = summary((await check_task(task.root, bench, record=True)).faults)
    assert "the tests are flaky" in found


async def test_a_reference_that_fails(tmp_path: Path, bench: Bench) -> None:
    task = make_task(tmp_path)
    (task.solution / "calc.py").write_text("def add(a, b): return 0\ndef mean(v): return 1.5\n")
    assert "the reference does not solve the task (failed: 1 of 3 passed" in await faults(task.root, bench)
    recorded = await check_task(task.root, bench, record=True)
    assert "the reference does not pass its tests" in summary(recorded.faults)
    assert not recorded.recorded


async def test_a_folder_that_cannot_be_read_is_one_fault(tmp_path: Path, bench: Bench) -> None:
    task = make_task(tmp_path)
    (task.root / "task.yaml").write_text("typ: x\n")
    found = await check_task(task.root, bench)
    assert summary(found.faults).endswith("task.yaml:1: unknown key 'typ'. Did you mean 'type'?")


async def test_a_suite_is_checked_task_by_task(tmp_path: Path, bench: Bench) -> None:
    folders = [make_task(tmp_path, id=name).root for name in ("a", "b")]
    (folders[0] / "task.yaml").write_text("type: x\n")
    found: dict[str, TaskCheck] = {one.task: one async for one in check_suite(folders, bench)}
    assert [found[name].ok for name in ("a", "b")] == [False, True]


async def test_without_a_sandbox_nothing_is_known(tmp_path: Path, bench: Bench) -> None:
    broken = replace(bench, toolchain=(replace(bench.toolchain[0], host=Path("/nowhere")),))
    with pytest.raises(SandboxError, match="did not start"):
        await check_task(make_task(tmp_path).root, broken)
