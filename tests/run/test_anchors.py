"""Verdicts on known answers are kept for what they are a function of, and only where they are verdicts."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import pytest

from assay.evidence.layout import RunFolder
from assay.experiment.load import experiment_from
from assay.records import Score
from assay.run.anchors import score_anchors
from assay.run.design import resolve
from assay.run.opening import Run, machine_facts, start_run
from assay.run.scoring import Scoring
from assay.sandboxes.toolchain import toolchain
from assay.testing.moody_sandbox import MoodyKind
from assay.testing.tasks import make_task

ANCHORS = 3


class OtherKind(MoodyKind):
    """The same sandboxes under another name."""

    name: ClassVar[str] = "other"


def kept(folder: Path) -> list[str]:
    return [path.read_text() for path in folder.iterdir()] if folder.exists() else []


async def begun(suite: Path, out: str, kind: MoodyKind) -> Run:
    what = experiment_from(name="anchors", folder=suite.parent, suite=str(suite), models=["lab/swift"], reps=1)
    return await start_run(RunFolder(suite.parent / out), resolve(what), None, machine_facts(kind, toolchain()))


async def anchored(run: Run, kind: MoodyKind) -> dict[str, Score]:
    """Score the anchors of a run in a session of its own; return ``solved`` by anchor."""
    await score_anchors(Scoring.of(run, kind, run.folder.root.parent / "scratch"), jobs=2)
    return {one.attempt.split("/")[1]: one for one in await run.ledger.scores() if one.metric == "solved"}


@pytest.fixture
async def runs(tiny_suite: Path, moody: MoodyKind) -> AsyncIterator[tuple[Run, Run]]:
    one, two = await begun(tiny_suite, "one", moody), await begun(tiny_suite, "two", moody)
    yield one, two
    await one.ledger.close()
    await two.ledger.close()


async def test_one_kind_of_sandbox_is_not_asked_twice_and_another_is(
    tiny_suite: Path, runs: tuple[Run, Run], moody: MoodyKind, own_cache: Path
) -> None:
    one, two = runs
    found = {anchor: score.value for anchor, score in (await anchored(one, moody)).items()}
    assert found == {"reference": 1.0, "start": 0.0, "empty": 0.0}
    assert moody.verifications == len(kept(own_cache)) == ANCHORS
    other = OtherKind()
    await anchored(two, other)
    assert other.verifications == ANCHORS, "what one kind says holds for that kind"
    third = await begun(tiny_suite, "three", moody)
    await anchored(third, moody)
    await third.ledger.close()
    assert moody.verifications == ANCHORS


async def test_a_machine_that_failed_is_asked_again(runs: tuple[Run, Run], moody: MoodyKind, own_cache: Path) -> None:
    moody.refused = 10**6
    found = await anchored(runs[0], moody)
    assert {(score.value, score.reason) for score in found.values()} == {(None, "infrastructure")}
    assert not kept(own_cache)
    moody.refused = 0
    assert {score.value for score in (await anchored(runs[0], moody)).values()} == {0.0, 1.0}


async def test_a_check_that_came_to_grief_is_not_kept(tiny_suite: Path, moody: MoodyKind, own_cache: Path) -> None:
    """A start that kills its verifier: the reference passes, so it is the start's fault, this time."""
    task = make_task(tiny_suite, id="tiny")
    (task.start / "calc.py").write_text("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n")
    run = await begun(tiny_suite, "one", moody)
    start = (await anchored(run, moody))["start"]
    await run.ledger.close()
    assert (start.value, start.reason) == (0.0, "verification_failed")
    assert len(kept(own_cache)) == ANCHORS - 1
    assert "verification_failed" not in "".join(kept(own_cache))


async def test_a_reference_that_cannot_be_verified_has_no_verdict(
    tiny_suite: Path, moody: MoodyKind, own_cache: Path
) -> None:
    task = make_task(tiny_suite, id="tiny")
    (task.solution / "calc.py").write_text("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n")
    run = await begun(tiny_suite, "one", moody)
    reference = (await anchored(run, moody))["reference"]
    await run.ledger.close()
    assert (reference.value, reference.reason) == (None, "infrastructure")
    assert len(kept(own_cache)) == ANCHORS - 1
