"""What Claude Code 2.1.197 left of real runs on simulated models (``claude_code/``), read without the program."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.evidence.calls import read_calls
from assay.evidence.gaps import Counted
from assay.evidence.reconcile import AGREE, Reconciliation, reconcile
from assay.evidence.sources.base import AttemptFiles, Source, SourceReport
from assay.evidence.sources.claude_code import (
    ACTIVE_TIME_GAP,
    OUTPUT_GAP,
    REFUSED_REQUEST_GAP,
    REJECTED_TOOLS_GAP,
    SUB_AGENT_ANSWERS_GAP,
    read,
)
from assay.evidence.sources.claude_code_stream import ending
from assay.records import Role, Tokens

RECORDED = Path(__file__).parent / "claude_code"
CASES = sorted(path.name for path in RECORDED.iterdir())
SESSION = ".claude/projects/-workspace/7d444840-9dc0-41d2-9d4a-5a0e0a3a0001"


def reports(folder: Path) -> dict[Source, SourceReport]:
    return {report.source: report for report in read(AttemptFiles(folder))}


def against_gateway(folder: Path) -> dict[Source, Reconciliation]:
    roles = {"always": Role.MAIN, "swift": Role.SUB_AGENT}
    counted = [Counted(call, roles[call.model_requested]) for call in read_calls(folder)]
    return {found.source: found for found in reconcile(counted, read(AttemptFiles(folder)))}


def copied(name: str, to: Path) -> Path:
    return Path(shutil.copytree(RECORDED / name, to / name))


def rewritten(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change each event of a recorded stream, or each row of a session file."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    if path.name == "stream.jsonl":
        rows = [row | {"text": json.dumps(change(json.loads(row["text"]))) + "\n"} for row in rows]
    else:
        rows = [change(row) for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize("name", [case for case in CASES if case != "refused"])
def test_every_source_agrees_with_the_gateway(name: str) -> None:
    found = against_gateway(RECORDED / name)
    assert {source: one.sentence for source, one in found.items()} == dict.fromkeys(
        (Source.STREAM, Source.OTLP, Source.SESSION), AGREE
    )


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_unread(name: str) -> None:
    for report in reports(RECORDED / name).values():
        assert (report.problems, report.unknown) == ((), {})


def test_tokens_by_model() -> None:
    told = reports(RECORDED / "sub_agent")
    gateway = read_calls(RECORDED / "sub_agent")
    for model in ("always", "swift"):
        wanted = sum((call.tokens for call in gateway if call.model_requested == model), Tokens())
        for source in (Source.OTLP, Source.SESSION):
            mine = sum((call.tokens for call in told[source].calls if call.model == model), Tokens())
            assert (mine.prompt, mine.output) == (wanted.prompt, wanted.output)
        totals = told[Source.STREAM].totals
        assert totals is not None
        assert (totals[model].prompt, totals[model].output) == (wanted.prompt, wanted.output)


def test_session_files_tell_cache_writes_apart() -> None:
    session = reports(RECORDED / "sub_agent")[Source.SESSION].sum()
    assert session is not None
    assert (session.cache_write_5m, session.cache_write_1h, session.cache_write_unknown) == (7936, 0, None)


def test_failed_tools_are_classed_and_those_refused_beforehand_are_missing_in_otlp() -> None:
    told = reports(RECORDED / "failed_tools")
    expected = [
        ("Bash", True, 3, "exit_status"),
        ("Read", True, None, "not_found"),
        ("Write", False, None, None),
        ("Nope", True, None, "not_found"),
        ("Read", True, None, "invalid_input"),
    ]
    for source in (Source.STREAM, Source.SESSION):
        found = told[source].tool_calls
        assert [(tool.tool, tool.failed, tool.exit_status, tool.error_class) for tool in found] == expected
    otlp = told[Source.OTLP]
    assert [(tool.tool, tool.failed) for tool in otlp.tool_calls] == [("Bash", True), ("Read", True), ("Write", False)]
    assert otlp.gaps == (REJECTED_TOOLS_GAP,)


def test_a_sub_agent_has_its_name_model_and_tokens() -> None:
    told = reports(RECORDED / "sub_agent")
    theirs = [call for call in read_calls(RECORDED / "sub_agent") if call.model_requested == "swift"]
    for source in (Source.STREAM, Source.OTLP, Source.SESSION):
        (one,) = told[source].delegations
        assert (one.agent_name, one.model, one.background, one.failed) == ("coder", "swift", False, False)
        assert one.tool_calls == 1
        assert one.duration_ms is not None
        assert 150 < one.duration_ms < 250
    (one,) = told[Source.SESSION].delegations
    assert (one.calls, one.tokens.total) == (2, sum((call.tokens for call in theirs), Tokens()).total)
    assert told[Source.STREAM].delegations[0].id == one.id
    roles = {call.request_id: (call.role, call.agent_name) for call in told[Source.OTLP].calls}
    assert {roles[call.request_id] for call in theirs} == {(Role.SUB_AGENT, "coder")}
    assert len(told[Source.STREAM].calls) == len(told[Source.OTLP].calls) - 1
    assert told[Source.STREAM].gaps == (SUB_AGENT_ANSWERS_GAP,)


def test_background_sub_agents_give_several_results_of_which_the_last_counts() -> None:
    told = reports(RECORDED / "background")
    stream = told[Source.STREAM]
    assert [(one.background, one.failed) for one in stream.delegations] == [(True, False)] * 2
    assert stream.gaps == ()
    assert stream.cost_usd == pytest.approx(0.0883055)
    assert stream.turns == 5
    assert len(stream.calls) == len(told[Source.SESSION].calls) == len(read_calls(RECORDED / "background"))


def test_a_background_command_has_the_exit_status_of_its_end() -> None:
    told = reports(RECORDED / "background_command")
    (stream,) = told[Source.STREAM].tool_calls
    assert (stream.failed, stream.exit_status) == (False, 0)
    assert stream.duration_ms is not None
    assert stream.duration_ms > 1000
    (session,) = told[Source.SESSION].tool_calls
    assert session.failed is None


def test_an_interrupted_run_has_a_result_and_no_active_time() -> None:
    told = reports(RECORDED / "interrupted")
    assert all(report.finished for report in told.values())
    assert told[Source.OTLP].active_s is None
    assert told[Source.OTLP].gaps == (ACTIVE_TIME_GAP,)
    assert ending(RECORDED / "interrupted" / "steps" / "0" / "stream.jsonl").failed


def test_a_killed_run_has_no_result_and_no_output_tokens_in_the_stream() -> None:
    told = reports(RECORDED / "killed")
    assert not any(report.finished for report in told.values())
    stream = told[Source.STREAM]
    assert (stream.totals, stream.cost_usd, stream.gaps) == (None, None, (OUTPUT_GAP,))
    total = stream.sum()
    assert total is not None
    assert (total.prompt, total.output) == (3971, None)
    for report in told.values():
        assert [(tool.tool, tool.failed) for tool in report.tool_calls] == [("Bash", None)]


def test_a_refused_request_is_in_no_session_file() -> None:
    found = against_gateway(RECORDED / "refused")
    assert (found[Source.STREAM].verdict, found[Source.OTLP].verdict) == (AGREE, AGREE)
    session = found[Source.SESSION]
    assert (session.verdict, session.left_out) == (AGREE, (REFUSED_REQUEST_GAP,))
    assert session.gateway_calls == len(read_calls(RECORDED / "refused")) - 1


def test_a_retried_request_is_an_error_that_cost_nothing() -> None:
    told = reports(RECORDED / "retried")
    assert [(one.kind, one.status, one.retried) for one in told[Source.STREAM].errors] == [("api", 529, True)]
    assert len(read_calls(RECORDED / "retried")) == 3
    assert len(told[Source.STREAM].calls) == 2


def test_a_resumed_session_counts_from_nothing_again() -> None:
    told = reports(RECORDED / "two_steps")
    assert told[Source.STREAM].cost_usd == pytest.approx(told[Source.OTLP].cost_usd)
    assert told[Source.STREAM].turns == 10
    assert len(told[Source.SESSION].calls) == 8
    assert told[Source.SESSION].finished


def test_times_are_apart() -> None:
    stream, otlp = (reports(RECORDED / "sub_agent")[source] for source in (Source.STREAM, Source.OTLP))
    assert (stream.wall_s, stream.api_s, otlp.active_s) == (0.461, 0.209, 0.471)
    assert all(call.ttft_ms and call.duration_ms for call in otlp.calls)


def test_inventory() -> None:
    inventory = reports(RECORDED / "sub_agent")[Source.STREAM].inventory
    assert inventory is not None
    assert (inventory.version, inventory.model, inventory.sub_agents) == ("2.1.197", "always", ("coder",))
    assert inventory.tools == ("Bash", "Edit", "Glob", "Grep", "Read", "Task", "Write")
    assert (inventory.plugins, inventory.mcp_servers, inventory.skills) == ((), (), ())
    alone = reports(RECORDED / "failed_tools")[Source.STREAM].inventory
    assert alone is not None
    assert alone.sub_agents == ()


@pytest.mark.parametrize(
    ("case", "word"),
    [("turn_limit", "is_limit"), ("refused", "is_refusal"), ("interrupted", "failed"), ("sub_agent", "is_result")],
)
def test_how_it_ended(case: str, word: str) -> None:
    end = ending(RECORDED / case / "steps" / "0" / "stream.jsonl")
    words = ("is_limit", "is_refusal", "is_api_error", "asks")
    assert getattr(end, word)
    assert [name for name in words if getattr(end, name)] == [name for name in words if name == word]


def test_an_api_failure_is_told_from_success(tmp_path: Path) -> None:
    folder = copied("retried", tmp_path)
    output = folder / "steps" / "0" / "stream.jsonl"
    failed = {"is_error": True, "api_error_status": 529, "result": "API Error: 529 overloaded"}
    rewritten(output, lambda event: event | (failed if event["type"] == "result" else {}))
    end = ending(output)
    assert end.is_api_error
    assert end.detail == "API Error: 529 overloaded"


def test_a_cut_session_file_is_named_and_the_rest_counts(tmp_path: Path) -> None:
    folder = copied("sub_agent", tmp_path)
    path = folder / "home" / f"{SESSION}.jsonl"
    text = path.read_text()
    path.write_text(text[: text.rindex('"type":"assistant"')])
    told = reports(folder)
    session = told[Source.SESSION]
    assert session.problems == (f"{path.name}, line {len(path.read_text().splitlines())} is cut off",)
    assert not session.finished
    assert len(session.calls) == 3
    assert against_gateway(folder)[Source.SESSION].documented
    assert against_gateway(folder)[Source.STREAM].verdict == AGREE


def test_unknown_events_are_kept_and_counted(tmp_path: Path) -> None:
    folder = copied("retried", tmp_path)
    renamed = {"type": "system", "subtype": "weather"}
    rewritten(folder / "steps/0/stream.jsonl", lambda one: one | renamed if one.get("subtype") == "api_retry" else one)
    rewritten(
        folder / f"home/{SESSION}.jsonl", lambda one: one | ({"type": "x"} if one["type"] == "last-prompt" else {})
    )
    told = reports(folder)
    assert told[Source.STREAM].unknown == {"system/weather": 1}
    assert told[Source.SESSION].unknown == {"x": 1}
    assert against_gateway(folder)[Source.STREAM].verdict == AGREE


@pytest.mark.parametrize(
    ("kind", "lost", "problem"),
    [
        ("result", "modelUsage", "result without modelUsage"),
        ("system", "agents", "system/init without agents"),
        ("system", "claude_code_version", "system/init without claude_code_version"),
    ],
)
def test_a_lost_field_of_the_stream_is_named(kind: str, lost: str, problem: str, tmp_path: Path) -> None:
    folder = copied("failed_tools", tmp_path)

    def without(event: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in event.items() if event["type"] != kind or key != lost}

    rewritten(folder / "steps/0/stream.jsonl", without)
    assert reports(folder)[Source.STREAM].problems == (problem,)


def test_a_lost_usage_is_named_and_unknown(tmp_path: Path) -> None:
    folder = copied("failed_tools", tmp_path)

    def without(row: dict[str, Any]) -> dict[str, Any]:
        if row["type"] == "assistant":
            del row["message"]["usage"]
        return row

    rewritten(folder / f"home/{SESSION}.jsonl", without)
    session = reports(folder)[Source.SESSION]
    assert set(session.problems) == {"assistant without message.usage"}
    assert session.sum() is None


def test_lines_that_are_no_events_are_named_and_passed_over(tmp_path: Path) -> None:
    folder = copied("sub_agent", tmp_path)
    output = folder / "steps/0/stream.jsonl"
    noise = "".join(json.dumps({"t": 0.1, "fd": 1, "text": text}) + "\n" for text in ("Warning: hot\n", '{"type"\n'))
    output.write_text(noise + output.read_text())
    stream = reports(folder)[Source.STREAM]
    assert stream.problems == ("not a JSON event: Warning: hot", 'not a JSON event: {"type"')
    assert stream.finished
    assert ending(output).last_words == '{"type"'


def test_nothing_at_all_is_no_zero(tmp_path: Path) -> None:
    for report in reports(tmp_path).values():
        assert report.sum() is None
        assert report.cost_usd is None
        assert not report.finished
    assert not ending(tmp_path / "stream.jsonl").is_result


def test_a_metric_that_says_otherwise_is_a_problem_and_the_events_count(tmp_path: Path) -> None:
    folder = copied("failed_tools", tmp_path)
    metrics = folder / "otlp/metrics.bin"
    metrics.write_bytes(metrics.read_bytes().replace(b"cacheRead", b"cacheReed"))
    (folder / "otlp/logs.bin").unlink()
    otlp = reports(folder)[Source.OTLP]
    assert otlp.sum() is None
    assert "the metric token.usage says 42 output of always, the log events None" in otlp.problems
