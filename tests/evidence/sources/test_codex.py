"""Codex's sources on transcripts that were recorded in the sandbox, and on damage done to them."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from assay.evidence.calls import read_calls
from assay.evidence.sources.base import AttemptFiles, Inventory, Scope, Source, SourceReport
from assay.evidence.sources.codex import read
from assay.evidence.sources.codex_otlp import LAST_BATCH_GAP
from assay.evidence.sources.codex_stream import FAILED_PATCH_GAP, OPEN_TURN_GAP, SUB_AGENTS_GAP, failure
from assay.evidence.sources.codex_values import exit_status, tokens
from assay.records import Role, Tokens

RECORDED = Path(__file__).parent / "codex"
CASES = ("failed_tools", "killed", "retried", "sub_agents", "timeout")


def reports(folder: Path) -> dict[Source, SourceReport]:
    return {report.source: report for report in read(AttemptFiles(folder))}


def gateway(folder: Path, model: str | None = None) -> Tokens:
    calls = [call for call in read_calls(folder) if model in {None, call.model_requested}]
    return sum((call.tokens for call in calls), Tokens())


@pytest.mark.parametrize("case", CASES)
def test_every_source_agrees_with_the_gateway_or_says_why_not(case: str) -> None:
    folder = RECORDED / case
    told = reports(folder)
    assert told[Source.SESSION].sum() == told[Source.OTLP].sum() == gateway(folder)
    assert not any(report.problems or report.unknown for report in told.values())
    stream = told[Source.STREAM]
    assert stream.scope is Scope.MAIN
    ended = case not in {"killed", "timeout"}
    assert [report.finished for report in told.values()] == [ended] * 3
    assert stream.sum() == (gateway(folder, "always") if ended else None)
    assert {SUB_AGENTS_GAP, FAILED_PATCH_GAP} <= set(stream.gaps)
    assert (OPEN_TURN_GAP in stream.gaps) is (LAST_BATCH_GAP in told[Source.OTLP].gaps) is not ended


def test_a_command_fails_by_its_exit_status_though_telemetry_calls_it_a_success() -> None:
    told = reports(RECORDED / "failed_tools")
    for source in (Source.SESSION, Source.OTLP):
        uses = {use.id.partition("_")[2][:6]: use for use in told[source].tool_calls}
        assert {key: (use.tool, use.exit_status, use.error_class) for key, use in uses.items()} == {
            "t0s0x0": ("exec_command", 1, "exit_status"),
            "t0s0x1": ("exec_command", 3, "exit_status"),
            "t0s1x0": ("apply_patch", None, "invalid_input"),
        }
        assert all(use.failed for use in uses.values())
    printed = told[Source.STREAM].tool_calls
    assert [(use.id, use.tool, use.failed) for use in printed] == [
        ("0/item_0", "exec_command", True),
        ("0/item_1", "exec_command", True),
    ]


def test_sub_agents_are_known_by_their_threads() -> None:
    folder = RECORDED / "sub_agents"
    told = reports(folder)
    found = told[Source.SESSION].delegations
    assert [(each.agent_name, each.model, each.calls, each.tool_calls) for each in found] == [
        ("coder", "swift", 2, 1)
    ] * 2
    assert sum((each.tokens for each in found), Tokens()) == gateway(folder, "swift")
    assert {each.id for each in told[Source.STREAM].delegations} == {each.id for each in found}
    assert [each.agent_name for each in told[Source.OTLP].delegations] == ["coder"] * 2
    session = {(c.role, c.agent_name, c.model, c.effort) for c in told[Source.SESSION].calls}
    assert session == {(Role.MAIN, None, "always", None), (Role.SUB_AGENT, "coder", "swift", "high")}
    telemetry = {(c.role, c.model) for c in told[Source.OTLP].calls}
    assert telemetry == {(Role.MAIN, "always"), (Role.SUB_AGENT, "swift")}
    assert {c.response_id for c in told[Source.SESSION].calls} == {c.response_id for c in read_calls(folder)}


def test_what_it_says_it_has() -> None:
    alone = reports(RECORDED / "failed_tools")
    session, telemetry = alone[Source.SESSION].inventory, alone[Source.OTLP].inventory
    assert session == Inventory("0.169.0", "always", sub_agents=(), skills=())
    assert telemetry is not None
    assert (telemetry.version, telemetry.mcp_servers, telemetry.sub_agents) == ("0.169.0", (), None)
    team = reports(RECORDED / "sub_agents")[Source.SESSION].inventory
    assert team is not None
    assert team.sub_agents is None, "that there are some, but not which"


def test_a_skill_of_the_user_is_told_from_those_that_codex_brings(tmp_path: Path) -> None:
    folder = copied(tmp_path, "failed_tools")
    (path,) = folder.rglob("rollout-*.jsonl")
    text, mark = path.read_text(), "### Available skills\\n"
    own = "- mine: does things (file: r1/mine/SKILL.md)\\n"
    path.write_text(text.replace(mark, f"- `r1` = `/home/agent/.codex/skills`\\n{mark}{own}"))
    inventory = reports(folder)[Source.SESSION].inventory
    assert inventory is not None
    assert inventory.skills == ("mine",)


def test_what_was_stopped_did_not_fail() -> None:
    for source in (Source.SESSION, Source.STREAM):
        uses = reports(RECORDED / "timeout")[source].tool_calls
        assert [(use.failed, use.exit_status, use.error_class) for use in uses] == [
            (False, 0, None),
            (None, None, "interrupted"),
        ]
    killed = reports(RECORDED / "killed")[Source.SESSION].tool_calls
    assert [use.failed for use in killed] == [False, None]


def test_retries_are_errors_and_no_calls() -> None:
    told = reports(RECORDED / "retried")
    assert len(told[Source.SESSION].calls) == len(told[Source.OTLP].calls) == 2
    assert len(read_calls(RECORDED / "retried")) == 4
    assert [(error.kind, error.retried) for error in told[Source.STREAM].errors] == [("api", True)]
    assert [error.status for error in told[Source.OTLP].errors if error.status] == [500]


def copied(tmp_path: Path, case: str) -> Path:
    folder = tmp_path / case
    shutil.copytree(RECORDED / case, folder)
    return folder


def changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    for path in folder.rglob("rollout-*.jsonl"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for line in lines:
            change(line)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_truncated_session_file_is_named_and_the_rest_counts(tmp_path: Path) -> None:
    folder = copied(tmp_path, "failed_tools")
    (path,) = folder.rglob("rollout-*.jsonl")
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"token_usage_record") + 30])
    session = reports(folder)[Source.SESSION]
    assert [problem.endswith(" is cut off") for problem in session.problems] == [True]
    assert len(session.calls) == 2
    assert not session.finished
    path.write_bytes(b"\xff\x00 not json\n" + data)
    damaged = reports(folder)[Source.SESSION]
    assert damaged.sum() == gateway(folder)
    assert [problem.endswith("line 1 is not a JSON object") for problem in damaged.problems] == [True]


def test_unknown_events_are_counted_and_lost_fields_named(tmp_path: Path) -> None:
    folder = copied(tmp_path, "failed_tools")

    def other_words(line: dict[str, Any]) -> None:
        if line["type"] == "world_state":
            line["type"] = "galaxy_state"
        if line["payload"].get("type") == "token_count":
            line["payload"]["type"] = "tally"
        if line["type"] == "token_usage_record":
            line["payload"]["usage"] = {"tokens_in": 3}

    changed(folder, other_words)
    session = reports(folder)[Source.SESSION]
    assert session.sum() is None, "unknown is not zero"
    assert set(session.problems) == {"token_usage_record without usage.input_tokens"}
    assert set(session.unknown) == {"galaxy_state", "event_msg tally"}


def stream(tmp_path: Path, *printed: object) -> Path:
    path = tmp_path / "steps" / "0" / "stream.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [each if isinstance(each, str) else json.dumps(each) for each in printed]
    path.write_text("".join(json.dumps({"t": 0, "fd": 1, "text": text + "\n"}) + "\n" for text in texts))
    return path


def test_a_stream_with_other_words_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    item = {"type": "hologram", "id": "item_1"}
    stream(
        tmp_path,
        {"type": "thread.started", "thread_id": "a"},
        {"type": "turn.started"},
        "oops {",
        {"type": "turn.paused"},
        {"type": "item.completed", "item": item},
        {"type": "item.completed", "item": None},
        {"type": "turn.completed", "usage": {"in": 3}},
    )
    told = reports(tmp_path)[Source.STREAM]
    assert told.sum() is None
    assert told.problems == ("not a JSON event: oops {", "turn.completed without usage.input_tokens")
    assert dict(told.unknown) == {"turn.paused": 1, "item hologram": 1, "item None": 1}


def test_a_resumed_thread_counts_on_and_another_one_adds(tmp_path: Path) -> None:
    def turn(thread: str, used: int) -> tuple[Mapping[str, object], ...]:
        usage = {"input_tokens": used, "cached_input_tokens": 1, "output_tokens": used}
        started = ({"type": "thread.started", "thread_id": thread}, {"type": "turn.started"})
        return (*started, {"type": "turn.completed", "usage": usage})

    stream(tmp_path, *turn("a", 10), *turn("a", 25), *turn("b", 100))
    told = reports(tmp_path)[Source.STREAM]
    assert told.sum() == Tokens(input_uncached=123, cache_read=2, output=125)
    assert (told.turns, told.finished) == (3, True)


def test_a_turn_that_failed_and_one_after_it(tmp_path: Path) -> None:
    failed = {"type": "turn.failed", "error": {"message": "exceeded retry limit, last status: 429 Too Many Requests"}}
    found = failure(stream(tmp_path, {"type": "turn.started"}, failed))
    assert found is not None
    assert (found.kind, found.status) == ("api", 429)
    assert failure(stream(tmp_path, failed, {"type": "turn.completed", "usage": {}})) is None


def test_nothing_there_is_said_and_nothing_is_zero(tmp_path: Path) -> None:
    told = reports(tmp_path)
    assert [report.sum() for report in told.values()] == [None] * 3
    assert told[Source.SESSION].problems == ("there are no session files",)
    assert not any(report.finished for report in told.values())


def test_cached_input_is_taken_out_of_input_and_text_is_a_number() -> None:
    given = {"input_tokens": "100", "cached_input_tokens": 60, "cache_write_input_tokens": "30", "output_tokens": "x"}
    assert tokens(given) == Tokens(input_uncached=10, cache_read=60, cache_write_unknown=30)
    assert tokens(None) == Tokens()
    assert [exit_status(text) for text in ("Process exited with code -9", "Exit code: 0", "fine", None)] == [
        -9,
        0,
        None,
        None,
    ]
