"""Tools on the wire, in every dialect, streamed and whole."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.evidence.conversation import ToolResult, ToolUse, exit_status, offers_tools, tool_results, tool_uses
from assay.records import Dialect

USE = ToolUse("c1", "bash", {"command": "ls"})
ARGUMENTS = '{"command": "ls"}'


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(b"event: x\ndata: %s\n\n" % json.dumps(event).encode() for event in events) + b"data: [DONE]\n\n"


def whole(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _delta(text: str) -> dict[str, Any]:
    delta = {"type": "input_json_delta", "partial_json": text}
    return {"type": "content_block_delta", "index": 1, "delta": delta}


FUNCTION = {"type": "function_call", "call_id": "c1", "name": "bash", "arguments": ARGUMENTS}
ANSWERS = {
    "messages": (Dialect.MESSAGES, whole({"content": [
        {"type": "text", "text": "x"}, {"type": "tool_use", "id": "c1", "name": "bash", "input": {"command": "ls"}}]})),
    "messages streamed": (Dialect.MESSAGES, sse(
        {"type": "content_block_start", "index": 1,
         "content_block": {"type": "tool_use", "id": "c1", "name": "bash", "input": {}}},
        _delta('{"comma'),
        _delta('nd": "ls"}'),
    )),
    "chat": (Dialect.CHAT, whole({"choices": [{"message": {"tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": ARGUMENTS}}]}}]})),
    "chat streamed": (Dialect.CHAT, sse(
        {"choices": [{"index": 0, "delta": {"tool_calls": [
            {"index": 0, "id": "c1", "function": {"name": "bash", "arguments": ""}}]}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": ARGUMENTS}}]}}]},
    )),
    "responses": (Dialect.RESPONSES, whole({"output": [{"type": "reasoning"}, FUNCTION]})),
    "responses streamed": (Dialect.RESPONSES, sse(
        {"type": "response.output_item.added", "item": {**FUNCTION, "arguments": ""}},
        {"type": "response.output_item.done", "item": FUNCTION},
        {"type": "response.completed", "response": {"output": [FUNCTION]}},
    )),
    "gemini": (Dialect.GEMINI, whole({"candidates": [{"content": {"parts": [
        {"functionCall": {"id": "c1", "name": "bash", "args": {"command": "ls"}}}]}}]})),
    "gemini streamed": (Dialect.GEMINI, json.dumps([{"candidates": []}, {"candidates": [{"content": {"parts": [
        {"text": "x"}, {"functionCall": {"id": "c1", "name": "bash", "args": {"command": "ls"}}}]}}]}]).encode()),
}  # fmt: skip
REQUESTS: dict[Dialect, dict[str, Any]] = {
    Dialect.MESSAGES: {"messages": [{"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "c1", "is_error": True,
         "content": [{"type": "text", "text": "Exit code 3"}]}]}]},
    Dialect.CHAT: {"messages": [{"role": "tool", "tool_call_id": "c1", "content": "Exit code 3"}]},
    Dialect.RESPONSES: {"input": [{"type": "function_call_output", "call_id": "c1", "output": "Exit code 3"}]},
    Dialect.GEMINI: {"contents": [{"parts": [
        {"functionResponse": {"id": "c1", "name": "bash", "response": {"output": "Exit code 3"}}}]}]},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_what_an_answer_asks_for(name: str) -> None:
    dialect, body = ANSWERS[name]
    assert tool_uses(dialect, body) == (USE,)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_what_a_request_brings_back(dialect: Dialect) -> None:
    (found,) = tool_results(dialect, whole(REQUESTS[dialect]))
    assert (found.id, found.text) == ("c1", "Exit code 3")
    assert found.failed is (True if dialect is Dialect.MESSAGES else None), "only Messages has a word for it"


def test_custom_and_shell_tools_of_responses() -> None:
    custom = {"type": "custom_tool_call", "call_id": "c2", "name": "apply_patch", "input": "*** Begin Patch"}
    shell = {"type": "local_shell_call", "call_id": "c3", "action": {"command": ["ls"]}}
    found = tool_uses(Dialect.RESPONSES, whole({"output": [custom, shell, {"type": "custom_tool_call_output"}]}))
    assert found == (ToolUse("c2", "apply_patch", "*** Begin Patch"), ToolUse("c3", "local_shell", {"command": ["ls"]}))


def test_arguments_that_are_no_json_stay_text() -> None:
    body = whole({"choices": [{"message": {"tool_calls": [{"id": "c", "function": {"name": "t", "arguments": "{"}}]}}]})
    assert tool_uses(Dialect.CHAT, body) == (ToolUse("c", "t", "{"),)


def test_a_failed_gemini_tool_says_so() -> None:
    request = {"contents": [{"parts": [{"functionResponse": {"id": "c", "response": {"error": "no file"}}}]}]}
    assert tool_results(Dialect.GEMINI, whole(request)) == (ToolResult("c", "no file", failed=True),)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Exit code 3\nls: no such file", 3),
        ("Process exited with code 0\nOutput:\n", 0),
        ("<returncode>2</returncode>\n<output>", None),
        ('{"output": "x", "metadata": {"exit_code": 1}}', 1),
        ("Output: x\nExit Code: 127", 127),
        ("all fine", None),
        ("x" * 5000 + "exit status 4", 4),
        ("x" * 5000 + "exit status 4" + "x" * 5000, None),
    ],
)
def test_the_exit_status_that_a_command_states(text: str, status: int | None) -> None:
    assert exit_status("bash", text) == (2 if "returncode" in text else status)
    assert exit_status("read_file", text) is None


def test_whether_tools_were_offered() -> None:
    assert offers_tools(b'{"tools": [{"name": "bash"}]}') is True
    assert offers_tools(b'{"tools": []}') is False
    assert offers_tools(b"{}") is False
    assert offers_tools(b"{") is None


@given(dialect=st.sampled_from(list(Dialect)), body=st.binary(max_size=80), at=st.integers(0, 400))
def test_no_bytes_are_too_strange(dialect: Dialect, body: bytes, at: int) -> None:
    for one, answer in ANSWERS.values():
        if one is dialect:
            cut = answer[:at] + body
            assert all(isinstance(use, ToolUse) for use in tool_uses(dialect, cut))
    request = whole(REQUESTS[dialect])[:at] + body
    assert all(isinstance(result, ToolResult) for result in tool_results(dialect, request))
