"""What the facts of a run say about attempts that did not settle."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from assay.evidence.layout import RunFolder
from assay.evidence.normalise import Normalised, normalise
from assay.experiment.load import experiment_from
from assay.plan import Selection
from assay.records import NANO, Arm, Call, Ended, Outcome
from assay.run.driver import DriveOptions
from assay.run.execute import execute
from assay.run.facts import build_facts
from assay.run.opening import open_run
from assay.run.reporting import read_run
from assay.sandboxes.bubblewrap import BubblewrapKind

MISSING = BubblewrapKind().probe()
pytestmark = pytest.mark.skipif(MISSING is not None, reason=f"no bubblewrap: {MISSING}")


async def begun(suite: Path, out: Path, spends: list[int | None]) -> None:
    """A run in which one trial settled and further attempts were given back, each with what it had spent."""
    what = experiment_from(
        name="given-back", folder=suite.parent, suite=str(suite / "suite"), models=["lab/swift"], reps=6
    )
    options = DriveOptions(concurrency=1, anchors=False, selection=Selection(limit=1))
    await execute(what, RunFolder(out), options)
    run = await open_run(RunFolder(out))
    for trial, spent in zip(await run.ledger.pending(), spends, strict=False):
        attempt = await run.ledger.claim(trial, "here/1", 60)
        assert attempt is not None
        outcome = Outcome(Ended.INFRASTRUCTURE, detail="given back: a limit was reached", spent=spent)
        await run.ledger.release(attempt, outcome)
    await run.ledger.close()


@pytest.mark.parametrize(
    ("spends", "usd", "unknown"),
    [([None, None], None, 2), ([NANO // 4, None, None], 0.25, 2), ([NANO // 4, NANO // 2], 0.75, 0), ([], 0.0, 0)],
)
async def test_unknown_spend_of_attempts_without_an_end_is_counted_not_summed(
    tiny_suite: Path, tmp_path: Path, spends: list[int | None], usd: float | None, unknown: int
) -> None:
    await begun(tiny_suite.parent, tmp_path / "out", spends)
    run = await open_run(RunFolder(tmp_path / "out"))
    reading = await read_run(run)
    again = await build_facts(run)
    await run.ledger.close()
    health = reading.facts.health
    assert (health.lost_attempts, health.lost_usd, health.lost_unknown) == (len(spends), usd, unknown)
    assert health.lost_is_lower_bound == bool(spends)
    assert health.spent_is_lower_bound == bool(spends)
    assert again.health == health
    told = json.loads(reading.render("json"))["health"]
    assert (told["lost_usd"], told["lost_unknown"]) == (usd, unknown)
    page = reading.render("md")
    assert "lost with" not in page
    if unknown:
        assert "unknown" in next(text for text in reading.analysis.disclosures if "did not settle" in text)
        assert "is unknown" in next(line for line in page.splitlines() if line.startswith("Spent:"))


async def test_sealed_evidence_is_normalised_once(
    tiny_suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(tiny_suite.parent, tmp_path / "out", [])
    seen: list[Path] = []

    def counting(folder: Path, arm: Arm, calls: Sequence[Call]) -> Normalised:
        seen.append(folder)
        return normalise(folder, arm, calls)

    monkeypatch.setattr("assay.run.facts.normalise", counting)
    monkeypatch.setattr("assay.evidence.kept.BUILT_IN", {"api": None})
    run = await open_run(RunFolder(tmp_path / "out"))
    first = await build_facts(run)
    assert await build_facts(run, write=False) == first
    assert len(seen) == 1, "the second report reads what the first one kept"
    assert await build_facts(run, rebuild=True) == first
    assert len(seen) == 2, "asked to rebuild, it looks at the evidence"
    (kept,) = (tmp_path / "out" / "facts" / "normalised").iterdir()
    kept.write_bytes(b"damaged")
    assert await build_facts(run) == first
    shutil.rmtree(seen[0])
    gone = await build_facts(run)
    await run.ledger.close()
    assert len(seen) == 4
    assert gone.cells != first.cells, "nothing is told of evidence that is gone"
