"""gemini-cli's sources where they are cut short, damaged, or say something new."""

import json
from pathlib import Path

from assay.evidence.sources.base import AttemptFiles, Source
from assay.evidence.sources.gemini_cli import ending, read


def attempt(folder: Path, *events: object, session: str | None = None) -> AttemptFiles:
    step = folder / "steps" / "0"
    step.mkdir(parents=True)
    texts = [event if isinstance(event, str) else json.dumps(event) for event in events]
    (step / "stream.jsonl").write_text("".join(json.dumps({"t": 0, "fd": 1, "text": t + "\n"}) + "\n" for t in texts))
    if session is not None:
        chats = folder / "home" / ".gemini" / "tmp" / "workspace" / "chats"
        chats.mkdir(parents=True)
        (chats / "session-1.jsonl").write_text(session)
    return AttemptFiles(folder)


def test_nothing_is_a_problem_and_no_error(tmp_path: Path) -> None:
    stream, session, otlp = read(AttemptFiles(tmp_path))
    assert stream.sum() is None
    assert session.problems == ("the session file is missing",)
    assert not any(report.finished for report in (stream, session, otlp))


def test_a_tool_without_a_result_never_came_back(tmp_path: Path) -> None:
    use = {"type": "tool_use", "tool_id": "a", "tool_name": "run_shell_command", "parameters": {"command": "sleep 9"}}
    stream = read(attempt(tmp_path, {"type": "init", "model": "m"}, use))[0]
    assert [tool.failed for tool in stream.tool_calls] == [None]
    assert not stream.finished


def test_thoughts_are_output_though_only_the_total_has_them(tmp_path: Path) -> None:
    counts = {"total_tokens": 1300, "input_tokens": 1000, "output_tokens": 100, "cached": 400, "input": 600}
    end = {"type": "result", "status": "success", "stats": {"duration_ms": 5, "models": {"m": counts}}}
    stream = read(attempt(tmp_path, end, {"type": "brand_new"}))[0]
    total = stream.sum()
    assert total is not None
    assert (total.input_uncached, total.cache_read, total.output) == (600, 400, 300)
    assert stream.unknown == {"brand_new": 1}


def test_a_session_file_cut_in_a_line_keeps_what_is_before(tmp_path: Path) -> None:
    tokens = {"input": 10, "output": 2, "cached": 4, "thoughts": 3, "tool": 0, "total": 15}
    message = {"id": "1", "type": "gemini", "model": "m", "tokens": tokens}
    lines = [{"sessionId": "s", "kind": "main"}, message, {**message, "toolCalls": [{"id": "a", "name": "read_file"}]}]
    session = read(attempt(tmp_path, session="\n".join(map(json.dumps, lines)) + '\n{"id": "2", "ty'))[1]
    assert session.source is Source.SESSION
    assert session.problems == ("session-1.jsonl, line 4 is cut off",)
    (call,) = session.calls
    assert (call.tokens.input_uncached, call.tokens.output, call.tokens.reasoning) == (6, 5, 3)
    assert session.gaps == ("running_turn",)


def test_the_providers_error_is_told_from_its_own(tmp_path: Path) -> None:
    failed = {"type": "result", "status": "error", "error": {"type": "unknown", "message": "[API Error: no]"}}
    files = attempt(tmp_path, failed)
    end = ending(files.streams[0])
    assert end.is_api
    assert end.error == "unknown: [API Error: no]"


def test_used_up_turns_are_a_limit_and_no_error_of_the_provider(tmp_path: Path) -> None:
    error = {"type": "FatalTurnLimitedError", "message": "Reached max session turns. See the API settings."}
    files = attempt(tmp_path, {"type": "result", "status": "error", "error": error})
    end = ending(files.streams[0])
    assert (end.is_limit, end.is_api) == (True, False)
    assert [told.kind for told in read(files)[0].errors] == ["limit"]


def test_a_session_that_goes_on_writes_its_past_again_without_what_it_cost(tmp_path: Path) -> None:
    tokens = {"input": 10, "output": 2, "cached": 4, "thoughts": 0, "tool": 0, "total": 12}
    first = {"id": "1", "type": "gemini", "model": "m", "tokens": tokens}
    past = {"id": "1", "type": "gemini", "content": [{"text": "done"}]}
    lines = [{"sessionId": "s", "kind": "main"}, first, {"$set": {"messages": [past]}}, {**first, "id": "2"}]
    session = read(attempt(tmp_path, session="\n".join(map(json.dumps, lines))))[1]
    assert [(call.model, call.tokens.output) for call in session.calls] == [("m", 2), ("m", 2)]


def test_a_session_that_goes_on_in_another_file_repeats_its_past_there(tmp_path: Path) -> None:
    tokens = {"input": 10, "output": 2, "cached": 4, "thoughts": 0, "tool": 0, "total": 12}
    first = {"id": "1", "type": "gemini", "model": "m", "tokens": tokens}
    files = attempt(tmp_path, session=json.dumps({"sessionId": "s", "kind": "main"}) + "\n" + json.dumps(first))
    past = {"$set": {"messages": [{"id": "1", "type": "gemini", "content": [{"text": "done"}]}]}}
    lines = [{"sessionId": "s", "kind": "main"}, past, {**first, "id": "2"}]
    (files.home / ".gemini/tmp/workspace/chats/session-2.jsonl").write_text("\n".join(map(json.dumps, lines)))
    session = read(files)[1]
    assert [call.tokens.output for call in session.calls] == [2, 2]
    assert session.finished
