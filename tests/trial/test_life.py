import json
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.agents.base import Reading
from assay.errors import LedgerError, SandboxError
from assay.evidence.calls import read_calls
from assay.evidence.layout import evidence_id
from assay.gateway.base import Budget
from assay.identity import Json
from assay.records import Arm, Ended
from assay.sandboxes.base import Limits
from assay.testing.agent import ScriptedAgent
from assay.trial.environment import TrialLimits

if TYPE_CHECKING:
    from tests.trial.conftest import Bench

SCRIPTED = Arm("scripted", "0", "", "")


def lab_arm(model: str, settings: Mapping[str, Json] | None = None) -> Arm:
    return Arm("api", "0", model, "lab", settings=settings or {})


async def test_a_solved_trial_leaves_everything_behind(bench: "Bench") -> None:
    attempt = await bench.live(lab_arm("always"))
    assert attempt.ended is Ended.COMPLETED
    assert attempt.simulated
    evidence = bench.evidence(attempt)
    (call,) = read_calls(evidence)
    assert attempt.spent == call.cost
    assert not attempt.spent_is_lower_bound
    assert {path.name for path in (evidence / "steps" / "0").iterdir()} == {
        "stream.jsonl",
        "workspace.json",
        "workspace.tar",
        "status.json",
    }
    assert await bench.solved(attempt) == (1.0, None)
    assert not list(bench.env.scratch.iterdir()), "no sandbox leaves files behind"


async def test_a_wrong_answer_is_a_completed_failure(bench: "Bench") -> None:
    attempt = await bench.live(lab_arm("never"))
    assert attempt.ended is Ended.COMPLETED
    assert (await bench.solved(attempt))[0] == 0.0


async def test_an_answer_written_after_the_deadline_is_not_graded(bench: "Bench") -> None:
    answer = bench.task.solution_files()["calc.py"].decode()
    script = f"trap '' INT TERM; setsid sh -c 'sleep 3; cat > calc.py' <<'EOF' &\n{answer}\nEOF\nsleep 60"
    limits = TrialLimits(time_s=0.5, sandbox=Limits())
    attempt = await bench.live(SCRIPTED, double=ScriptedAgent(script=script), limits=limits)
    assert attempt.ended is Ended.TIMEOUT
    assert (await bench.solved(attempt))[0] == 0.0


async def test_an_answer_written_before_a_timeout_counts(bench: "Bench") -> None:
    double = ScriptedAgent({"calc.py": bench.task.solution_files()["calc.py"]}, sleep_s=30)
    attempt = await bench.live(SCRIPTED, double=double, limits=TrialLimits(time_s=0.5))
    assert attempt.ended is Ended.TIMEOUT
    assert await bench.solved(attempt) == (1.0, None)


@pytest.mark.parametrize(
    ("fault", "ended"),
    [
        ("529", Ended.PROVIDER_ERROR),
        ("429", Ended.PROVIDER_ERROR),
        ("cut", Ended.PROVIDER_ERROR),
        ("refusal", Ended.REFUSED),
    ],
)
async def test_a_provider_failure_is_not_a_model_failure(bench: "Bench", fault: str, ended: Ended) -> None:
    attempt = await bench.live(lab_arm("always", {"lab_fault": fault}))
    assert attempt.ended is ended
    expected = None if ended.is_ours else 0.0
    assert (await bench.solved(attempt))[0] == expected


async def test_a_hung_model_is_a_timeout_with_a_lower_bound(bench: "Bench") -> None:
    attempt = await bench.live(lab_arm("always", {"lab_fault": "hang"}), limits=TrialLimits(time_s=1.0))
    assert attempt.ended is Ended.TIMEOUT
    assert attempt.spent_is_lower_bound
    (call,) = read_calls(bench.evidence(attempt))
    assert call.in_flight_at_kill


async def test_a_used_up_budget_ends_the_attempt(bench: "Bench") -> None:
    limits = TrialLimits(time_s=20, budget=Budget(tokens=10))
    settings: dict[str, Json] = {
        "command": ["sh", "-c", "for i in 1 2 3; do /opt/toolchain/bin/python call.py; done; sleep 20"]
    }
    call = (
        "import json,os,urllib.request as u\n"
        "body={'model':'always','max_tokens':100,'messages':[{'role':'user','content':'hi'}]}\n"
        "r=u.Request(os.environ['ANTHROPIC_BASE_URL']+'/v1/messages',json.dumps(body).encode(),"
        "{'content-type':'application/json'})\n"
        "print(u.urlopen(r).status)\n"
    )
    (bench.task.start / "call.py").write_text(call)
    arm = Arm("command", "0", "always", "lab", settings=settings)
    attempt = await bench.live(arm, limits=limits)
    assert attempt.ended is Ended.OVER_BUDGET
    assert attempt.spent


@pytest.mark.parametrize(
    ("script", "ended"),
    [
        ("exit 7", Ended.AGENT_CRASH),
        ("kill -SEGV $$", Ended.AGENT_CRASH),
        ("no-such-program", Ended.AGENT_CRASH),
        ("head -c 400000000 /dev/zero | tail -c 390000000 | tail -c 380000000 >/dev/null; true", Ended.AGENT_CRASH),
    ],
)
async def test_what_an_agent_does_to_itself_is_its_outcome(bench: "Bench", script: str, ended: Ended) -> None:
    limits = TrialLimits(time_s=20, sandbox=Limits(memory_bytes=200 << 20))
    attempt = await bench.live(SCRIPTED, double=ScriptedAgent(script=script), limits=limits)
    assert attempt.ended is ended
    assert attempt.ended_detail
    assert (await bench.solved(attempt))[0] == 0.0


async def test_what_the_agent_says_of_itself_is_recorded(bench: "Bench") -> None:
    double = ScriptedAgent(reading=Reading(ended=Ended.ASKED, detail="it asked a question"))
    attempt = await bench.live(SCRIPTED, double=double)
    assert (attempt.ended, attempt.ended_detail) == (Ended.ASKED, "it asked a question")


async def test_a_sandbox_that_cannot_start_is_infrastructure(bench: "Bench", monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise SandboxError("no namespaces", remedy="allow them")

    monkeypatch.setattr(type(bench.env.sandboxes), "open", refuse)
    attempt = await bench.live(SCRIPTED, double=ScriptedAgent())
    assert attempt.ended is Ended.INFRASTRUCTURE
    assert await bench.solved(attempt) == (None, "infrastructure")
    pending = await bench.ledger.pending()
    assert pending == [attempt.owner], "it is owed once more"


async def test_a_broken_agent_is_a_row(bench: "Bench", monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> Reading:
        raise ZeroDivisionError("in read")

    double = ScriptedAgent()
    monkeypatch.setattr(ScriptedAgent, "read", explode)
    attempt = await bench.live(SCRIPTED, double=double)
    assert attempt.ended is Ended.HARNESS_ERROR
    assert "ZeroDivisionError" in str(attempt.ended_detail)


async def test_books_that_cannot_be_kept_stop_everything(bench: "Bench", monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> bool:
        raise LedgerError("the ledger refuses: database or disk is full") from sqlite3.OperationalError("disk full")

    monkeypatch.setattr(type(bench.ledger), "settle", full)
    with pytest.raises(LedgerError, match="disk is full"):
        await bench.live(SCRIPTED, double=ScriptedAgent())


async def test_evidence_is_sealed_under_its_hash(bench: "Bench") -> None:
    attempt = await bench.live(SCRIPTED, double=ScriptedAgent({"new.py": b"x = 1\n"}))
    folder = bench.evidence(attempt)
    row = bench.ledger._db.execute("SELECT evidence FROM attempts WHERE id=?", (attempt.id,)).fetchone()
    assert row[0] == evidence_id(folder)
    status = folder / "steps" / "0" / "status.json"
    assert status.stat().st_mode & 0o222 == 0
    status.chmod(0o644)
    status.write_text(json.dumps({}))
    assert row[0] != evidence_id(folder)


async def test_follow_up_steps_see_the_visible_tests(bench: "Bench") -> None:
    step = bench.task.steps[0]
    follow = replace(step, prompt="Correct what the tests show.", feedback="visible_tests")
    task = replace(bench.task, steps=(step, follow))
    (Path(task.start) / "test_visible.py").write_text("def test_no():\n    assert 1 == 2\n")
    bench.task = task
    bench.env = replace(bench.env, tasks={task.hash: task})
    attempt = await bench.live(lab_arm("aloud"))
    assert attempt.ended is Ended.COMPLETED
    calls = read_calls(bench.evidence(attempt))
    assert [call.step for call in calls] == [0, 1]


@pytest.mark.parametrize(("model", "steps"), [("always", [0]), ("never", [0, 1, 2])])
async def test_follow_ups_of_a_variant_are_skipped_once_visible_tests_pass(
    bench: "Bench", model: str, steps: list[int]
) -> None:
    visible = (
        "import calc\n\n\ndef test_mean():\n    assert calc.mean([]) == 0.0\n    assert calc.mean([1, 2]) == 1.5\n"
    )
    (bench.task.start / "test_visible.py").write_text(visible)
    arm = replace(lab_arm(model), variant={"follow_ups": ["{test_results}\nFix it.", "Again."]})
    attempt = await bench.live(arm)
    assert attempt.ended is Ended.COMPLETED
    assert [call.step for call in read_calls(bench.evidence(attempt))] == steps
