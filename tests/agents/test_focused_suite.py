"""The whole suite ``focused`` through real agents, in sandboxes, on a simulated model that always knows the answer."""

from pathlib import Path

import pytest

from assay.records import Ended
from assay.testing.driving import drive_all, missing_agent

AGENTS = ("claude-code", "codex", "opencode")


@pytest.mark.agents
@pytest.mark.slow
@pytest.mark.parametrize("agent", AGENTS)
async def test_the_suite_is_completed_and_solved(agent: str, tmp_path: Path) -> None:
    missing = missing_agent(agent)
    if missing:
        pytest.skip(missing)
    trials = await drive_all(tmp_path, agent=agent, models=["lab/always"], concurrency=2)
    assert len(trials) == 24
    ended = {trial.outcome.trial.task: trial.attempt.ended for trial in trials}
    assert ended == dict.fromkeys(ended, Ended.COMPLETED)
    assert [trial.outcome.trial.task for trial in trials if trial.outcome.solved is not True] == []
    assert all(trial.outcome.tokens_known and trial.outcome.cost for trial in trials)
