"""The agent ``api`` where it lives: in a sandbox without a network, through the gateway, against the Lab."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from assay.agents.anchors import Empty, Nop, Oracle
from assay.agents.api import ApiAgent
from assay.agents.base import Agent, Reading
from assay.errors import SandboxError
from assay.gateway.base import Totals, Upstream, Visitor
from assay.gateway.server import GatewayServer
from assay.lab.models import STEADY
from assay.lab.server import LabServer
from assay.records import Dialect, Ended, OwnerKind
from assay.sandboxes.base import Deadlines, ExitRecord, SandboxKind, SandboxSpec
from assay.sandboxes.kinds import sandbox_kind
from assay.sandboxes.toolchain import toolchain
from assay.suites.base import Step, Task
from assay.testing.agent import step_request
from assay.testing.tasks import make_task


def kinds() -> list[object]:
    """Real sandboxes of this machine; what cannot run here is skipped by name."""
    found: list[object] = []
    for name in ("bubblewrap", "unsafe-host"):
        try:
            found.append(pytest.param(sandbox_kind(name), id=name))
        except SandboxError as error:
            found.append(pytest.param(None, id=name, marks=pytest.mark.skip(reason=str(error))))
    return found


@dataclass
class Bench:
    lab: LabServer
    gateway: GatewayServer
    task: Task
    folder: Path


@dataclass
class Ran:
    readings: list[Reading]
    records: list[ExitRecord]
    totals: Totals
    calc: bytes
    log: str


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    task = make_task(tmp_path / "tasks")
    async with await LabServer.start({"tiny": task}, seed=5, time_scale=0.001) as lab:
        gateway = await GatewayServer.start(tmp_path / "g.sock")
        yield Bench(lab, gateway, task, tmp_path)
        await gateway.stop()


async def live(bench: Bench, kind: SandboxKind, agent: Agent, model: str = "always", *, fault: str = "") -> Ran:
    """Live through the steps of the task as a trial does."""
    provider = bench.lab.provider()
    visitor = Visitor(
        OwnerKind.TRIAL,
        "trial-1",
        "attempt-1",
        {model: Upstream(provider, model)} if agent.dialects else {},
        bench.folder / "evidence",
        labels={"trial": "trial-1", "task": "tiny", "type": "bug-fix", "variant": "", "fault": fault},
    )
    visitor.folder.mkdir()
    door = bench.gateway.open(visitor)
    chain = toolchain()
    dialect = Dialect.MESSAGES if agent.dialects else None
    arm = step_request(bench.task, agent=agent, model=model).arm
    scratch = bench.folder / "scratch"
    scratch.mkdir(mode=0o711)
    spec = SandboxSpec(
        "attempt-1", bench.task.start, scratch, bench.gateway.socket, (*chain.mounts, *agent.mounts(arm))
    )
    readings, records = [], []
    async with kind.open(spec) as sandbox:
        for number in range(len(bench.task.steps)):
            door.set_step(number)
            request = step_request(bench.task, agent=agent, model=model, step=number, dialect=dialect)
            request = replace(request, base_urls=door.base_urls(sandbox.door_url or ""))
            launch = agent.launch(request)
            for path, data in launch.files.items():
                await sandbox.write(path, data)
            records.append(await sandbox.run(launch.argv, env={**chain.env, **launch.env}, deadlines=Deadlines(20)))
            readings.append(agent.read(request, sandbox.output(), records[-1]))
        calc = await sandbox.read("/workspace/calc.py")
    totals = await door.close()
    log = visitor.folder / "gateway.jsonl"
    return Ran(readings, records, totals, calc, log.read_text() if log.exists() else "")


@pytest.mark.parametrize("kind", kinds())
async def test_an_answer_comes_back_metered_and_priced(bench: Bench, kind: SandboxKind) -> None:
    ran = await live(bench, kind, ApiAgent(), "steady")
    (reading,), (record,) = ran.readings, ran.records
    assert (reading.ended, record.exit_code) == (None, 0), (reading, record)
    assert (ran.totals.calls, ran.totals.simulated, ran.totals.provider_errors) == (1, True, 0)
    prompt, output = ran.totals.tokens.prompt, ran.totals.tokens.output
    assert prompt is not None
    assert output is not None
    nano_per_token = {name: round(rate * 1000) for name, rate in STEADY.price.items()}
    assert ran.totals.cost == prompt * nano_per_token["input"] + output * nano_per_token["output"]
    assert ran.totals.simulated_ms > 100
    assert ran.calc in {bench.task.graded_files(one.name)["calc.py"] for one in bench.task.graded}


@pytest.mark.parametrize("kind", kinds()[:1])
async def test_a_later_step_is_another_call_that_sees_the_work_so_far(bench: Bench, kind: SandboxKind) -> None:
    bench.task = replace(bench.task, steps=(Step(bench.task.instruction), Step("Again.")))
    bench.lab._tasks = {"tiny": bench.task}
    ran = await live(bench, kind, ApiAgent(), "always")
    assert [reading.ended for reading in ran.readings] == [None, None]
    assert ran.totals.calls == 2
    steps = [json.loads(line).get("step") for line in ran.log.splitlines()]
    assert {0, 1} <= set(steps)


@pytest.mark.parametrize("kind", kinds()[:1])
@pytest.mark.parametrize(
    ("fault", "ended"), [("529", Ended.PROVIDER_ERROR), ("cut", Ended.PROVIDER_ERROR), ("refusal", Ended.REFUSED)]
)
async def test_faults_reach_the_reading_through_all_layers(
    bench: Bench, kind: SandboxKind, fault: str, ended: Ended
) -> None:
    ran = await live(bench, kind, ApiAgent(), fault=fault)
    assert ran.readings[0].ended is ended, ran.readings
    assert ran.calc == bench.task.start_files()["calc.py"]
    assert ran.totals.last_call_failed is (ended is Ended.PROVIDER_ERROR)


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("anchor", [Oracle(), Nop(), Empty()], ids=lambda anchor: str(anchor.name))
async def test_anchors_take_the_same_path(bench: Bench, kind: SandboxKind, anchor: Agent) -> None:
    ran = await live(bench, kind, anchor)
    assert (ran.readings[0].ended, ran.records[0].exit_code) == (None, 0), ran.records
    expected = {"oracle": bench.task.solution_files()["calc.py"], "nop": bench.task.start_files()["calc.py"]}
    assert ran.calc == expected.get(anchor.name, b"")
    assert ran.totals.calls == 0
