"""One test for each trap of agents' telemetry that has misled other tools, numbered as in ``docs/telemetry.md``."""

import json
from dataclasses import replace
from pathlib import Path

from assay.evidence import otlp
from assay.evidence.conversation import exit_status
from assay.evidence.measures import union_s
from assay.evidence.normalise import Normalised, normalise
from assay.evidence.otlp import Frame, encode_frame, read_telemetry
from assay.evidence.sources.base import Scope, Source, SourceCall, SourceReport, ToolCall
from assay.gateway.usage import tokens_of
from assay.prices import cost
from assay.records import NANO, Arm, Call, Dialect, OwnerKind, Price, Role, Tokens

OPUS = Price("p", "anthropic", "claude-opus-4-8", 5000, 25_000, 500, 6250, 10_000)
ARM = Arm("claude-code", "2.1.197", "opus", "anthropic", profile={"agents": [{"name": "coder", "model": "haiku"}]})
ONE = Tokens(input_uncached=10, cache_read=100, cache_write_5m=5, cache_write_1h=0, output=7)


def call(seq: int, tokens: Tokens = ONE, model: str = "opus", price: Price | None = OPUS, **changes: object) -> Call:
    made = Call(
        OwnerKind.TRIAL, "t", "a", 0, seq, Dialect.MESSAGES, "anthropic", model, model, tokens, 200, 1000 * seq,
        duration_ms=500.0, request_id=f"req_{seq}", response_id=f"msg_{seq}", cost=cost(price, tokens),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]  # names of fields


def facts(folder: Path, calls: list[Call], *reports: SourceReport, arm: Arm = ARM) -> Normalised:
    return normalise(folder, arm, calls, reports)


def row(one: Call, **changes: object) -> SourceCall:
    made = SourceCall(one.request_id, one.response_id, one.model_requested, Role.MAIN, tokens=one.tokens)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_1_inclusive_and_exclusive_input_are_the_same_tokens() -> None:
    exclusive = tokens_of(
        Dialect.MESSAGES,
        {"input_tokens": 20, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 0, "output_tokens": 7},
    )
    inclusive = tokens_of(
        Dialect.RESPONSES, {"input_tokens": 120, "input_tokens_details": {"cached_tokens": 100}, "output_tokens": 7}
    )
    assert (exclusive.input_uncached, exclusive.cache_read, exclusive.prompt) == (20, 100, 120)
    assert (inclusive.input_uncached, inclusive.cache_read, inclusive.prompt) == (20, 100, 120)


def test_2_cache_writes_by_lifetime_cost_what_each_costs_and_are_compared_where_both_split(tmp_path: Path) -> None:
    short, long = Tokens(0, 0, 1000, 0, None, 0), Tokens(0, 0, 0, 1000, None, 0)
    assert (cost(OPUS, short), cost(OPUS, long)) == (6_250_000, 10_000_000)
    only = call(1, Tokens(0, 0, 600, 400, None, 9))
    summed = SourceReport(Source.OTLP, calls=(row(only, tokens=Tokens(0, 0, None, None, 1000, 9)),), finished=True)
    wrong = SourceReport(Source.SESSION, calls=(row(only, tokens=Tokens(0, 0, 400, 600, None, 9)),), finished=True)
    one, other = facts(tmp_path, [only], summed, wrong).sources
    assert one.verdict == "agree", "a sum without lifetimes says nothing of lifetimes"
    assert (other.verdict, other.differences) == ("disagree", {"cache_write_5m": -200, "cache_write_1h": 200})


def test_3_an_agents_own_right_cost_is_not_flagged(tmp_path: Path) -> None:
    only = call(1, Tokens(5, 0, 3000, 9000, None, 120))
    assert only.cost == 111_775_000
    own = SourceReport(Source.STREAM, calls=(row(only),), cost_usd=0.111775, finished=True)
    assert facts(tmp_path, [only], own).cost_differs is False


def test_4_a_model_of_unknown_price_is_unpriced_whatever_the_agent_believes(tmp_path: Path) -> None:
    only = call(1, model="kimi", price=None)
    own = SourceReport(Source.STREAM, calls=(row(only),), cost_usd=0.141715, finished=True)
    found = facts(tmp_path, [only], own, arm=replace(ARM, model="kimi"))
    assert (found.cost_usd, found.measures["cost_usd"]) == (None, None)
    assert (found.cost_reported_usd, found.cost_differs) == (0.141715, None)
    priced = call(1, model="kimi", price=replace(OPUS, input=400, output=1900, cache_read=40, cache_write_5m=400))
    assert facts(tmp_path, [priced], own).cost_differs is True, "with a declared price the guess shows"


def test_5_usage_in_several_frames_counts_once(tmp_path: Path) -> None:
    only = call(1)
    assert only.cost is not None
    tripled = SourceReport(Source.OTLP, calls=(row(only),), cost_usd=3 * only.cost / NANO, finished=True)
    (found,) = facts(tmp_path, [only], tripled).sources
    assert (found.verdict, found.cost_differs) == ("agree", True)
    metrics = SourceReport(Source.OTLP, totals={"": sum([ONE] * 3, Tokens())}, finished=True)
    (found,) = facts(tmp_path, [only], metrics).sources
    assert found.differences == {"input_uncached": 20, "cache_read": 200, "output": 14, "cache_write_5m": 10}
    assert found.sentence == "disagree by input uncached +20, cache read +200, output +14, cache write 5m +10"
    assert not found.documented, "more than the gateway saw is no gap"


def test_6_a_total_of_the_main_loop_is_compared_with_the_main_loop(tmp_path: Path) -> None:
    calls = [call(1), call(2, model="haiku"), call(3)]
    main = SourceReport(Source.STREAM, Scope.MAIN, totals={"": ONE + ONE}, finished=True)
    everything = SourceReport(Source.OTLP, totals={"opus": ONE + ONE, "haiku": ONE}, finished=True)
    found = facts(tmp_path, calls, main, everything)
    assert [source.verdict for source in found.sources] == ["agree", "agree"]
    assert [source.gateway_calls for source in found.sources] == [2, 3]
    assert found.measures["delegated_tokens"] == ONE.total


def test_7_a_transcript_that_repeats_usage_for_each_block_shows(tmp_path: Path) -> None:
    only = call(1)
    once = SourceReport(Source.SESSION, calls=(row(only),), finished=True)
    naive = SourceReport(Source.SESSION, calls=(row(only), row(only)), finished=True)
    one, two = facts(tmp_path, [only], once, naive).sources
    assert (one.verdict, two.verdict) == ("agree", "disagree")
    assert two.differences["output"] == 7


def test_8_roles_have_one_vocabulary_whatever_a_source_calls_them(tmp_path: Path) -> None:
    calls = [call(1), call(2, model="haiku"), call(3, model="haiku")]
    report = SourceReport(
        Source.OTLP,
        calls=(
            row(calls[0], role=Role.MAIN),
            row(calls[1], role=Role.SUB_AGENT, agent_name="coder"),
            row(calls[2], role=Role.AUXILIARY),
        ),
    )
    found = facts(tmp_path, calls, report)
    assert [fact.role for fact in found.calls] == [Role.MAIN, Role.SUB_AGENT, Role.AUXILIARY]
    assert {role.value for role in Role} == {"main", "sub-agent", "auxiliary"}
    without = facts(tmp_path, calls)
    assert [fact.role for fact in without.calls] == [Role.MAIN, Role.SUB_AGENT, Role.SUB_AGENT], "by declared model"


def test_9_attributes_keep_the_type_they_came_with(tmp_path: Path) -> None:
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"attributes": [
        {"key": "duration_ms", "value": {"stringValue": "7"}},
        {"key": "success", "value": {"stringValue": "true"}},
        {"key": "attempt", "value": {"intValue": "1"}},
        {"key": "retried", "value": {"boolValue": False}},
    ]}]}]}]}  # fmt: skip
    (tmp_path / otlp.FOLDER).mkdir()
    frame = encode_frame(Frame(1, "application/json", "identity", json.dumps(body).encode()))
    (tmp_path / otlp.FOLDER / "logs.bin").write_bytes(frame)
    (record,) = read_telemetry(tmp_path).logs
    assert record.attributes == {"duration_ms": "7", "success": "true", "attempt": 1, "retried": False}


def test_10_success_of_a_command_is_its_exit_status(tmp_path: Path) -> None:
    only = call(1)
    failed = ToolCall("c1", "exec_command", Source.STREAM, failed=True, exit_status=3, error_class="exit_status")
    stream = SourceReport(Source.STREAM, calls=(row(only),), tool_calls=(failed,), finished=True)
    otlp_says = SourceReport(
        Source.OTLP, tool_calls=(ToolCall("c1", "exec_command", Source.OTLP, failed=False, duration_ms=12.0),)
    )
    for reports in ((stream, otlp_says), (otlp_says, stream)):
        (tool,) = facts(tmp_path, [only], *reports).tool_calls
        assert (tool.failed, tool.exit_status, tool.error_class, tool.duration_ms) == (True, 3, "exit_status", 12.0)
    assert exit_status("exec_command", "Process exited with code 3\nOutput:\n") == 3
    assert exit_status("Bash", "Exit code 3\nno such file") == 3
    assert exit_status("Read", "the docs say: exit code 3") is None, "only a command has one"


def test_11_an_api_failure_is_an_error_of_the_api_not_a_success(tmp_path: Path) -> None:
    failed = call(1, Tokens(), status=529, error="overloaded", cost=None)
    found = facts(tmp_path, [failed], SourceReport(Source.STREAM, finished=True))
    assert [(error.kind, error.status) for error in found.errors] == [("api", 529)]
    assert found.measures["requests_failed"] == 1
    assert found.measures["tokens_total"] is None, "unknown, never 0"


def test_12_ids_in_otlp_json_are_hex(tmp_path: Path) -> None:
    trace = "5b8efff798038103d269b633813fc60c"
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": trace.upper(), "spanId": "eee19b7ec3c1b174"}]}]}]}
    (tmp_path / otlp.FOLDER).mkdir()
    frame = encode_frame(Frame(1, "application/json", "identity", json.dumps(body).encode()))
    (tmp_path / otlp.FOLDER / "traces.bin").write_bytes(frame)
    (span,) = read_telemetry(tmp_path).spans
    assert (span.trace_id, span.span_id, span.parent_id) == (trace, "eee19b7ec3c1b174", "")


def test_13_active_time_is_work_and_wall_time_is_time(tmp_path: Path) -> None:
    status = tmp_path / "steps" / "0" / "status.json"
    status.parent.mkdir(parents=True)
    status.write_text(json.dumps({"exit": {"wall_s": 9.5}}))
    tools = (ToolCall("c1", "Bash", Source.STREAM, failed=False, at_ms=1400, duration_ms=300.0),)
    own = SourceReport(Source.STREAM, tool_calls=tools, active_s=4.0)
    found = facts(tmp_path, [call(1), call(2)], own).measures
    assert found["agent_wall_s"] == 9.5
    assert found["active_s"] == 1.2, "0.5 + 0.5, and 0.2 of the tool that no request covers"
    assert found["active_reported_s"] == 4.0
    assert found["api_s"] == 1.0
    assert union_s([]) is None
