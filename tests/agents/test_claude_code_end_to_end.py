"""Claude Code itself, in the sandbox, on simulated models: what the gateway saw against all that it says of itself."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.agents.base import Launch, StepRequest
from assay.agents.claude_code import CONFIG, ClaudeCode, sub_agent
from assay.evidence.sources.base import Source
from assay.evidence.sources.claude_code import ACTIVE_TIME_GAP, OUTPUT_GAP, REJECTED_TOOLS_GAP
from assay.records import Ended, Role, Tokens
from assay.testing.agreement import assert_agreed, counted, facts, lookups, reports
from assay.testing.driving import Driven, drive_all, drive_one, missing_agent
from assay.testing.tasks import make_task

MISSING = missing_agent("claude-code")
pytestmark = [pytest.mark.agents, pytest.mark.skipif(MISSING is not None, reason=str(MISSING))]
TASK = ["bug-fix-01-last-page"]
CODER = {"name": "coder", "description": "Writes code", "model": "sub", "prompt": "You write code."}
PARTS = tuple(f"Part {number} of 2 (coder): look." for number in (1, 2))
LOOKS = {"coder": {"turns": [{"do": [{"run": "echo here"}]}, {"text": "looked"}]}}
TEAM = {
    "models": {"main": "lab/always", "sub": "lab/swift"},
    "profiles": {"team": {"agents": [CODER]}},
    "arms": [{"agent": "claude-code", "model": "main", "profile": "team"}],
}
ALONE = {"agent": "claude-code", "models": {"main": "lab/always"}}
TIMEOUT_S = 5
"""Long enough for it to start, to ask and to export on a busy machine."""
SOURCES = (Source.STREAM, Source.OTLP, Source.SESSION)


async def drive(root: Path, script: Mapping[str, Any] | None = None, **more: Any) -> Driven:
    settings = more.pop("settings", {}) | ({"lab_script": script} if script else {})
    given = more if "arms" in more else ALONE | more
    return await drive_one(root, **{"tasks": TASK, "settings": settings, **given})


async def drive_to_timeout(root: Path, script: Mapping[str, Any]) -> Driven:
    """The suite's own tasks state longer limits, which count."""
    make_task(root / "suite")
    return await drive(root, script, suite=str(root / "suite"), tasks=["tiny"], limits={"time_s": TIMEOUT_S})


def everything(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


async def test_a_plain_run_solves_alone_and_looks_up_no_name(tmp_path: Path) -> None:
    driven = await drive(tmp_path)
    assert (driven.attempt.ended, driven.outcome.solved) == (Ended.COMPLETED, True)
    found = assert_agreed(driven, SOURCES)
    assert found.inventory is not None
    # "Alone" is what the agent itself says: none registered, not even those that come with it.
    assert (found.inventory.sub_agents, found.registered, found.delegations) == ((), (), ())
    assert found.inventory.version == ClaudeCode().version()
    assert not {"Task", "Agent", "WebSearch", "WebFetch"} & set(found.inventory.tools or ())
    assert {tool.failed for tool in found.tool_calls} == {False}
    assert lookups(driven) == []
    assert {fact.role for fact in found.calls} == {Role.MAIN}
    assert all(fact.seen_by == 3 for fact in found.calls)


async def test_failed_tools(tmp_path: Path) -> None:
    writes = {"native": {"name": "Write", "input": {"file_path": "/workspace/paging.py", "content": "x"}}}
    turns = [{"do": [{"run": "exit 3"}]}, {"do": [{"read": "nope.txt"}]}, {"do": [writes]}, {"text": "Enough."}]
    driven = await drive(tmp_path, {"turns": turns})
    found = assert_agreed(driven, SOURCES)
    assert driven.attempt.ended is Ended.COMPLETED
    assert [(tool.tool, tool.failed, tool.exit_status, tool.error_class) for tool in found.tool_calls] == [
        ("Bash", True, 3, "exit_status"),
        ("Read", True, None, "not_found"),
        ("Write", True, None, "rejected"),
    ]
    # What is refused before it starts leaves no event in OTLP.
    otlp = reports(driven)[Source.OTLP]
    assert [tool.tool for tool in otlp.tool_calls] == ["Bash", "Read"]
    assert otlp.gaps == (REJECTED_TOOLS_GAP,)


@pytest.mark.parametrize("background", [False, True], ids=["parallel", "background"])
async def test_sub_agents_on_another_model(tmp_path: Path, background: bool) -> None:
    parts = [{"delegate": {"agent": "coder", "prompt": part, "background": background}} for part in PARTS]
    driven = await drive(tmp_path, {"turns": [{"do": parts}, {"text": "done"}], "agents": LOOKS}, **TEAM)
    assert driven.attempt.ended is Ended.COMPLETED
    found = assert_agreed(driven, SOURCES)
    assert found.registered == ("coder",)
    assert [(each.agent_name, each.model, each.calls) for each in found.delegations] == [("coder", "swift", 2)] * 2
    theirs = [fact for fact in found.calls if fact.call.model_requested == "swift"]
    assert {(fact.role, fact.agent_name) for fact in theirs} == {(Role.SUB_AGENT, "coder")}
    spent = sum((each.tokens for each in found.delegations), Tokens())
    assert counted(spent) == counted(sum((fact.call.tokens for fact in theirs), Tokens()))
    assert all(each.background is background for each in reports(driven)[Source.SESSION].delegations)
    assert {tool.agent_name for tool in found.tool_calls if tool.tool == "Bash"} == {"coder"}


async def test_an_error_of_the_provider_is_retried_and_costs_nothing(tmp_path: Path) -> None:
    driven = await drive(tmp_path, {"turns": [{"do": [{"run": "ls"}], "fault": "529-once"}, {"text": "done"}]})
    assert driven.attempt.ended is Ended.COMPLETED
    assert [call.status for call in driven.calls] == [529, 200, 200]
    found = assert_agreed(driven, SOURCES)
    assert (529, True) in {(error.status, error.retried) for error in found.errors}
    # Cost is ours to compute: an unknown model is priced as another by the agent, which is flagged.
    assert found.cost_differs is True


async def test_a_hung_model(tmp_path: Path) -> None:
    script = {"turns": [{"do": [{"run": "echo one"}]}, {"text": "never", "fault": "hang"}]}
    driven = await drive_to_timeout(tmp_path, script)
    assert driven.attempt.ended is Ended.TIMEOUT
    assert driven.attempt.spent
    assert driven.attempt.spent_is_lower_bound
    found = assert_agreed(driven, SOURCES)
    assert found.lower_bound
    assert [call.in_flight_at_kill for call in driven.calls] == [False, True]
    told = reports(driven)
    # An interrupt lets it say its result and flush its telemetry, all but the active time.
    assert told[Source.STREAM].finished
    assert told[Source.OTLP].gaps == (ACTIVE_TIME_GAP,)


async def test_a_hung_tool(tmp_path: Path) -> None:
    driven = await drive_to_timeout(tmp_path, {"turns": [{"do": [{"run": "sleep 600"}]}]})
    assert driven.attempt.ended is Ended.TIMEOUT
    found = assert_agreed(driven, SOURCES)
    assert [(tool.tool, tool.failed) for tool in found.tool_calls] == [("Bash", None)]
    # Interrupted in a tool, it flushes and closes its session; whether it still prints its result is a matter of luck.
    told = reports(driven)
    assert told[Source.STREAM].gaps == (() if told[Source.STREAM].finished else (OUTPUT_GAP,))
    assert told[Source.OTLP].finished
    assert told[Source.OTLP].gaps == (ACTIVE_TIME_GAP,)


async def test_a_kill_without_grace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launch = ClaudeCode.launch

    def at_once(self: ClaudeCode, request: StepRequest) -> Launch:
        return replace(launch(self, request), grace_s=(0.0, 0.0))

    monkeypatch.setattr(ClaudeCode, "launch", at_once)
    script = {"turns": [{"do": [{"run": "echo one"}]}, {"do": [{"run": "sleep 600"}]}]}
    driven = await drive_to_timeout(tmp_path, script)
    assert driven.attempt.ended is Ended.TIMEOUT
    assert driven.attempt.spent
    # Exported every half second, and written to the session file at each answer: nothing is lost but the ends.
    assert_agreed(driven, SOURCES)
    told = reports(driven)
    assert not any(report.finished for report in told.values())
    assert told[Source.STREAM].totals is None


async def test_arms_that_differ_in_a_sub_agent_are_two_and_the_key_stays_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "sk-ant-real-secret"
    monkeypatch.setenv("ANTHROPIC_API_KEY", secret)
    other = CODER | {"prompt": "You write tests."}
    script = {"turns": [{"do": [{"run": "env"}]}, {"text": "done"}]}
    arms = [{"agent": "claude-code", "model": "main", "profile": name} for name in ("team", "others")]
    profiles = {"team": {"agents": [CODER]}, "others": {"agents": [other]}}
    both = TEAM | {"arms": arms, "profiles": profiles, "settings": {"lab_script": script}}
    trials = await drive_all(tmp_path, tasks=TASK, **both)
    assert len({trial.outcome.trial.arm for trial in trials}) == 2
    for trial in trials:
        assert trial.attempt.ended is Ended.COMPLETED
        assert reports(trial)[Source.STREAM].tool_calls[0].exit_status == 0
        assert "ANTHROPIC_API_KEY=dummy" in everything(trial.folder)
        assert secret not in everything(trial.folder)


async def test_a_sub_agent_of_the_user_that_the_arm_does_not_declare_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = ClaudeCode.launch
    stray = {"name": "stray", "description": "Was lying around", "prompt": "You help."}

    def in_home(self: ClaudeCode, request: StepRequest) -> Launch:
        made = launch(self, request)
        return replace(made, files={**made.files, f"{CONFIG}/agents/stray.md": sub_agent(stray)})

    monkeypatch.setattr(ClaudeCode, "launch", in_home)
    driven = await drive(tmp_path, {"turns": [{"text": "done"}]})
    found = facts(driven)
    assert found.leaked == ("leaked: sub-agent stray",)
    assert [error.message for error in found.errors if error.kind == "inventory"] == ["leaked: sub-agent stray"]
    shown = (driven.run.root / "report.md").read_text()
    assert "sub-agent stray" in shown
