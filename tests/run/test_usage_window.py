"""A used-up usage window of a subscription makes the run wait: it is no failure of the arm, and takes no retry."""

import json
import time
from pathlib import Path

import pytest

from assay.evidence.layout import RunFolder
from assay.experiment.load import experiment_from
from assay.records import Dialect, Ended, OwnerKind
from assay.run.driver import DriveOptions
from assay.run.execute import execute
from assay.run.opening import open_run
from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.testing.tasks import make_task
from assay.testing.upstream import Received, Reply, ScriptedUpstream
from assay.testing.wire import streamed

MISSING = BubblewrapKind().probe()
pytestmark = pytest.mark.skipif(MISSING is not None, reason=f"no bubblewrap: {MISSING}")


async def test_the_run_waits_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-x")
    # The small built-in agent stands in for the client that the log-in belongs to.
    monkeypatch.setattr("assay.run.preflight.check_accounts", lambda design: None)
    (tmp_path / "suite").mkdir()
    for number in range(2):
        make_task(tmp_path / "suite", id=f"tiny-{number}")
    opens = time.time() + 2.5
    times: list[float] = []

    def window(received: Received) -> Reply:
        times.append(time.time())
        if time.time() >= opens:
            return streamed(Dialect.MESSAGES, "```python\nbroken\n```")
        headers = {
            "Content-Type": "application/json",
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-reset": str(opens),
        }
        said = {"type": "error", "error": {"type": "rate_limit_error", "message": "usage limit reached"}}
        return Reply(json.dumps(said).encode(), 429, headers)

    async with ScriptedUpstream(window) as upstream:
        what = experiment_from(
            name="window",
            folder=tmp_path,
            suite=str(tmp_path / "suite"),
            models=["anthropic/claude-x"],
            providers={
                "anthropic": {"base_url": upstream.url, "auth": "subscription", "price": {"input": 1, "output": 5}}
            },
            reps=1,
            retries=0,
        )
        folder = RunFolder(tmp_path / "out")
        done = await execute(what, folder, DriveOptions(concurrency=2, anchors=False))
    assert done.end.reason == "finished"
    run = await open_run(folder)
    attempts = [one for one in await run.ledger.attempts() if one.owner_kind is OwnerKind.TRIAL]
    given_back = [one for one in attempts if one.lost]
    await run.ledger.close()
    assert given_back
    assert all("usage window" in (one.ended_detail or "") for one in given_back)
    assert [one.ended for one in attempts if not one.lost] == [Ended.COMPLETED, Ended.COMPLETED]
    assert not [at for at in times[len(given_back) :] if at < opens], "nothing is asked while it is closed"
    assert run.lock.providers["anthropic"]["billing"] == "subscription"
    report = done.reading.render("md")
    assert "API-equivalent, not billed" in report
    assert "usage window of a subscription was used up" in report
