"""One attempt's evidence made into facts: tool calls off the wire, tries, delegations, leaks, what cannot be read."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.evidence import bodies, normalise
from assay.evidence.attempt_tables import (
    CALLS,
    DELEGATIONS,
    ERRORS,
    SOURCES,
    TOOLS,
    AttemptFacts,
    call_row,
    delegation_rows,
    error_rows,
    source_rows,
    tool_rows,
    trial_columns,
)
from assay.evidence.measures import MEASURES
from assay.evidence.outcomes import TrialOutcome
from assay.evidence.sources.base import Delegation, ErrorEvent, Inventory, Source, SourceReport, ToolCall
from assay.identity import Json
from assay.records import Arm, Attempt, Call, Dialect, OwnerKind, Role, Tokens, Trial

ARM = Arm("mini-swe-agent", "2", "m", "lab")
CODER: dict[str, Json] = {"agents": [{"name": "coder", "model": "sub"}]}
TEN = Tokens(input_uncached=10, output=5)


def call(seq: int, **changes: Any) -> Call:
    made = Call(
        OwnerKind.TRIAL, "t", "a", 0, seq, Dialect.CHAT, "lab", "m", "m", TEN, 200, 1000 * seq, duration_ms=100.0,
        cost=1_000_000,
    )  # fmt: skip
    return replace(made, **changes)


def store(folder: Path, *kept: tuple[int, str, Any]) -> None:
    frames = (bodies.encode_body(seq, part, json.dumps(data).encode()) for seq, part, data in kept)
    (folder / bodies.NAME).write_bytes(b"".join(frames))


def asks(identity: str, command: str) -> dict[str, Any]:
    use = {"id": identity, "function": {"name": "bash", "arguments": json.dumps({"command": command})}}
    return {"choices": [{"message": {"tool_calls": [use]}}]}


def results(**texts: str) -> dict[str, Any]:
    return {"messages": [{"role": "tool", "tool_call_id": name, "content": text} for name, text in texts.items()]}


def test_without_any_source_of_its_own_tools_are_read_off_the_wire(tmp_path: Path) -> None:
    store(
        tmp_path,
        (1, "request", {"messages": []}),
        (1, "response", asks("c1", "ls")),
        (2, "request", results(c1="<returncode>3</returncode>")),
        (2, "response", asks("c2", "ls")),
    )
    found = normalise.normalise(tmp_path, ARM, [call(1), call(2)], ())
    first, second = found.tool_calls
    assert found.tools_from is Source.GATEWAY
    assert (first.failed, first.exit_status, first.error_class, first.at_ms) == (True, 3, "exit_status", 1100)
    assert (second.failed, second.exit_status) == (None, None), "it never came back"
    assert first.arguments_id == second.arguments_id, "the same tool with the same arguments"
    assert (found.measures["tool_calls"], found.measures["tool_calls_failed"]) == (2, 1)
    assert found.measures["tool_error_rate"] == 1.0, "of those that ended"


def test_no_tool_calls_is_zero_only_where_all_answers_were_kept(tmp_path: Path) -> None:
    store(tmp_path, (1, "response", {"choices": [{"message": {"content": "done"}}]}))
    assert normalise.normalise(tmp_path, ARM, [call(1)], ()).measures["tool_calls"] == 0
    assert normalise.normalise(tmp_path, ARM, [call(1), call(2)], ()).measures["tool_calls"] is None


def test_gaps_of_the_best_source_are_filled_by_id(tmp_path: Path) -> None:
    store(tmp_path, (1, "response", asks("c3", "rm")), (2, "request", results(c3="no such patch")))
    stream = SourceReport(
        Source.STREAM,
        tool_calls=(ToolCall("c1", "bash", Source.STREAM), ToolCall("c2", "bash", Source.STREAM, failed=False)),
    )
    other = SourceReport(Source.OTLP, tool_calls=(ToolCall("c1", "bash", Source.OTLP, failed=True, duration_ms=5.0),))
    found = normalise.normalise(tmp_path, ARM, [call(1), call(2)], (stream, other))
    assert found.tools_from is Source.STREAM
    assert [(tool.id, tool.failed, tool.duration_ms) for tool in found.tool_calls] == [
        ("c1", True, 5.0),
        ("c2", False, None),
    ], "c3 shares no id with the stream: it may be one of those under another name"
    shared = replace(stream, tool_calls=(*stream.tool_calls, ToolCall("c3", "bash", Source.STREAM)))
    store(tmp_path, (1, "response", asks("c3", "rm")), (2, "response", asks("c4", "rm")))
    both = normalise.normalise(tmp_path, ARM, [call(1), call(2)], (shared,))
    assert [tool.id for tool in both.tool_calls] == ["c1", "c2", "c3", "c4"]


def test_of_two_that_saw_as_much_the_one_that_knows_more_is_taken(tmp_path: Path) -> None:
    events = SourceReport(Source.STREAM, tool_calls=(ToolCall("item_0", "exec", Source.STREAM, failed=True),))
    files = SourceReport(
        Source.SESSION, tool_calls=(ToolCall("call_9", "exec", Source.SESSION, failed=True, duration_ms=7.0),)
    )
    found = normalise.normalise(tmp_path, ARM, [call(1)], (events, files))
    assert (found.tools_from, [tool.duration_ms for tool in found.tool_calls]) == (Source.SESSION, [7.0])


def test_tries_count_earlier_failures_of_the_same_body(tmp_path: Path) -> None:
    same, other = {"messages": ["a"]}, {"messages": ["b"]}
    store(tmp_path, *((seq, "request", body) for seq, body in enumerate([other, same, same, same, other], start=1)))
    failed = {"status": 529, "tokens": Tokens(), "cost": None, "error": "overloaded"}
    calls = [call(1), call(2, **failed), call(3, **failed), call(4), call(5)]
    found = normalise.normalise(tmp_path, ARM, calls, ())
    assert [fact.tries for fact in found.calls] == [1, 1, 2, 3, 1]
    assert [error.retried for error in found.errors] == [True, True], "a later try of the same succeeded"
    given_up = normalise.normalise(tmp_path, ARM, [*calls[:3], call(4, in_flight_at_kill=True, status=0)], ())
    assert [error.retried for error in given_up.errors] == [False, False]
    elsewhere = normalise.normalise(tmp_path, ARM, [*calls[:3], calls[4]], ())
    assert [error.retried for error in elsewhere.errors] == [False, False], "another request succeeded"
    (tmp_path / bodies.NAME).unlink()
    found = normalise.normalise(tmp_path, ARM, calls, ())
    assert [fact.tries for fact in found.calls] == [1, None, None, None, None], "without bodies it is not known"
    assert [error.status for error in found.errors] == [529, 529]
    assert [error.retried for error in found.errors] == [None, None]


def test_a_trial_has_its_tool_calls_by_tool(tmp_path: Path) -> None:
    trial = Trial("t", "r", "arm", "task", "hash", 0, 0)
    attempt = Attempt("a", "r", OwnerKind.TRIAL, "t", 1, 1, "w", 0)
    outcome = TrialOutcome(trial, attempt, 1, 0, None, None, False, None, None, TEN, True, 1, 0)
    uses = [("bash", True), ("bash", False), ("bash", None), ("edit", False)]
    tools = tuple(ToolCall(str(at), tool, Source.STREAM, failed=failed) for at, (tool, failed) in enumerate(uses))
    found = normalise.normalise(tmp_path, ARM, [call(1)], (SourceReport(Source.STREAM, tool_calls=tools),))
    assert trial_columns(outcome, found)["tools"] == {"bash": [3, 1], "edit": [1, 0]}
    unknown = normalise.normalise(tmp_path, ARM, [call(1)], ())
    assert trial_columns(outcome, unknown)["tools"] is None


def test_commits_are_seen_in_whole_arguments_off_the_wire(tmp_path: Path) -> None:
    store(
        tmp_path,
        (1, "response", asks("c1", "true " * 99 + "; git commit -m done")),
        (2, "request", results(c1="<returncode>0</returncode>")),
        (2, "response", {"choices": [{"message": {"content": "done"}}]}),
    )
    assert normalise.normalise(tmp_path, ARM, [call(1), call(2)], ()).measures["commits"] == 1
    (tmp_path / bodies.NAME).unlink()
    assert normalise.normalise(tmp_path, ARM, [call(1), call(2)], ()).measures["commits"] is None


def test_a_delegation_gets_its_requests_from_the_gateway(tmp_path: Path) -> None:
    arm = replace(ARM, profile=CODER)
    used = SourceReport(Source.STREAM, delegations=(Delegation("coder", Source.STREAM, at_ms=0, duration_ms=2000.0),))
    calls = [call(1), call(2, model_requested="sub", model_served="sub"), call(3, model_requested="sub")]
    found = normalise.normalise(tmp_path, arm, calls, (used,))
    (one,) = found.delegations
    assert (one.calls, one.tokens, one.cost_usd, one.model) == (2, TEN + TEN, 0.002, "sub")
    assert (found.measures["delegations_registered"], found.measures["delegations_invoked"]) == (1, 1)
    assert (found.measures["delegated_tokens"], found.measures["delegated_s"]) == (30, 2.0)
    twice = replace(used, delegations=used.delegations * 2)
    (one, _) = normalise.normalise(tmp_path, arm, calls, (twice,)).delegations
    assert one.tokens.total is None, "whose request is whose cannot be told"


def test_a_title_request_is_told_by_the_tools_it_does_not_offer(tmp_path: Path) -> None:
    hides = SourceReport(Source.SESSION, totals={"": TEN}, finished=True, gaps=("title_request",))
    calls = [call(1, hints={"tools": "0"}), call(2, hints={"tools": "6"}, tokens=TEN)]
    found = normalise.normalise(tmp_path, ARM, calls, (hides,))
    assert [fact.role for fact in found.calls] == [Role.AUXILIARY, Role.MAIN]
    assert found.sources[0].sentence == "agree, without title request"
    assert (found.measures["auxiliary_tokens"], found.measures["context_overhead"]) == (15, 10)


def test_unknown_is_null_and_known_nothing_is_zero(tmp_path: Path) -> None:
    found = normalise.normalise(tmp_path, ARM, [call(1)], ()).measures
    assert set(found) == set(MEASURES)
    assert found["delegations_invoked"] is None
    assert (found["delegated_tokens"], found["auxiliary_cost_usd"]) == (0, 0.0)
    assert (found["cache_read_of_input"], found["ttft_ms"], found["agent_wall_s"]) == (None, None, None)
    unsure = normalise.normalise(tmp_path, ARM, [call(1, model_requested="x", model_served="x")], ()).measures
    assert (unsure["delegated_tokens"], unsure["context_overhead"]) == (None, None)


def test_cache_use_by_both_formulas(tmp_path: Path) -> None:
    tokens = Tokens(input_uncached=20, cache_read=60, cache_write_5m=20, output=1)
    found = normalise.normalise(tmp_path, ARM, [call(1, tokens=tokens)], ()).measures
    assert (found["cache_read_of_input"], found["cache_read_of_prompt"]) == (0.75, 0.6)


@pytest.mark.parametrize(
    ("has", "leaked"),
    [
        (Inventory(sub_agents=("coder", "reviewer")), ("leaked: sub-agent reviewer",)),
        (Inventory(sub_agents=("general",)), ("leaked: sub-agent general",)),
        (Inventory(plugins=("oh-my",), mcp_servers=("files", "web"), skills=("tidy", "other")),
         ("leaked: plugin oh-my", "leaked: MCP server web", "leaked: skill other")),
        (Inventory(), ()),
    ],
)  # fmt: skip
def test_what_the_arm_does_not_declare_has_leaked(tmp_path: Path, has: Inventory, leaked: tuple[str, ...]) -> None:
    profile: dict[str, Json] = {**CODER, "skills": {"tidy": "..."}, "settings": {"opencode": {"mcp": {"files": {}}}}}
    arm = replace(ARM, agent="opencode", profile=profile)
    found = normalise.normalise(tmp_path, arm, [call(1)], (SourceReport(Source.STREAM, inventory=has),))
    assert found.leaked == leaked
    assert [error.message for error in found.errors if error.kind == "inventory"] == list(leaked)


def test_native_files_declare_too(tmp_path: Path) -> None:
    native = {".config/opencode/agent/tester.md": "", ".config/opencode/skills/tidy/SKILL.md": ""}
    arm = replace(ARM, agent="opencode@1", profile={"native": {"opencode": native}})
    has = Inventory(sub_agents=("tester",), skills=("tidy",))
    found = normalise.normalise(tmp_path, arm, [call(1)], (SourceReport(Source.STREAM, inventory=has),))
    assert (found.leaked, found.registered) == ((), ("tester",))


def test_alone_means_that_none_is_registered(tmp_path: Path) -> None:
    has = Inventory(sub_agents=("explorer", "worker"))
    arm = replace(ARM, agent="codex")
    found = normalise.normalise(tmp_path, arm, [call(1)], (SourceReport(Source.STREAM, inventory=has),))
    assert (found.registered, found.measures["delegations_registered"]) == ((), 0)


@pytest.mark.parametrize(("asked", "leaked"), [(True, ()), (False, ("leaked: sub-agent Explore",))])
def test_claude_codes_own_sub_agents_have_leaked_unless_the_arm_asks_for_them(
    tmp_path: Path, asked: bool, leaked: tuple[str, ...]
) -> None:
    has = Inventory(sub_agents=("Explore",))
    arm = replace(ARM, agent="claude-code", settings={"built_in_agents": asked})
    found = normalise.normalise(tmp_path, arm, [call(1)], (SourceReport(Source.STREAM, inventory=has),))
    assert found.leaked == leaked


def test_what_an_agent_does_not_say_is_read_from_what_it_offers_its_model(tmp_path: Path) -> None:
    offer = "Launch one.\n\nAvailable agent types and the tools they have access to:\n- stray: Was lying around"
    request = {"tools": [{"name": "bash"}, {"name": "task", "description": offer}]}
    (tmp_path / bodies.NAME).write_bytes(bodies.encode_body(1, "request", json.dumps(request).encode()))
    arm = replace(ARM, agent="opencode")
    found = normalise.normalise(tmp_path, arm, [call(1)], (SourceReport(Source.SESSION, inventory=Inventory("1")),))
    assert found.inventory == Inventory("1", tools=("bash", "task"), sub_agents=("stray",))
    assert found.leaked == ("leaked: sub-agent stray",)


def test_damage_is_named_and_the_rest_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / bodies.NAME).write_bytes(b"nonsense\n")

    class Broken:
        def read(self, files: object) -> list[SourceReport]:
            raise OSError(f"no {files!r}"[:2])

    monkeypatch.setattr(normalise, "_reader", lambda _: Broken())
    found = normalise.normalise(tmp_path, ARM, [call(1)])
    assert len(found.problems) == 2
    assert found.problems[0] == "the reader of mini-swe-agent failed: OSError: no"
    assert "damaged at byte 0" in found.problems[1]
    assert found.measures["tokens_total"] == 15


def test_every_row_has_the_columns_of_its_table(tmp_path: Path) -> None:
    report = SourceReport(
        Source.STREAM,
        totals={"": TEN},
        tool_calls=(ToolCall("c1", "bash", Source.STREAM, role=Role.MAIN),),
        delegations=(Delegation("coder", Source.STREAM),),
        errors=(ErrorEvent("api", "overloaded", Source.STREAM),),
    )
    arm = replace(ARM, profile={"agents": [{"name": "coder"}, {"name": "idle"}]})
    one = AttemptFacts("r", "t", "a", 1, normalise.normalise(tmp_path, arm, [call(1)], (report,)))
    (used, idle) = delegation_rows([one])
    assert (used["invoked"], idle["invoked"], idle["agent_name"], idle["input_uncached"]) == (True, False, "idle", None)
    for rows, columns in (
        ([call_row(fact) for fact in one.facts.calls], CALLS),
        (list(tool_rows([one])), TOOLS),
        ([used, idle], DELEGATIONS),
        (list(error_rows([one])), ERRORS),
        (list(source_rows([one])), SOURCES),
    ):
        assert rows
        assert all(set(row) == set(columns) for row in rows)
