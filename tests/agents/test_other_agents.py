"""aider, mini-swe-agent and gemini-cli themselves, in the sandbox, on simulated models."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from assay.evidence.sources.aider import CACHE_GAP, RETRIES_GAP, ROUNDED_GAP
from assay.evidence.sources.base import Source
from assay.records import Ended, Role
from assay.testing.agreement import counted, facts, lookups, reports, total
from assay.testing.driving import Driven, drive_one, missing_agent

TASK = "bug-fix-01-last-page"
MISSING = {name: missing_agent(name) for name in ("aider", "mini-swe-agent", "gemini-cli")}
CODER = "---\nname: coder\ndescription: Writes code\n---\nYou write code."


def installed(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(MISSING[name] is not None, reason=str(MISSING[name]))


pytestmark = pytest.mark.agents


async def drive(root: Path, agent: str, script: Mapping[str, Any] | None = None, **more: Any) -> Driven:
    settings = {"lab_script": script} if script else {}
    return await drive_one(root, agent=agent, models={"main": "lab/always"}, tasks=[TASK], settings=settings, **more)


def left_in_workspace(driven: Driven) -> set[str]:
    changes = json.loads((driven.folder / "steps" / "0" / "workspace.json").read_text())
    return {change["path"] for change in changes["changes"] if "__pycache__" not in change["path"]}


def alone(driven: Driven) -> bool:
    """Tell whether nothing is registered beside the agent itself, by its own word."""
    found = facts(driven)
    return found.inventory is not None and (found.inventory.sub_agents, found.leaked) == ((), ())


@installed("aider")
async def test_aider_solves_and_its_rounded_counts_are_near(tmp_path: Path) -> None:
    driven = await drive(tmp_path, "aider")
    assert (driven.attempt.ended, driven.outcome.solved) == (Ended.COMPLETED, True)
    assert not lookups(driven)
    assert alone(driven)
    (told,) = reports(driven).values()
    assert told.gaps == (ROUNDED_GAP, CACHE_GAP, RETRIES_GAP)
    assert not told.problems
    sent, _, received = counted(total(driven.calls))
    printed = told.sum()
    assert printed is not None
    assert printed.prompt == pytest.approx(sent, abs=50)
    assert printed.output == received
    assert left_in_workspace(driven) == {"paging.py"}


@installed("mini-swe-agent")
async def test_mini_swe_agents_trajectory_is_the_gateways_log(tmp_path: Path) -> None:
    driven = await drive(tmp_path, "mini-swe-agent")
    assert (driven.attempt.ended, driven.outcome.solved) == (Ended.COMPLETED, True)
    assert not lookups(driven)
    assert alone(driven)
    (told,) = reports(driven).values()
    assert (told.finished, told.problems, told.gaps) == (True, (), ())
    assert [call.response_id for call in told.calls] == [call.response_id for call in driven.calls]
    assert counted(told.sum()) == counted(total(driven.calls))
    assert not any(tool.failed for tool in told.tool_calls)


@installed("mini-swe-agent")
async def test_mini_swe_agent_says_what_failed(tmp_path: Path) -> None:
    driven = await drive(tmp_path, "mini-swe-agent", {"turns": [{"do": [{"run": "exit 3"}]}, {"text": "ok"}]})
    (told,) = reports(driven).values()
    first, last = told.tool_calls
    assert (first.failed, first.exit_status, first.error_class) == (True, 3, "exit_status")
    assert (last.failed, last.exit_status) == (False, 0)


@installed("gemini-cli")
async def test_gemini_cli_solves_and_all_sources_agree(tmp_path: Path) -> None:
    driven = await drive(tmp_path, "gemini-cli")
    assert (driven.attempt.ended, driven.outcome.solved) == (Ended.COMPLETED, True)
    assert not lookups(driven)
    assert alone(driven)
    told = reports(driven)
    assert {counted(report.sum()) for report in told.values()} == {counted(total(driven.calls))}
    assert all(report.finished for report in told.values())
    assert not any(report.problems or report.unknown for report in told.values())


@installed("gemini-cli")
async def test_gemini_clis_sub_agents_and_failed_tools_in_every_source(tmp_path: Path) -> None:
    script = {
        "turns": [
            {"do": [{"run": "exit 3"}, {"read": "nope.txt"}]},
            {"do": [{"delegate": {"agent": "coder", "prompt": "Part 1 of 1 (coder): look."}}]},
            {"text": "ok"},
        ],
        "agents": {"coder": {"turns": [{"do": [{"run": "echo here"}]}]}},
    }
    team = {"team": {"files": {"~/.gemini/agents/coder.md": CODER}}}
    driven = await drive(tmp_path, "gemini-cli", script, profiles=team)
    told = reports(driven)
    assert {counted(report.sum()) for report in told.values()} == {counted(total(driven.calls))}
    for source in (Source.STREAM, Source.SESSION):
        main = [tool for tool in told[source].tool_calls if tool.role is Role.MAIN]
        assert [(tool.tool, tool.failed, tool.exit_status, tool.error_class) for tool in main] == [
            ("run_shell_command", True, 3, "exit_status"),
            ("read_file", True, None, "not_found"),
            ("invoke_agent", False, None, None),
        ]
    for source in (Source.SESSION, Source.OTLP):
        theirs = [call for call in told[source].calls if call.agent_name == "coder"]
        assert [call.role for call in theirs] == [Role.SUB_AGENT] * 2
    assert {report.delegations[0].agent_name for report in told.values()} == {"coder"}
    found = facts(driven)
    assert found.inventory is not None
    assert (found.inventory.sub_agents, found.leaked) == (("coder",), ())
