"""Where no sandbox is possible: the same run on the bare host, with the same verdicts and a stamp on the report."""

from pathlib import Path

import pytest

from assay.evidence.layout import RunFolder
from assay.experiment.load import experiment_from
from assay.run.driver import DriveOptions
from assay.run.execute import Executed, execute
from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.testing.facts import unmeasured
from assay.testing.tasks import make_task

MISSING = BubblewrapKind().probe()


async def run(folder: Path, sandbox: str) -> Executed:
    (folder / "suite").mkdir(exist_ok=True)
    make_task(folder / "suite", id="tiny")
    make_task(folder / "suite", id="tangled", type="refactoring")
    what = experiment_from(
        name="bare",
        folder=folder,
        suite=str(folder / "suite"),
        models=["lab/swift"],
        reps=3,
        settings={"time_scale": 0.002},
    )
    return await execute(what, RunFolder(folder / sandbox), DriveOptions(max_cost=None), sandbox=sandbox)


async def test_answers_are_verified_and_the_report_says_where(tmp_path: Path) -> None:
    reading = (await run(tmp_path, "unsafe-host")).reading
    anchors = {(one.task, one.anchor): one.solved for one in reading.facts.anchors}
    assert anchors == {
        ("tangled", "reference"): True,
        ("tangled", "start"): True,
        ("tangled", "empty"): False,
        ("tiny", "reference"): True,
        ("tiny", "start"): False,
        ("tiny", "empty"): False,
    }
    assert sum(cell.solved.n for cell in reading.facts.cells) == 6
    assert sum(cell.solved.total for cell in reading.facts.cells) > 0
    assert not any("verification_failed" in cell.complaints for cell in reading.facts.cells)
    for form in ("md", "html", "json"):
        assert "without a sandbox" in reading.render(form), form


@pytest.mark.skipif(MISSING is not None, reason=f"no bubblewrap: {MISSING}")
async def test_verdicts_and_scores_are_those_of_a_sandbox(tmp_path: Path) -> None:
    bare = (await run(tmp_path, "unsafe-host")).reading
    boxed = (await run(tmp_path, "bubblewrap")).reading
    assert boxed.facts.anchors == bare.facts.anchors
    for left, right in zip(bare.facts.cells, boxed.facts.cells, strict=True):
        assert unmeasured(left) == unmeasured(right)
    assert "without a sandbox" not in boxed.render("md")
