"""Contract cases of the installed agents that tests of a single agent leave open: retries, kills, timeouts, limits.

All run side by side, once; what must hold in each is asserted over them.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from assay.evidence.sources.base import Source
from assay.records import Ended, Role, Tokens
from assay.testing.agent_cases import Case, Cases, Seen, drive_cases, texts
from assay.testing.driving import missing_agent
from assay.testing.tasks import make_task

pytestmark = pytest.mark.agents
CODER = {"name": "coder", "description": "Writes code", "model": "sub", "prompt": "You write code."}
PARTS = [
    {"delegate": {"agent": "coder", "prompt": f"Part {number} of 2 (coder): look.", "background": True}}
    for number in (1, 2)
]
LOOKS = {"coder": {"turns": [{"do": [{"run": "echo here"}]}, {"text": "looked"}]}}
FIRST: dict[str, Any] = {"do": [{"run": "echo one"}]}
ONCE = {"turns": [{**FIRST, "fault": "429-once"}, {"text": "ok"}]}
KILLED = {"turns": [FIRST, {"do": [{"run": "sleep 1; kill -9 $PPID"}]}, {"text": "no"}]}
HUNG_MODEL = {"turns": [FIRST, {"text": "never", "fault": "hang"}]}
HUNG_TOOL = {"turns": [FIRST, {"do": [{"run": "sleep 600"}]}, {"text": "never"}]}
LONG = {"turns": [*({"do": [{"run": f"echo {k}"}]} for k in range(5)), {"text": "ok"}]}
BACKGROUND = {"turns": [{"do": PARTS, "fault": "429-once"}, {"text": "done"}], "agents": LOOKS}
PARALLEL = {"turns": [{"do": PARTS}, {"text": "done"}], "agents": LOOKS}
TURNS = 2
# aider has no tools of its model's; what it runs by itself is a test command.
PROFILES = {
    "team": {"agents": [CODER]},
    "killed": {"settings": {"aider": {"auto-test": True, "test-cmd": "kill -9 $PPID"}}},
    "hung": {"settings": {"aider": {"auto-test": True, "test-cmd": "sleep 600"}}},
}
ENDING = (
    Case("opencode", "background", BACKGROUND, {"effort": "high"}, profile="team"),
    Case("opencode", "killed", KILLED),
    Case("opencode", "limit", LONG, {"max_turns": TURNS, "temperature": 0.25}),
    Case("gemini-cli", "retry", ONCE),
    Case("gemini-cli", "sub-agents", PARALLEL, profile="team"),
    Case("gemini-cli", "killed", KILLED),
    Case("gemini-cli", "limit", LONG, {"max_turns": TURNS, "top_p": 0.5, "thinking_tokens": 2048}),
    Case("mini-swe-agent", "retry", ONCE),
    Case("mini-swe-agent", "killed", KILLED),
    Case("mini-swe-agent", "limit", LONG, {"max_turns": TURNS, "top_p": 0.5}),
    Case("aider", "retry", settings={"lab_fault": "429-once"}),
    Case("aider", "killed", profile="killed"),
    Case("claude-code", "limit", LONG, {"max_turns": TURNS, "thinking_tokens": 0}),
)
HANGING = (
    Case("gemini-cli", "hung model", HUNG_MODEL),
    Case("gemini-cli", "hung tool", HUNG_TOOL),
    Case("mini-swe-agent", "hung model", HUNG_MODEL),
    Case("mini-swe-agent", "hung tool", HUNG_TOOL),
    Case("aider", "hung model", settings={"lab_fault": "hang"}),
    Case("aider", "hung tool", profile="hung"),
)
MISSING = {case.agent: missing_agent(case.agent) for case in (*ENDING, *HANGING)}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    """All of them. How long hanging ones get is what this machine, as busy as it is, needs for one that ends, twice."""
    ending, hanging = ([case for case in all_ if MISSING[case.agent] is None] for all_ in (ENDING, HANGING))
    ended = _drive(tmp_path_factory.mktemp("ending"), ending, concurrency=3)
    starts = [seen.exit()["wall_s"] for (_, name), seen in ended.items() if name == "killed"]
    limits = {"time_s": round(3 + 2 * max(starts, default=5))}
    return {**ended, **_drive(tmp_path_factory.mktemp("hanging"), hanging, concurrency=6, limits=limits)}


def _drive(root: Path, cases: list[Case], **more: Any) -> Cases:
    if not cases:
        return {}
    make_task(root / "suite")
    models = {"main": "lab/always"} | ({"sub": "lab/swift"} if any(case.profile == "team" for case in cases) else {})
    given = {"suite": str(root / "suite"), "tasks": ["tiny"], "models": models, "profiles": PROFILES}
    return asyncio.run(drive_cases(root, cases, **given, **more))


def seen(cases: Cases, agent: str, name: str) -> Seen:
    if MISSING[agent] is not None:
        pytest.skip(str(MISSING[agent]))
    return cases[agent, name]


def each(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("agent", [case.agent for case in (*ENDING, *HANGING) if case.name == name])


def assert_counted(one: Seen) -> None:
    """Known tokens have a cost, the gateway's sum is that of whole answers, and nothing unknown is 0."""
    assert one.driven.attempt.spent
    partial = one.driven.attempt.spent / 1e9
    if not one.facts.lower_bound:
        assert one.facts.cost_usd == pytest.approx(partial)
    else:  # the attempt has the partial cost; over all requests it is that much, or said to be unknown, never 0
        assert one.facts.cost_usd is None or one.facts.cost_usd == pytest.approx(partial)
    whole = sum((call.tokens for call in one.whole), Tokens())
    assert sum((call.tokens for call in one.driven.calls), Tokens()).total == whole.total
    assert all(call.tokens.total is None and call.cost is None for call in one.driven.calls if call not in one.whole)
    assert one.facts.measures["cost_usd"] == one.facts.cost_usd
    assert (one.facts.problems, one.facts.leaked) == ((), ())


@each("retry")
def test_a_refused_request_is_tried_again_and_costs_nothing(cases: Cases, agent: str) -> None:
    one = seen(cases, agent, "retry")
    assert one.driven.attempt.ended is Ended.COMPLETED
    assert [call.status for call in one.driven.calls] == [429, *[200] * (1 if agent == "aider" else 2)]
    assert set(one.sentences.values()) == {"agree"}
    assert_counted(one)
    assert not one.facts.lower_bound
    assert 429 in {error.status for error in one.facts.errors}
    assert [fact.tries for fact in one.facts.calls][:2] == [1, 2]
    refused, again = one.driven.calls[:2]
    assert again.sent_at - refused.sent_at < 10_000, "it waits seconds, not minutes"


def test_opencode_refuses_background_sub_agents_and_waits_as_it_is_told(cases: Cases) -> None:
    one = seen(cases, "opencode", "background")
    assert one.driven.attempt.ended is Ended.COMPLETED
    main = [fact.call for fact in one.facts.calls if fact.role is Role.MAIN]
    refused = next(call for call in one.driven.calls if call.status == 429)
    again = next(call for call in main if call.sent_at > refused.sent_at and call.status == 200)
    assert again.sent_at - refused.sent_at < 10_000
    assert one.sentences[Source.STREAM].startswith("agree")
    assert one.sentences[Source.SESSION].startswith("agree")
    # Its switch for them is an experiment of its own: the calls fail, and nothing runs on the other model.
    handed = [tool for tool in one.facts.tool_calls if tool.tool == "task"]
    assert [tool.failed for tool in handed] == [True, True]
    assert {call.model_requested for call in one.driven.calls} == {"always"}
    assert one.facts.registered == ("coder",)
    assert_counted(one)


def test_gemini_clis_sub_agents_run_on_another_model(cases: Cases) -> None:
    one = seen(cases, "gemini-cli", "sub-agents")
    assert one.driven.attempt.ended is Ended.COMPLETED
    assert set(one.sentences.values()) == {"agree"}
    theirs = [fact for fact in one.facts.calls if fact.call.model_requested == "swift"]
    assert [(fact.role, fact.agent_name) for fact in theirs] == [(Role.SUB_AGENT, "coder")] * 4
    assert [each.agent_name for each in one.facts.delegations] == ["coder", "coder"]
    assert one.facts.registered == ("coder",)
    ran = [tool for tool in one.facts.tool_calls if tool.tool == "run_shell_command"]
    assert {(tool.agent_name, tool.failed) for tool in ran} == {("coder", False)}
    assert_counted(one)


KILL_LEAVES = {
    "opencode": {Source.SESSION: "agree, without title request and running step"},
    "gemini-cli": {Source.STREAM: "missing", Source.SESSION: "agree"},
    "mini-swe-agent": {Source.SESSION: "agree, without running turn"},
    "aider": {Source.STREAM: "agree"},
}


@each("killed")
def test_a_kill_leaves_the_gateway_and_what_was_written_down(cases: Cases, agent: str) -> None:
    one = seen(cases, agent, "killed")
    assert (one.driven.attempt.ended, one.exit()["signal"]) == (Ended.AGENT_CRASH, 9)
    assert {source: one.sentences[source] for source in KILL_LEAVES[agent]} == KILL_LEAVES[agent]
    # What else there is agrees, lacks the last, or is missing as a whole; it never counts more.
    assert all(said.verdict == "agree" or said.documented or said.tokens.total is None for said in one.facts.sources)
    assert_counted(one)
    assert not one.facts.lower_bound, "no request was in flight"
    if agent != "aider":
        assert [tool.failed for tool in one.facts.tool_calls] == [False, None]
        assert all(said.lower_bound for said in one.facts.sources if said.verdict != "agree")


HANG_LEAVES = {
    "gemini-cli": {Source.STREAM: "missing", Source.OTLP: "agree", Source.SESSION: "agree"},
    "mini-swe-agent": {Source.SESSION: "agree"},
}


@each("hung model")
def test_a_timeout_in_a_hung_model_is_a_lower_bound(cases: Cases, agent: str) -> None:
    one = seen(cases, agent, "hung model")
    assert one.driven.attempt.ended is Ended.TIMEOUT
    assert one.driven.attempt.spent_is_lower_bound
    assert one.facts.lower_bound
    assert one.driven.calls[-1].in_flight_at_kill
    if agent == "aider":  # its only request
        assert one.facts.cost_usd is None
        assert not one.driven.attempt.spent
        assert one.facts.measures["tokens_output"] is None
        assert set(one.sentences.values()) == {"missing"}
        return
    assert one.sentences == HANG_LEAVES[agent]
    assert [tool.failed for tool in one.facts.tool_calls] == [False]
    assert_counted(one)


@each("hung tool")
def test_a_timeout_in_a_hung_tool_keeps_what_was_paid(cases: Cases, agent: str) -> None:
    one = seen(cases, agent, "hung tool")
    assert one.driven.attempt.ended is Ended.TIMEOUT
    assert not one.driven.attempt.spent_is_lower_bound
    assert_counted(one)
    if agent == "aider":
        assert one.sentences == {Source.STREAM: "agree"}
        return
    assert one.sentences == HANG_LEAVES[agent]
    assert [tool.failed for tool in one.facts.tool_calls] == [False, None]


@each("limit")
def test_turns_that_are_used_up_end_it_as_the_arm_asked(cases: Cases, agent: str) -> None:
    one = seen(cases, agent, "limit")
    requests = one.requests()
    if agent == "opencode":  # a demand to the model, which this one does not heed
        told = ["MAXIMUM STEPS REACHED" in "\n".join(texts(body)) for body in requests]
        assert told == [False, *[True] * (len(requests) - 1)]
        assert one.driven.attempt.ended is Ended.COMPLETED
    else:
        assert len(requests) == TURNS
        assert one.driven.attempt.ended is Ended.OVER_BUDGET
        assert all(said.verdict == "agree" or said.tokens.total is None for said in one.facts.sources)
    assert_counted(one)


@pytest.mark.parametrize(
    ("agent", "case", "path", "value"),
    [
        ("opencode", "limit", ("temperature",), 0.25),
        ("opencode", "background", ("thinking", "type"), "enabled"),
        ("gemini-cli", "limit", ("generationConfig", "topP"), 0.5),
        ("gemini-cli", "limit", ("generationConfig", "thinkingConfig", "thinkingBudget"), 2048),
        ("mini-swe-agent", "limit", ("top_p",), 0.5),
        ("claude-code", "limit", ("thinking",), {}),
    ],
)
def test_settings_are_in_every_request(cases: Cases, agent: str, case: str, path: tuple[str, ...], value: Any) -> None:
    for body in seen(cases, agent, case).requests():
        found: Any = body
        for key in path:
            found = found.get(key, {})
        assert found == value
