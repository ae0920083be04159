import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assay.agents.base import Launch, Reading, StepRequest
from assay.records import Arm, Dialect, Ended
from assay.sandboxes.base import Exit, ExitRecord, Mount
from assay.suites.base import Task
from assay.testing.agent import ScriptedAgent, check_agent, run_on_host, step_request
from assay.testing.tasks import make_task


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_task(tmp_path / "tasks")


class Restless(ScriptedAgent):
    def launch(self, request: StepRequest) -> Launch:
        made = super().launch(request)
        return replace(made, env={"N": str(len(self.requests))})


class Climbing(ScriptedAgent):
    def launch(self, request: StepRequest) -> Launch:
        return Launch(("/bin/true",), files={"/etc/passwd": b""})


class Writing(ScriptedAgent):
    def mounts(self, arm: Arm) -> Sequence[Mount]:
        return (Mount(Path("/"), "/host", writable=True),)


class Blaming(ScriptedAgent):
    def read(self, request: StepRequest, output: Path, exit_record: ExitRecord) -> Reading:
        return Reading(Ended.INFRASTRUCTURE)


class Raising(ScriptedAgent):
    def read(self, request: StepRequest, output: Path, exit_record: ExitRecord) -> Reading:
        return Reading(detail=str(json.loads(output.read_text())))


class Deaf(ScriptedAgent):
    dialects = frozenset({Dialect.CHAT})


def test_the_double_passes(task: Task) -> None:
    check_agent(ScriptedAgent({"calc.py": b"x = 1\n"}), task)


@pytest.mark.parametrize("wrong", [Restless, Climbing, Writing, Blaming, Raising, Deaf])
def test_what_breaks_a_promise_is_found(task: Task, wrong: type[ScriptedAgent]) -> None:
    with pytest.raises((AssertionError, ValueError, OSError)):
        check_agent(wrong(), task)


@pytest.mark.parametrize("ended", [Ended.OVER_BUDGET, Ended.ASKED, Ended.REFUSED, None])
def test_an_agent_may_say_how_its_own_step_ended(task: Task, ended: Ended | None) -> None:
    check_agent(ScriptedAgent(reading=Reading(ended)), task)


def test_the_double_does_as_told(task: Task, tmp_path: Path) -> None:
    agent = ScriptedAgent({"calc.py": b"x = 1\n"}, output="said\n", exit_code=3)
    request = step_request(task, agent=agent, dialect=None)
    output, record = run_on_host(agent, request, tmp_path)
    assert (record.reason, record.exit_code) == (Exit.EXITED, 3)
    assert (tmp_path / "workspace" / "calc.py").read_bytes() == b"x = 1\n"
    assert [json.loads(line)["text"] for line in output.read_text().splitlines()] == ["said"]
    assert agent.requests == [request]


def test_a_slow_double_meets_the_clock(task: Task, tmp_path: Path) -> None:
    agent = ScriptedAgent(sleep_s=30)
    _, record = run_on_host(agent, step_request(task, agent=agent, dialect=None), tmp_path, timeout_s=0.2)
    assert record.reason is Exit.TIMEOUT
