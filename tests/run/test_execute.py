"""Whole runs in this process: cost limits, provider failures, retries, resumption, order of finishing."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from assay.errors import CredentialError, InputError, PriceError, RunError
from assay.evidence.layout import RunFolder
from assay.experiment.load import experiment_from
from assay.experiment.model import Experiment
from assay.plan import Selection
from assay.records import Dialect, Ended
from assay.run.driver import DriveOptions
from assay.run.execute import Executed, execute
from assay.run.opening import open_run
from assay.run.progress import Observer, Silent, Snapshot
from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.testing.facts import unmeasured
from assay.testing.tasks import make_task
from assay.testing.upstream import Received, Reply, ScriptedUpstream
from assay.testing.wire import streamed

MISSING = BubblewrapKind().probe()
pytestmark = pytest.mark.skipif(MISSING is not None, reason=f"no bubblewrap: {MISSING}")

PRICE = {"input": 10_000, "output": 10_000, "cache_read": 10_000}  # 1,090 tokens of an answer = $10.90


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "suite").mkdir()
    for number in range(2):
        make_task(tmp_path / "suite", id=f"tiny-{number}")
    return tmp_path / "suite"


def answer(_: Received) -> Reply:
    return streamed(Dialect.CHAT, "```python\nbroken\n```")


def experiment(suite: Path, upstream: ScriptedUpstream, **values: Any) -> Experiment:
    provider: Mapping[str, Any] = {"base_url": upstream.url, "dialect": "chat", "key": "none", "price": PRICE}
    given = {"name": "money", "suite": str(suite), "models": ["there/model-1"], "providers": {"there": provider}}
    return experiment_from(folder=suite.parent, **{**given, "reps": 2, **values})


class Kept(Silent):
    """Keeps what a watcher is shown."""

    def __init__(self) -> None:
        self.shown: list[Snapshot] = []

    def update(self, snapshot: Snapshot) -> None:
        self.shown.append(snapshot)


async def drive(what: Experiment, out: Path, observer: Observer | None = None, **options: Any) -> Executed:
    chosen = DriveOptions(**{"max_cost": what.max_cost, "concurrency": 1, "anchors": False, **options})
    return await execute(what, RunFolder(out), chosen, observer=observer or Silent())


async def test_the_cost_limit_stops_the_run_and_a_higher_one_goes_on(suite: Path, tmp_path: Path) -> None:
    async with ScriptedUpstream(answer) as upstream:
        what = experiment(suite, upstream, max_cost=25)
        done = await drive(what, tmp_path / "out")
        assert done.end.reason == "max_cost"
        assert 0 < done.end.left < 4
        health = done.reading.facts.health
        assert health.spent_usd is not None
        assert 25 <= health.spent_usd <= 25 + 2 * 10.9
        assert any("cost limit" in note for note in health.notes)
        asked = len(upstream.requests)
        same = await drive(what, tmp_path / "out")
        assert same.end.reason == "max_cost"
        assert len(upstream.requests) == asked, "nothing more is spent"
        more = await drive(replace_cost(what, 1000), tmp_path / "out", watched := Kept())
    first, last = watched.shown[0], watched.shown[-1]
    assert first.spent_usd == pytest.approx(health.spent_usd), "what earlier sessions spent counts"
    assert (first.settled, first.scored) == (4 - same.end.left, 4 - same.end.left)
    assert (last.settled, last.scored, last.to_score) == (4, 4, 4)
    assert (more.end.reason, more.end.left) == ("finished", 0)
    assert more.reading.facts.health.settled == 4
    assert not more.reading.facts.health.ours, "our own limit is nobody's failure"


def replace_cost(what: Experiment, limit: float) -> Experiment:
    return what.model_copy(update={"max_cost": limit})


async def test_a_money_limit_with_an_unpriced_model_refuses_to_start(suite: Path, tmp_path: Path) -> None:
    async with ScriptedUpstream(answer) as upstream:
        provider = {"base_url": upstream.url, "dialect": "chat", "key": "none"}
        what = experiment(suite, upstream, providers={"there": provider})
        with pytest.raises(PriceError, match="there/model-1"):
            await drive(what, tmp_path / "out")
        assert not upstream.requests


async def test_provider_failures_are_retried_once_and_never_scored(suite: Path, tmp_path: Path) -> None:
    def flaky(request: Received) -> Reply:
        probe = b"Reply with the single word" in request.body
        return answer(request) if probe else Reply(b'{"error": {"message": "overloaded"}}', status=529)

    async with ScriptedUpstream(flaky) as upstream:
        done = await drive(experiment(suite, upstream, reps=1, max_cost=500), tmp_path / "out")
    (arm,) = done.reading.analysis.arms
    assert arm.by_outcome == {"provider_error": 2}
    assert (arm.n_trials, arm.n_scored, arm.solved_trials) == (2, 0, 0)
    assert arm.solved.like.mean is None
    assert arm.bracket == (0.0, 1.0)
    assert done.reading.facts.health.attempts == 4
    assert done.reading.facts.health.retried == 2


async def test_a_model_that_does_not_answer_is_said_before_anything_is_spent(suite: Path, tmp_path: Path) -> None:
    async with ScriptedUpstream(Reply(b'{"error": {"message": "no such model"}}', status=404)) as upstream:
        with pytest.raises(RunError, match="model-1"):
            await drive(experiment(suite, upstream, max_cost=500), tmp_path / "out")
        assert len(upstream.requests) == 1
    run = await open_run(RunFolder(tmp_path / "out"))
    assert not [a for a in await run.ledger.attempts() if a.owner_kind == "trial"]
    await run.ledger.close()


async def test_results_do_not_depend_on_the_order_in_which_trials_finish(suite: Path, tmp_path: Path) -> None:
    """One sandbox at a time and six at once: the same verdicts, scores and tokens."""
    what = experiment_from(
        name="order",
        folder=suite.parent,
        suite=str(suite),
        models=["lab/swift", "lab/deep"],
        reps=3,
        settings={"time_scale": 0.002},
    )
    one = await drive(what, tmp_path / "one", concurrency=1)
    many = await drive(what, tmp_path / "many", concurrency=6)
    for left, right in zip(one.reading.facts.cells, many.reading.facts.cells, strict=True):
        assert unmeasured(left) == unmeasured(right)
    assert one.reading.analysis.findings == many.reading.analysis.findings


async def test_an_aa_twin_is_another_arm_with_other_luck(suite: Path, tmp_path: Path) -> None:
    what = experiment_from(
        name="twin", folder=suite.parent, suite=str(suite), models=["lab/swift"], reps=4, controls=["aa"]
    )
    done = await drive(what, tmp_path / "out", concurrency=4)
    first, twin = done.reading.analysis.arms
    assert first.id != twin.id
    assert {arm.replicate for arm in (first, twin)} == {0, 1}
    run = await open_run(RunFolder(tmp_path / "out"))
    scores = {s.attempt: s.value for s in await run.ledger.scores() if s.metric == "score"}
    attempts = [a for a in await run.ledger.attempts() if a.ended is Ended.COMPLETED and a.id in scores]
    trials = {t.id: t for t in await run.ledger.trials()}
    await run.ledger.close()
    luck = {(trials[a.owner].arm, trials[a.owner].task, trials[a.owner].repetition): scores[a.id] for a in attempts}
    mine = [luck.get((first.id, task, rep)) for task in ("tiny-0", "tiny-1") for rep in range(4)]
    theirs = [luck.get((twin.id, task, rep)) for task in ("tiny-0", "tiny-1") for rep in range(4)]
    assert mine != theirs


async def test_attempts_of_a_driver_on_another_host_are_lost_too(suite: Path, tmp_path: Path) -> None:
    """Whoever holds the folder knows that all earlier drivers are dead: a container's host name changes."""
    what = experiment_from(name="moved", folder=suite.parent, suite=str(suite), models=["lab/swift"], reps=1)
    await drive(what, tmp_path / "out", selection=Selection(limit=1))
    run = await open_run(RunFolder(tmp_path / "out"))
    (left,) = await run.ledger.pending()
    assert await run.ledger.claim(left, "elsewhere/1", 3600) is not None
    await run.ledger.close()
    done = await drive(what, tmp_path / "out")
    assert (done.end.reason, done.end.left) == ("finished", 0)
    health = done.reading.facts.health
    assert (health.settled, health.lost_attempts) == (2, 1)
    run = await open_run(RunFolder(tmp_path / "out"))
    (lost,) = [attempt for attempt in await run.ledger.attempts() if attempt.lost]
    await run.ledger.close()
    assert lost.simulated, "simulated money never counts against a limit, lost attempts included"


async def test_fewer_repetitions_run_fewer_and_take_nothing_back(suite: Path, tmp_path: Path) -> None:
    given: dict[str, Any] = {"name": "fewer", "folder": suite.parent, "suite": str(suite), "models": ["lab/swift"]}
    await drive(experiment_from(**given, reps=3), tmp_path / "out", selection=Selection(limit=1))
    done = await drive(experiment_from(**given, reps=1), tmp_path / "out")
    health = done.reading.facts.health
    assert (health.planned, health.settled) == (6, 2)


async def test_what_can_be_refused_beforehand_leaves_no_folder(suite: Path, tmp_path: Path) -> None:
    what = experiment_from(name="early", folder=suite.parent, suite=str(suite), models=["lab/swift"], reps=1)
    with pytest.raises(InputError, match="no task"):
        await drive(what, tmp_path / "out", selection=Selection(tasks=("nope",)))
    async with ScriptedUpstream(answer) as upstream:
        provider = {"base_url": upstream.url, "dialect": "chat", "key": "env:NO_SUCH_KEY_HERE", "price": 0}
        with pytest.raises(CredentialError, match="NO_SUCH_KEY_HERE"):
            await drive(experiment(suite, upstream, providers={"there": provider}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


async def test_a_run_folder_names_no_place_on_this_machine(suite: Path, tmp_path: Path) -> None:
    what = experiment_from(name="placeless", folder=suite.parent, suite=str(suite), models=["lab/swift"], reps=1)
    await drive(what, tmp_path / "out")
    assert str(tmp_path) not in (tmp_path / "out" / "lock.json").read_text()
    assert socket.gethostname().encode() not in (tmp_path / "out" / "ledger.sqlite").read_bytes()
