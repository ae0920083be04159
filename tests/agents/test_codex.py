"""Codex itself, in the sandbox, on simulated models: what the gateway saw against what it says of itself."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.agents.base import StepRequest
from assay.agents.codex import Codex
from assay.agents.codex_config import CODEX_HOME, config_files
from assay.agents.inside.codex_start import catalogue
from assay.agents.toml import toml
from assay.evidence.sources.base import Scope, Source
from assay.evidence.sources.codex_session import LOST_THREAD_GAP
from assay.evidence.sources.codex_stream import FAILED_PATCH_GAP, OPEN_TURN_GAP
from assay.records import Arm, Dialect, Ended, Role, Tokens
from assay.sandboxes.base import Exit, ExitRecord
from assay.testing.agreement import answered, by_model, facts, lookups, reports, total
from assay.testing.driving import Driven, drive_one, missing_agent
from assay.testing.tasks import make_task

MISSING = missing_agent("codex")
real = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
TASK = ["bug-fix-01-last-page"]
CODER = {"name": "coder", "description": "Writes code", "model": "sub", "effort": "high", "prompt": "You write code."}
TEAM: dict[str, Any] = {
    "models": {"main": "lab/always", "sub": "lab/swift"},
    "arms": [{"agent": "codex", "model": "main"}],
    "profiles": {"team": {"agents": [CODER]}},
}
BAD_PATCH = "*** Begin Patch\n*** Update File: nope.py\n@@\n-a\n+b\n*** End Patch\n"


async def drive(root: Path, script: Mapping[str, Any] | None = None, **more: Any) -> Driven:
    settings = more.pop("settings", {}) | ({"lab_script": script} if script else {})
    given = {"agent": "codex", "models": {"main": "lab/always"}, "tasks": TASK} | more
    return await drive_one(root, **given, settings=settings)


@real
@pytest.mark.agents
async def test_a_plain_run_solves_and_all_sources_agree(tmp_path: Path) -> None:
    driven = await drive(tmp_path)
    assert (driven.attempt.ended, driven.outcome.solved) == (Ended.COMPLETED, True)
    told = reports(driven)
    assert {told[source].sum() for source in told} == {total(driven.calls)}
    assert by_model(told[Source.SESSION].calls) == by_model(told[Source.OTLP].calls) == by_model(driven.calls)
    assert [c.response_id for c in told[Source.SESSION].calls] == [c.response_id for c in driven.calls]
    assert all(report.finished and not report.problems and not report.unknown for report in told.values())
    inventory = told[Source.SESSION].inventory
    assert inventory is not None
    assert (inventory.version, inventory.sub_agents) == (Codex().version(), ()), "alone means that none is registered"
    assert facts(driven).leaked == ()
    assert {use.failed for use in told[Source.SESSION].tool_calls} == {False}
    assert not (driven.folder / "home" / ".codex" / "config.toml").exists(), "it holds the door's address"
    assert not lookups(driven), "it asks no name server anything (None = this sandbox cannot tell)"


@real
@pytest.mark.agents
async def test_failed_tools_are_told_by_exit_status_and_a_failed_patch_leaves_no_item(tmp_path: Path) -> None:
    looks = {"run": "command -v python pytest; env | grep -c -e ASSAY -e OTEL"}
    patch = {"native": {"name": "apply_patch", "custom": True, "input": BAD_PATCH}}
    script = {"turns": [{"do": [looks, {"run": "exit 3"}]}, {"do": [patch]}, {"text": "ok"}]}
    driven = await drive(tmp_path, script)
    told = reports(driven)
    assert {told[source].sum() for source in told} == {total(driven.calls)}
    seen = [(u.tool, u.failed, u.exit_status, u.error_class) for u in told[Source.SESSION].tool_calls]
    known = [
        ("exec_command", True, 1, "exit_status"),
        ("exec_command", True, 3, "exit_status"),
        ("apply_patch", True, None, "invalid_input"),
    ]
    assert seen == known
    assert sorted(known, key=str) == sorted(
        ((u.tool, u.failed, u.exit_status, u.error_class) for u in told[Source.OTLP].tool_calls), key=str
    )
    assert FAILED_PATCH_GAP in told[Source.STREAM].gaps
    assert [use.tool for use in told[Source.STREAM].tool_calls] == ["exec_command"] * 2
    printed = (driven.folder / "steps" / "0" / "stream.jsonl").read_text()
    assert "/opt/toolchain/bin/python" in printed, "commands have the task's tools"


@real
@pytest.mark.agents
async def test_parallel_sub_agents_on_another_model(tmp_path: Path) -> None:
    parts = [{"delegate": {"agent": "coder", "prompt": f"Part {k} of 2 (coder): look."}} for k in (1, 2)]
    script = {
        "turns": [{"do": parts}, {"text": "done"}],
        "agents": {"coder": {"turns": [{"do": [{"run": "echo here; exit 4"}]}, {"text": "looked"}]}},
    }
    driven = await drive(tmp_path, script, **TEAM)
    told = reports(driven)
    theirs = [call for call in driven.calls if call.model_requested == "swift"]
    mine = [call for call in driven.calls if call.model_requested == "always"]
    assert (len(theirs), all(call.hints.get("x-openai-subagent") for call in theirs)) == (4, True)
    assert told[Source.SESSION].sum() == told[Source.OTLP].sum() == total(driven.calls)
    assert by_model(told[Source.SESSION].calls) == by_model(told[Source.OTLP].calls) == by_model(driven.calls)
    assert (told[Source.STREAM].scope, told[Source.STREAM].sum()) == (Scope.MAIN, total(mine))
    found = facts(driven)
    assert (found.leaked, found.registered) == ((), ("coder",))
    assert found.inventory is not None
    assert found.inventory.sub_agents == ("coder", "default", "explorer", "worker"), "its own come with declared ones"
    delegations = told[Source.SESSION].delegations
    assert [(d.agent_name, d.model, d.calls, d.failed) for d in delegations] == [("coder", "swift", 2, False)] * 2
    assert sum((each.tokens for each in delegations), Tokens()) == total(theirs)
    assert all(each.duration_ms for each in delegations)
    assert {d.id for d in told[Source.STREAM].delegations} == {d.id for d in delegations}
    assert [d.agent_name for d in told[Source.OTLP].delegations] == ["coder", "coder"]
    roles = {(call.role, call.agent_name, call.effort) for call in told[Source.SESSION].calls}
    assert roles == {(Role.MAIN, None, None), (Role.SUB_AGENT, "coder", "high")}
    ran = [use for use in told[Source.SESSION].tool_calls if use.tool == "exec_command"]
    assert {(use.agent_name, use.exit_status) for use in ran} == {("coder", 4)}


@real
@pytest.mark.agents
async def test_background_sub_agents_are_cut_off_when_the_main_turn_ends(tmp_path: Path) -> None:
    part = {"delegate": {"agent": "coder", "prompt": "Part 1 of 1 (coder): look.", "background": True}}
    script = {
        "turns": [{"do": [part]}, {"do": [{"run": "sleep 0.3"}]}, {"text": "done"}],
        "agents": {"coder": {"turns": [{"text": "never", "fault": "hang"}]}},
    }
    driven = await drive(tmp_path, script, **TEAM)
    told = reports(driven)
    assert driven.attempt.ended is Ended.COMPLETED
    cut = [call for call in driven.calls if call.model_requested == "swift"]
    assert [call.tokens.total for call in cut] == [None], "the gateway alone saw it, and nobody its usage"
    assert {told[source].sum() for source in told} == {total(answered(driven))}
    assert LOST_THREAD_GAP in told[Source.SESSION].gaps
    assert not told[Source.SESSION].finished
    assert [(d.agent_name, d.failed) for d in told[Source.SESSION].delegations] == [("coder", True)]


@real
@pytest.mark.agents
async def test_a_failed_request_is_tried_again_and_counted_once(tmp_path: Path) -> None:
    script = {"turns": [{"do": [{"run": "ls"}], "fault": "500-once"}, {"text": "ok", "fault": "cut-once"}]}
    driven = await drive(tmp_path, script)
    told = reports(driven)
    assert driven.attempt.ended is Ended.COMPLETED
    assert [call.status for call in driven.calls] == [500, 200, 200, 200]
    assert {told[source].sum() for source in told} == {total(answered(driven))}
    assert [error.kind for error in told[Source.STREAM].errors] == ["api"]
    assert told[Source.STREAM].errors[0].retried
    assert 500 in {error.status for error in told[Source.OTLP].errors}
    assert all(not report.problems for report in told.values())


@real
@pytest.mark.agents
async def test_a_follow_up_goes_on_in_the_same_session(tmp_path: Path) -> None:
    make_task(tmp_path / "suite")
    with (tmp_path / "suite" / "tiny" / "task.yaml").open("a") as file:
        file.write("steps: [{prompt: Mend calc.py.}, {prompt: Look again.}]\n")
    given: dict[str, Any] = {
        "suite": str(tmp_path / "suite"),
        "tasks": ["tiny"],
        "variants": {"brief": {"system": "Be brief."}},
    }
    driven = await drive(tmp_path, **given)
    told = reports(driven)
    assert (driven.attempt.ended, driven.outcome.solved) == (Ended.COMPLETED, True)
    assert {call.step for call in driven.calls} == {0, 1}
    assert {told[source].sum() for source in told} == {total(driven.calls)}
    assert (told[Source.STREAM].turns, told[Source.SESSION].turns) == (2, 2)
    assert len(list((driven.folder / "home").rglob("rollout-*.jsonl"))) == 1
    (session,) = (driven.folder / "home").rglob("rollout-*.jsonl")
    assert "Be brief." in session.read_text()


@real
@pytest.mark.agents
async def test_a_provider_that_stays_away_is_not_the_models_failure(tmp_path: Path) -> None:
    driven = await drive(tmp_path, settings={"lab_fault": "429"})
    told = reports(driven)
    assert driven.attempt.ended is Ended.PROVIDER_ERROR
    assert "429" in str(driven.attempt.ended_detail)
    assert {told[source].sum() for source in told} == {None}, "nothing known is not nothing used"
    assert told[Source.STREAM].errors[-1].status == 429


@real
@pytest.mark.agents
@pytest.mark.parametrize(("last", "tool_hangs"), [({"fault": "hang"}, False), ({}, True)], ids=["model", "tool"])
async def test_a_timeout_keeps_what_was_known(tmp_path: Path, last: dict[str, str], tool_hangs: bool) -> None:
    command = "sleep 600" if tool_hangs else "ls"
    script = {"turns": [{"do": [{"run": "echo one"}]}, {"do": [{"run": command}], **last}, {"text": "never"}]}
    make_task(tmp_path / "suite")  # one without a time limit of its own
    given: dict[str, Any] = {"suite": str(tmp_path / "suite"), "tasks": ["tiny"], "limits": {"time_s": 2}}
    driven = await drive(tmp_path, script, **given)
    told = reports(driven)
    assert driven.attempt.ended is Ended.TIMEOUT
    assert driven.attempt.spent
    assert driven.attempt.spent_is_lower_bound is not tool_hangs
    assert told[Source.SESSION].sum() == told[Source.OTLP].sum() == total(answered(driven))
    assert (told[Source.STREAM].sum(), told[Source.STREAM].finished) == (None, False)
    assert OPEN_TURN_GAP in told[Source.STREAM].gaps
    assert not told[Source.OTLP].finished
    uses = [(use.failed, use.error_class) for use in told[Source.SESSION].tool_calls]
    assert uses == [(False, None), *([(None, "interrupted")] if tool_hangs else [])]


@real
@pytest.mark.agents
async def test_a_kill_leaves_session_files_and_what_was_exported(tmp_path: Path) -> None:
    script = {"turns": [{"do": [{"run": "echo one"}]}, {"do": [{"run": "sleep 0.5; kill -9 $PPID"}]}, {"text": "no"}]}
    driven = await drive(tmp_path, script)
    told = reports(driven)
    assert driven.attempt.ended is Ended.AGENT_CRASH
    assert told[Source.SESSION].sum() == told[Source.OTLP].sum() == total(driven.calls)
    assert not any(report.finished for report in told.values())


@real
@pytest.mark.agents
async def test_a_configuration_that_it_rejects_is_said_in_its_words(tmp_path: Path) -> None:
    profiles = {"broken": {"settings": {"codex": {"model_reasoning_effort": 7}}}}
    driven = await drive(tmp_path, profiles=profiles)
    # It never asked its model, so nothing is held against that.
    assert driven.attempt.ended is Ended.HARNESS_ERROR
    assert driven.outcome.solved is None
    assert "config.toml: invalid type" in str(driven.attempt.ended_detail)
    assert "model_reasoning_effort" in str(driven.attempt.ended_detail)
    assert driven.calls == ()


def request(tmp_path: Path, **arm: Any) -> StepRequest:
    task = make_task(tmp_path)
    given = Arm("codex", "0.169.0", "m", "lab", **arm)
    urls = {Dialect.RESPONSES: "http://127.0.0.1:8400/a/t/responses"}
    return StepRequest(task, 0, given, urls, Dialect.RESPONSES, 1000, otlp_url="http://127.0.0.1:8400/a/t/otlp")


def test_the_configuration_is_toml_whatever_the_texts_hold(tmp_path: Path) -> None:
    nasty = 'say "hi"\\ \n\t\x00\x7f = [x] \'\'\' """ é 😀'
    agents = [{"name": "a.b", "description": nasty, "model": "s", "effort": "low", "prompt": nasty, "tools": ["x"]}]
    settings = {"codex": {"model_context_window": 1000, "features": {"plugins": True}, "notify": ["a", nasty]}}
    profile = {"instructions": nasty, "agents": agents, "skills": {"s": nasty}, "settings": settings}
    files = config_files(request(tmp_path, variant={"system": nasty}, profile=profile, settings={"effort": "high"}))
    config = tomllib.loads(files[f"{CODEX_HOME}/config.toml"].decode())
    assert config["developer_instructions"] == nasty
    assert config["model_reasoning_effort"] == "high"
    assert config["agents"]["enabled"] is True
    assert config["agents"]["a.b"]["description"] == nasty
    role = tomllib.loads(files[config["agents"]["a.b"]["config_file"]].decode())
    assert role == {"model": "s", "model_reasoning_effort": "low", "developer_instructions": nasty}
    assert (config["features"]["plugins"], config["features"]["goals"]) == (True, False)
    assert (config["model_context_window"], config["notify"]) == (1000, ["a", nasty])
    assert files[f"{CODEX_HOME}/AGENTS.md"] == files[f"{CODEX_HOME}/skills/s/SKILL.md"] == nasty.encode()
    assert config["otel"]["exporter"]["otlp-http"]["endpoint"].endswith("/otlp/v1/logs")
    assert config["otel"]["trace_exporter"] == "none"


def test_alone_no_sub_agent_is_registered_and_native_files_go_home(tmp_path: Path) -> None:
    asked = request(tmp_path, profile={"native": {"codex": {"~/.codex/rules/a.rules": "x"}, "opencode": {"y": "z"}}})
    files = config_files(replace(asked, otlp_url=None))
    config = tomllib.loads(files[f"{CODEX_HOME}/config.toml"].decode())
    assert config["agents"] == {"enabled": False}
    assert set(config["otel"].values()) == {"none"}
    assert set(files) == {f"{CODEX_HOME}/config.toml", f"{CODEX_HOME}/rules/a.rules"}


def test_toml_keeps_empty_tables_and_leaves_out_what_is_missing() -> None:
    told: dict[str, Any] = {"a": None, "t": {}, "n": {"x": {"y": 1.5}, "l": [{"k": True}, None]}, "i": -3}
    assert tomllib.loads(toml(told)) == {"t": {}, "n": {"x": {"y": 1.5}, "l": [{"k": True}]}, "i": -3}


def test_the_catalogue_keeps_known_models_and_lends_others_a_plain_ones_tools() -> None:
    known = [
        {"slug": "new", "use_responses_lite": True, "supports_search_tool": True},
        {"slug": "plain", "use_responses_lite": False, "supports_search_tool": True, "upgrade": {"model": "new"}},
    ]
    own, other = catalogue(known, "plain", ["new", "mine"])
    assert own == known[0]
    assert (other["slug"], other["supports_search_tool"], other["upgrade"]) == ("mine", False, None)
    assert catalogue(known, "gone", ["mine"])[0]["use_responses_lite"] is False


@pytest.mark.parametrize(
    ("printed", "ended"),
    [
        (
            '{"type":"turn.failed","error":{"message":"unexpected status 503 Service Unavailable"}}',
            Ended.PROVIDER_ERROR,
        ),
        ('{"type":"turn.failed","error":{"message":"the context window is full"}}', Ended.AGENT_CRASH),
        ("no event {", Ended.AGENT_CRASH),
    ],
)
def test_what_broke_is_read_from_its_words(tmp_path: Path, printed: str, ended: Ended) -> None:
    output = tmp_path / "out"
    output.write_text(json.dumps({"t": 0, "fd": 1, "text": printed + "\n"}) + "\n")
    reading = Codex().read(request(tmp_path), output, ExitRecord(Exit.EXITED, exit_code=1))
    assert reading.ended is ended
