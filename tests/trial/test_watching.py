import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.evidence.calls import read_calls
from assay.gateway.base import Activity, Budget
from assay.identity import Json
from assay.records import Arm, Ended
from assay.testing.agent import ScriptedAgent
from assay.trial.environment import StuckLimits, TrialLimits
from assay.trial.watching import TRUNCATION_BYTES, Watch

if TYPE_CHECKING:
    from tests.trial.conftest import Bench

MODEL = Arm("scripted", "0", "always", "lab")
SOON = TrialLimits(time_s=20, stuck=StuckLimits(no_progress_s=0.6))


HUNG = Arm("api", "0", "always", "lab", settings={"lab_fault": "hang"})


async def test_a_hung_model_is_a_standstill_with_a_lower_bound(bench: "Bench") -> None:
    attempt = await bench.live(HUNG, limits=SOON)
    assert (attempt.ended, attempt.ended_detail) == (Ended.STUCK, "no output and no answer for 0.6 s")
    assert attempt.spent_is_lower_bound
    (call,) = read_calls(bench.evidence(attempt))
    assert call.in_flight_at_kill


async def test_a_timeout_in_a_hung_model_tells_what_it_spent_at_least(bench: "Bench") -> None:
    attempt = await bench.live(HUNG, limits=TrialLimits(time_s=1.0))
    assert attempt.ended is Ended.TIMEOUT
    assert attempt.spent_is_lower_bound
    (call,) = read_calls(bench.evidence(attempt))
    assert call.in_flight_at_kill


@pytest.mark.parametrize(
    ("script", "ended"),
    [
        ("for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.2; done", Ended.COMPLETED),
        ("echo begun; sleep 30", Ended.STUCK),
    ],
)
async def test_whoever_prints_goes_on(bench: "Bench", script: str, ended: Ended) -> None:
    attempt = await bench.live(MODEL, double=ScriptedAgent(script=script), limits=SOON)
    assert attempt.ended is ended


async def test_what_has_no_model_is_never_stuck(bench: "Bench") -> None:
    attempt = await bench.live(Arm("scripted", "0", "", ""), double=ScriptedAgent(sleep_s=1.2), limits=SOON)
    assert attempt.ended is Ended.COMPLETED


async def test_an_arm_may_have_its_own_patience(bench: "Bench") -> None:
    arm = replace(MODEL, settings={"no_progress_s": 0.5})
    attempt = await bench.live(arm, double=ScriptedAgent(sleep_s=30))
    assert (attempt.ended, attempt.ended_detail) == (Ended.STUCK, "no output and no answer for 0.5 s")


async def test_a_stuck_attempt_is_graded_as_it_stood(bench: "Bench") -> None:
    solution = bench.task.solution_files()["calc.py"]
    double = ScriptedAgent({"calc.py": solution}, sleep_s=30)
    attempt = await bench.live(MODEL, double=double, limits=SOON)
    assert attempt.ended is Ended.STUCK
    assert (await bench.solved(attempt))[0] == 1.0


async def test_over_budget_leaves_time_for_last_words(bench: "Bench") -> None:
    (bench.task.start / "call.py").write_text(
        "import json,os,signal,sys,time,urllib.request as u\n"
        "signal.signal(signal.SIGINT, lambda *_: (print('flushed', flush=True), sys.exit(0)))\n"
        "body=json.dumps({'model':'always','max_tokens':9,'messages':[{'role':'user','content':'hi'}]}).encode()\n"
        "u.urlopen(u.Request(os.environ['ANTHROPIC_BASE_URL']+'/v1/messages',body,{'content-type':'application/json'}))\n"
        "time.sleep(20)\n"
    )
    settings: dict[str, Json] = {"command": ["/opt/toolchain/bin/python", "call.py"]}
    arm = Arm("command", "0", "always", "lab", settings=settings)
    attempt = await bench.live(arm, limits=TrialLimits(time_s=20, budget=Budget(tokens=5)))
    assert attempt.ended is Ended.OVER_BUDGET
    assert "flushed" in (bench.evidence(attempt) / "steps" / "0" / "stream.jsonl").read_text()


def test_the_same_call_again_and_again_is_told_with_its_name(tmp_path: Path) -> None:
    watch = Watch(StuckLimits(no_progress_s=None), 16 << 20, now=0.0)
    assert watch.look(tmp_path / "none", Activity(0.0, 0, ("Bash", 4))) is None
    told = watch.look(tmp_path / "none", Activity(0.0, 0, ("Bash", 5)))
    assert told == "called Bash with the same arguments 5 times"


def test_output_that_met_its_cap_says_nothing(tmp_path: Path) -> None:
    output = tmp_path / "output.jsonl"
    output.write_bytes(b"x" * 1000)
    limits, quiet = StuckLimits(no_progress_s=0.01), Activity(0.0)
    seeing = Watch(limits, TRUNCATION_BYTES + 1001, now=0.0)
    blind = Watch(limits, TRUNCATION_BYTES + 999, now=0.0)
    for watch in (seeing, blind):
        assert watch.look(output, quiet) is None, "it has just grown"
    time.sleep(0.02)
    assert seeing.look(output, quiet) == "no output and no answer for 0.01 s"
    assert blind.look(output, quiet) is None
