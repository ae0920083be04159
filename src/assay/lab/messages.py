"""The Lab speaks Anthropic Messages. Input tokens exclude what was read from or written to the cache."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from assay.lab.answer import Answer, Question
from assay.lab.tools import OfferedTool, ToolResult
from assay.lab.wire import (
    Body,
    Event,
    assistant_turns,
    characters,
    known,
    limit,
    mappings,
    opening,
    pieces,
    sse,
    texts,
)

_STOPS = {"end": "end_turn", "tools": "tool_use", "length": "max_tokens", "refusal": "refusal"}
_ERRORS = {
    400: "invalid_request_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


def question(body: Body) -> Question:
    """Read a request body; ``max_tokens`` is required here, as at the real one."""
    system, messages = body.get("system"), body["messages"]
    return Question(
        model=body["model"],
        characters=characters(system, messages, body.get("tools")),
        stream=bool(body.get("stream")),
        system=texts(system),
        max_tokens=limit(body["max_tokens"]),
        effort=str((body.get("output_config") or {}).get("effort") or "medium"),
        caching=_marks_cache((system, messages, body.get("tools"))),
        earlier_turns=assistant_turns(messages),
        tools=_tools(body),
        results=_results(messages),
        opening=opening(mappings(messages), _is_answer),
        characters_known=known(mappings(messages), _is_answer) + characters(system, body.get("tools")),
        cache_1h=_lives_an_hour((system, messages, body.get("tools"))),
    )


def _is_answer(message: Body) -> bool:
    return message.get("role") == "assistant"


def _tools(body: Body) -> tuple[OfferedTool, ...]:
    """Tools that the client runs; those that run at the provider have a type of their own."""
    return tuple(
        OfferedTool(str(tool["name"]), schema=tool.get("input_schema") or {})
        for tool in mappings(body.get("tools"))
        if tool.get("type", "custom") == "custom" and "name" in tool
    )


def _results(messages: Any) -> tuple[ToolResult, ...]:
    blocks = [block for message in mappings(messages) for block in mappings(message.get("content"))]
    return tuple(
        ToolResult(str(block.get("tool_use_id")), texts(block.get("content")), bool(block.get("is_error")))
        for block in blocks
        if block.get("type") == "tool_result"
    )


def whole(answer: Answer) -> Body:
    """Return a message."""
    blocks: list[Body] = (
        [{"type": "thinking", "thinking": answer.thinking, "signature": "lab"}] if answer.thinking else []
    )
    if answer.text:
        blocks.append({"type": "text", "text": answer.text})
    blocks += [{"type": "tool_use", "id": use.id, "name": use.name, "input": use.input} for use in answer.tools]
    usage = _usage(answer, final=True)
    return _message(answer, blocks) | {"stop_reason": _STOPS[answer.stop]} | ({"usage": usage} if usage else {})


def events(answer: Answer, question: Question) -> Iterator[Event]:  # noqa: ARG001 - the same for all dialects
    """Yield the events of a streamed message."""
    usage = _usage(answer, final=False)
    start = _message(answer, []) | {"stop_reason": None} | ({"usage": usage} if usage else {})
    at = answer.ttft_ms
    yield _event(at, "message_start", message=start)
    index = 0
    if answer.thinking:
        yield _event(at, "content_block_start", index=0, content_block={"type": "thinking", "thinking": ""})
        yield _delta(at, 0, {"type": "thinking_delta", "thinking": answer.thinking})
        yield _delta(at, 0, {"type": "signature_delta", "signature": "lab"})
        yield _event(at, "content_block_stop", index=0)
        index = 1
    if answer.text:
        yield _event(at, "content_block_start", index=index, content_block={"type": "text", "text": ""})
        for at, text in pieces(answer):
            yield _delta(at, index, {"type": "text_delta", "text": text}, is_text=True)
        yield _event(at, "content_block_stop", index=index)
        index += 1
    for number, use in enumerate(answer.tools, start=index):
        block = {"type": "tool_use", "id": use.id, "name": use.name, "input": {}}
        yield _event(answer.duration_ms, "content_block_start", index=number, content_block=block)
        spelled = json.dumps(use.input)
        yield _delta(answer.duration_ms, number, {"type": "input_json_delta", "partial_json": spelled}, is_text=True)
        yield _event(answer.duration_ms, "content_block_stop", index=number)
    final = _usage(answer, final=True)
    yield _event(
        answer.duration_ms,
        "message_delta",
        delta={"stop_reason": _STOPS[answer.stop], "stop_sequence": None},
        **({"usage": final} if final else {}),
    )
    yield _event(answer.duration_ms, "message_stop")


def error(status: int, message: str) -> Body:
    """Return an error body."""
    return {"type": "error", "error": {"type": _ERRORS.get(status, "api_error"), "message": message}}


def _message(answer: Answer, blocks: list[Body]) -> dict[str, Any]:
    return {
        "id": f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": blocks,
        "stop_sequence": None,
    }


def _usage(answer: Answer, *, final: bool) -> Body:
    """At the start of a stream the output is a placeholder; the end states the whole once more."""
    usage = answer.usage
    if usage is None:
        return {}
    return {
        "input_tokens": usage.uncached,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write - usage.cache_write_1h,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": usage.output if final else 1,
    }


def _event(at: float, kind: str, **fields: Any) -> Event:
    return Event(at, sse({"type": kind, **fields}, kind))


def _delta(at: float, index: int, delta: Body, *, is_text: bool = False) -> Event:
    kind = "content_block_delta"
    return Event(at, sse({"type": kind, "index": index, "delta": delta}, kind), is_text=is_text)


def _lives_an_hour(value: Any) -> bool:
    """Tell whether a block asks the cache to hold for an hour (``ttl: 1h``)."""
    if isinstance(value, dict):
        mark = value.get("cache_control")
        asked = isinstance(mark, dict) and mark.get("ttl") == "1h"
        return asked or any(map(_lives_an_hour, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_lives_an_hour, value))


def _marks_cache(value: Any) -> bool:
    """Tell whether any block carries ``cache_control``: nothing is cached unasked."""
    if isinstance(value, dict):
        return "cache_control" in value or any(map(_marks_cache, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_marks_cache, value))
