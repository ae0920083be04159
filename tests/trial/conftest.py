"""A whole environment for one attempt: real sandbox, gateway, Lab and ledger."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from assay.agents.base import Agent
from assay.agents.kinds import agent
from assay.evidence.layout import RunFolder
from assay.gateway.base import Upstream
from assay.gateway.meter import LocalMeter
from assay.gateway.server import GatewayServer
from assay.lab.server import LabServer
from assay.ledger.sqlite import SqliteLedger
from assay.records import Arm, Attempt, Dialect, Ended, OwnerKind, Score, Trial, trial_id
from assay.sandboxes.base import Limits
from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.sandboxes.toolchain import toolchain
from assay.scorers.base import Subject
from assay.scorers.executed import Executed
from assay.suites.base import Task
from assay.testing.tasks import make_task
from assay.trial.environment import Route, TrialEnvironment, TrialLimits
from assay.trial.life import run_trial


@dataclass
class Bench:
    """Runs one trial of one arm on the tiny task and scores it."""

    env: TrialEnvironment
    task: Task
    lab: LabServer
    ledger: SqliteLedger

    async def live(self, arm: Arm, *, double: Agent | None = None, limits: TrialLimits | None = None) -> Attempt:
        trial = Trial(trial_id(arm.id, self.task.hash, 0), "run", arm.id, self.task.id, self.task.hash, 0, 0)
        await self.ledger.plan([trial])
        upstreams = {arm.model: Upstream(self.lab.provider(ids=[arm.model]), arm.model)} if arm.model else {}
        env = replace(
            self.env,
            trials={trial.id: trial},
            arms={arm.id: arm},
            routes={arm.id: Route(upstreams, Dialect.MESSAGES if arm.model else None)},
            limits=limits or self.env.limits,
            agents=(lambda _: double) if double is not None else agent,
        )
        assert isinstance(await run_trial(trial.id, env), Ended)
        attempt = await self.ledger.latest_attempt(OwnerKind.TRIAL, trial.id)
        assert attempt is not None
        return attempt

    async def score(self, attempt: Attempt) -> Sequence[Score]:
        tools = toolchain()
        subject = Subject(
            attempt,
            self.task,
            self.evidence(attempt),
            self.env.folder.root / "scores" / attempt.id,
            self.env.scratch,
            tools.mounts,
            tools.python,
            tools.env,
        )
        return await Executed(tools.hash).score(subject, self.env.sandboxes)

    async def solved(self, attempt: Attempt) -> tuple[float | None, str | None]:
        (score,) = [score for score in await self.score(attempt) if score.metric == "solved"]
        return score.value, score.reason

    def evidence(self, attempt: Attempt) -> Path:
        return self.env.folder.attempt(attempt.owner, attempt.number)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    kind = BubblewrapKind()
    missing = kind.probe()
    if missing is not None:
        pytest.skip(f"no bubblewrap: {missing}")
    task = make_task(tmp_path / "suite")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    ledger = SqliteLedger(":memory:", "run")
    lab = await LabServer.start({task.id: task}, seed=1, time_scale=0.001)
    gateway = await GatewayServer.start(tmp_path / "g.sock", meter=LocalMeter(), on_price=ledger.record_price)
    env = TrialEnvironment(
        ledger=ledger,
        gateway=gateway,
        sandboxes=kind,
        agents=agent,
        toolchains=toolchain,
        folder=RunFolder(tmp_path / "run"),
        scratch=scratch,
        trials={},
        arms={},
        tasks={task.hash: task},
        routes={},
        limits=TrialLimits(time_s=30, sandbox=Limits(memory_bytes=512 << 20, processes=64)),
        worker="here/1",
    )
    yield Bench(env, task, lab, ledger)
    await gateway.stop()
    await lab.stop()
    await ledger.close()
