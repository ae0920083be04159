"""A machine that fails while it scores: no paid trial loses its verdict for good, and none gets a false one."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from assay.evidence.layout import RunFolder
from assay.experiment.load import experiment_from
from assay.records import Score
from assay.run.driver import DriveOptions
from assay.run.execute import Executed, execute
from assay.run.opening import open_run
from assay.run.rescoring import Rescored, rescore
from assay.run.scoring import Scoring
from assay.scorers.workspace import Workspace
from assay.testing.facts import unmeasured
from assay.testing.moody_sandbox import MoodyKind

pytestmark = pytest.mark.usefixtures("own_cache")
FOR_EVER = 10**6


async def run(suite: Path, out: str) -> Executed:
    what = experiment_from(
        name="moody",
        folder=suite.parent,
        suite=str(suite),
        models=["lab/swift"],
        reps=3,
        settings={"time_scale": 0.002},
    )
    return await execute(
        what, RunFolder(suite.parent / out), DriveOptions(max_cost=None), sandbox="moody_sandboxes:kind"
    )


async def book(folder: RunFolder) -> Sequence[Score]:
    opened = await open_run(folder)
    try:
        return await opened.ledger.scores()
    finally:
        await opened.ledger.close()


async def again(folder: RunFolder, kind: MoodyKind, *, rerun: bool = False) -> Rescored:
    opened = await open_run(folder)
    try:
        return await rescore(opened, kind, jobs=2, rerun=rerun)
    finally:
        await opened.ledger.close()


async def same_as_an_untroubled_run(suite: Path, done: Executed) -> None:
    other = (await run(suite, "untroubled")).reading.facts
    assert done.reading.facts.anchors == other.anchors
    for left, right in zip(done.reading.facts.cells, other.cells, strict=True):
        assert unmeasured(left) == unmeasured(right)
        assert (left.solved.n, left.solved.unknown) == (3, 0)


async def test_what_could_not_be_verified_is_verified_when_the_run_goes_on(tiny_suite: Path, moody: MoodyKind) -> None:
    moody.refused = FOR_EVER
    down = await run(tiny_suite, "out")
    (cell,) = down.reading.facts.cells
    assert (cell.settled, cell.solved.n, cell.solved.unknown) == (3, 0, 3)
    assert cell.metrics["score"].n == 0
    assert {one.solved for one in down.reading.facts.anchors} == {None}
    moody.refused = 0
    up = await run(tiny_suite, "out")
    assert up.reading.facts.health.attempts == 3, "nothing is paid for twice"
    await same_as_an_untroubled_run(tiny_suite, up)


async def test_scoring_again_fills_in_and_then_leaves_all_as_it_is(tiny_suite: Path, moody: MoodyKind) -> None:
    moody.refused = FOR_EVER
    folder = (await run(tiny_suite, "out")).folder
    still_down = await again(folder, moody, rerun=True)
    assert (still_down.scored, still_down.failed, still_down.kept, still_down.changed) == (0, 3, 0, ())
    moody.refused = 0
    up = await again(folder, moody)
    assert (up.scored, up.failed, up.kept) == (3, 0, 0)
    filled = await book(folder)
    assert not [score for score in filled if score.is_instrument_failure]
    asked = moody.verifications
    assert (await again(folder, moody)).kept == 3
    assert moody.verifications == asked, "what has its result is not verified again"
    moody.refused = FOR_EVER
    assert (await again(folder, moody, rerun=True)).failed == 3
    assert await book(folder) == filled, "a real score never changes"


async def test_a_sandbox_that_fails_once_is_tried_once_more(tiny_suite: Path, moody: MoodyKind) -> None:
    moody.refused = 1
    done = await run(tiny_suite, "out")
    assert not [score for score in await book(done.folder) if score.is_instrument_failure]


async def test_a_crashing_scorer_takes_nothing_from_the_others(
    tiny_suite: Path, moody: MoodyKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*given: object) -> Sequence[Score]:
        raise OSError(28, f"No space left on device for {len(given)}")

    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "score", crash)
        crashed = await run(tiny_suite, "out")
    (cell,) = crashed.reading.facts.cells
    assert (cell.solved.n, cell.metrics["score"].n, cell.metrics["files_changed"].n) == (3, 3, 0)
    failures = {score.metric: score.reason for score in await book(crashed.folder) if score.is_instrument_failure}
    assert set(failures) == set(Workspace.metrics)
    assert {str(reason).partition(":")[0] for reason in failures.values()} == {"workspace failed"}
    assert moody.verifications > 0
    await same_as_an_untroubled_run(tiny_suite, await run(tiny_suite, "out"))


async def test_an_attempt_that_the_machine_ended_is_not_scored_again(tiny_suite: Path, moody: MoodyKind) -> None:
    moody.of, moody.refused = "", FOR_EVER
    folder = (await run(tiny_suite, "out")).folder
    moody.refused = 0
    opened = await open_run(folder)
    ended = [attempt.ended for attempt in await opened.ledger.attempts() if attempt.owner_kind == "trial"]
    assert ended
    assert all(one is not None and one.is_ours for one in ended)
    assert await Scoring.of(opened, moody, tiny_suite.parent).unscored() == []
    await opened.ledger.close()
