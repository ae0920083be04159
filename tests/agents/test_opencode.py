"""opencode itself, in the sandbox, on simulated models: what the gateway saw against what it says of itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from assay.evidence.sources.base import Scope, Source
from assay.evidence.sources.opencode import RUNNING_STEP_GAP, TITLE_GAP
from assay.evidence.sources.opencode_telemetry import LAST_SPAN_GAP
from assay.records import Call, Ended, Role, Tokens
from assay.testing.agreement import counted, facts, lookups, reports, total
from assay.testing.driving import Driven, drive_one, missing_agent

MISSING = missing_agent("opencode")
pytestmark = [pytest.mark.agents, pytest.mark.skipif(MISSING is not None, reason=str(MISSING))]
TASK = ["bug-fix-01-last-page"]
CODER = {"name": "coder", "description": "Writes code", "model": "sub", "prompt": "You write code."}


async def drive(root: Path, script: Mapping[str, Any] | None = None, **more: Any) -> Driven:
    settings = more.pop("settings", {}) | ({"lab_script": script} if script else {})
    given = {"agent": "opencode", "models": {"main": "lab/always"}, "tasks": TASK} | more
    return await drive_one(root, **given, settings=settings)


def work(driven: Driven) -> list[Call]:
    """Calls but for the title's, which offers no tools."""
    return [call for call in driven.calls if call.hints.get("tools") != "0"]


async def test_a_plain_run_solves_and_all_sources_agree(tmp_path: Path) -> None:
    driven = await drive(tmp_path)
    assert (driven.attempt.ended, driven.outcome.solved) == (Ended.COMPLETED, True)
    assert not lookups(driven)
    told = reports(driven)
    assert len(driven.calls) == len(work(driven)) + 1
    assert counted(told[Source.STREAM].sum()) == counted(told[Source.SESSION].sum()) == counted(total(work(driven)))
    assert TITLE_GAP in told[Source.STREAM].gaps
    assert TITLE_GAP in told[Source.SESSION].gaps
    assert told[Source.SESSION].finished
    assert not any(report.problems or report.unknown for report in told.values())
    assert told[Source.STREAM].cost_usd is None
    inventory = told[Source.SESSION].inventory
    assert inventory is not None
    found = facts(driven)
    assert (found.leaked, found.registered) == ((), ())
    assert found.inventory is not None
    assert (found.inventory.sub_agents, found.inventory.skills) == ((), ()), "alone means that none is registered"
    assert not {"task", "webfetch", "websearch"} & set(found.inventory.tools or ("task",))
    assert inventory.version == driven.calls[0].hints["user-agent"].split("/")[1].split()[0]


async def test_spans_lack_at_most_a_last_batch(tmp_path: Path) -> None:
    driven = await drive(tmp_path, {"turns": [{"do": [{"run": "exit 3"}, {"read": "nope.txt"}]}, {"text": "ok"}]})
    told = reports(driven)
    spans = told[Source.OTLP]
    assert spans.gaps == (LAST_SPAN_GAP,)
    seen = {call.response_id for call in spans.calls}
    lost = [call.seq for call in driven.calls if call.response_id not in seen]
    assert lost == [call.seq for call in driven.calls][len(driven.calls) - len(lost) :]
    assert len(lost) < len(driven.calls)
    both = [call for call in driven.calls if call.response_id in seen]
    assert counted(spans.sum()) == counted(total(both))
    failed = {(tool.tool, tool.failed, tool.exit_status, tool.error_class) for tool in told[Source.STREAM].tool_calls}
    assert failed == {("bash", True, 3, "exit_status"), ("read", True, None, "not_found")}
    assert {(tool.tool, tool.failed) for tool in told[Source.SESSION].tool_calls} == {("bash", True), ("read", True)}


async def test_parallel_sub_agents_on_another_model(tmp_path: Path) -> None:
    parts = [{"delegate": {"agent": "coder", "prompt": f"Part {k} of 2 (coder): look."}} for k in (1, 2)]
    script = {
        "turns": [{"do": parts}, {"text": "done"}],
        "agents": {"coder": {"turns": [{"do": [{"run": "echo here"}]}, {"text": "looked"}]}},
    }
    models = {"main": "lab/always", "sub": "lab/swift"}
    arms = [{"agent": "opencode", "model": "main"}]
    driven = await drive(tmp_path, script, models=models, arms=arms, profiles={"team": {"agents": [CODER]}})
    told = reports(driven)
    assert counted(told[Source.SESSION].sum()) == counted(total(work(driven)))
    mine = [call for call in work(driven) if call.model_requested == "always"]
    found = facts(driven)
    assert (found.leaked, found.registered) == ((), ("coder",))
    assert found.inventory is not None
    assert found.inventory.sub_agents == ("coder",)
    assert told[Source.STREAM].scope is Scope.MAIN
    assert counted(told[Source.STREAM].sum()) == counted(total(mine))
    theirs = [call for call in work(driven) if call.model_requested == "swift"]
    assert all(call.hints.get("x-parent-session-id") for call in theirs)
    delegations = told[Source.SESSION].delegations
    assert [(each.agent_name, each.model, each.calls) for each in delegations] == [("coder", "swift", 2)] * 2
    assert counted(sum((each.tokens for each in delegations), Tokens())) == counted(total(theirs))
    assert {each.id for each in told[Source.STREAM].delegations} == {each.id for each in delegations}
    assert {tool.role for tool in told[Source.SESSION].tool_calls if tool.tool == "bash"} == {Role.SUB_AGENT}


async def test_a_refusal_of_the_provider_is_the_providers(tmp_path: Path) -> None:
    # A server error would be tried six times over 75 seconds.
    driven = await drive(tmp_path, {"turns": [{"do": [{"run": "ls"}]}, {"do": [{"run": "ls"}], "fault": "400"}]})
    told = reports(driven)
    assert driven.attempt.ended is Ended.PROVIDER_ERROR
    assert [error.kind for error in told[Source.STREAM].errors] == ["api"]


@pytest.mark.parametrize(("last", "tool_hangs"), [({"fault": "hang"}, False), ({}, True)], ids=["model", "tool"])
async def test_a_timeout_keeps_what_was_known(tmp_path: Path, last: dict[str, str], tool_hangs: bool) -> None:
    command = "sleep 600" if tool_hangs else "ls"
    script = {"turns": [{"do": [{"run": "echo one"}]}, {"do": [{"run": command}], **last}, {"text": "never"}]}
    driven = await drive(tmp_path, script, limits={"time_s": 9})
    assert driven.attempt.ended is Ended.TIMEOUT
    assert driven.attempt.spent is not None
    told = reports(driven)
    done = [call for call in work(driven) if not call.in_flight_at_kill]
    if tool_hangs:
        # The step whose tool was running has been paid, but is not yet in the database.
        assert RUNNING_STEP_GAP in told[Source.SESSION].gaps
        assert counted(told[Source.SESSION].sum()) == counted(total(done[:-1]))
        assert any(tool.failed is None for tool in told[Source.SESSION].tool_calls)
    else:
        assert driven.attempt.spent_is_lower_bound
        assert counted(told[Source.SESSION].sum()) == counted(total(done))
    assert not told[Source.SESSION].finished
