"""The Lab speaks OpenAI Chat Completions. Prompt tokens include cached ones; completion tokens include reasoning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from assay.lab.answer import Answer, Question
from assay.lab.tools import OfferedTool, ToolResult
from assay.lab.wire import (
    CREATED,
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

_STOPS = {"end": "stop", "tools": "tool_calls", "length": "length", "refusal": "content_filter"}
_REFUSAL = "I can't help with that."
_ERRORS = {400: "invalid_request_error", 404: "invalid_request_error", 429: "rate_limit_exceeded"}


def question(body: Body) -> Question:
    """Read a request body."""
    messages = body["messages"]
    system = [message["content"] for message in messages if message["role"] in {"system", "developer"}]
    options = body.get("stream_options") or {}
    return Question(
        model=body["model"],
        characters=characters(messages, body.get("tools")),
        stream=bool(body.get("stream")),
        system=texts(system),
        max_tokens=limit(body.get("max_completion_tokens", body.get("max_tokens"))),
        effort=str(body.get("reasoning_effort") or "medium"),
        caching=True,
        earlier_turns=assistant_turns(messages),
        include_usage=bool(options.get("include_usage")),
        tools=_tools(body),
        results=_results(messages),
        opening=opening(mappings(messages), _is_answer),
        characters_known=known(mappings(messages), _is_answer) + characters(body.get("tools")),
    )


def _is_answer(message: Body) -> bool:
    return message.get("role") == "assistant"


def _tools(body: Body) -> tuple[OfferedTool, ...]:
    functions = [tool.get("function") or {} for tool in mappings(body.get("tools"))]
    return tuple(OfferedTool(str(each["name"]), schema=each.get("parameters") or {}) for each in functions if each)


def _results(messages: Any) -> tuple[ToolResult, ...]:
    return tuple(
        ToolResult(str(message.get("tool_call_id")), texts(message.get("content")))
        for message in mappings(messages)
        if message.get("role") == "tool"
    )


def _calls(answer: Answer) -> list[Body]:
    return [
        {
            "index": index,
            "id": use.id,
            "type": "function",
            "function": {"name": use.name, "arguments": json.dumps(use.input)},
        }
        for index, use in enumerate(answer.tools)
    ]


def whole(answer: Answer) -> Body:
    """Return a chat completion."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None, "refusal": _refusal(answer)}
    if answer.thinking:
        message["reasoning_content"] = answer.thinking
    if answer.tools:
        message["tool_calls"] = [{key: call[key] for key in ("id", "type", "function")} for call in _calls(answer)]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _STOPS[answer.stop]}
    usage = {"usage": _usage(answer)} if answer.usage else {}
    return _common(answer, "chat.completion") | {"choices": [choice]} | usage


def events(answer: Answer, question: Question) -> Iterator[Event]:
    """Yield the chunks of a streamed completion; usage comes in a last chunk of its own, if it was asked for."""
    at = answer.ttft_ms
    yield _chunk(at, answer, {"role": "assistant", "content": ""})
    if answer.thinking:
        yield _chunk(at, answer, {"reasoning_content": answer.thinking})
    for at, text in pieces(answer):
        yield _chunk(at, answer, {"content": text}, is_text=True)
    for call in _calls(answer):
        yield _chunk(answer.duration_ms, answer, {"tool_calls": [call]}, is_text=True)
    if answer.stop == "refusal":
        yield _chunk(at, answer, {"refusal": _REFUSAL})
    yield _chunk(answer.duration_ms, answer, {}, finish=_STOPS[answer.stop])
    if question.include_usage and answer.usage:
        last = _common(answer, "chat.completion.chunk") | {"choices": [], "usage": _usage(answer)}
        yield Event(answer.duration_ms, sse(last))
    yield Event(answer.duration_ms, b"data: [DONE]\n\n")


def error(status: int, message: str) -> Body:
    """Return an error body."""
    code = "model_not_found" if status == 404 else None  # noqa: PLR2004 - HTTP
    return {"error": {"message": message, "type": _ERRORS.get(status, "server_error"), "param": None, "code": code}}


def _refusal(answer: Answer) -> str | None:
    return _REFUSAL if answer.stop == "refusal" else None


def _common(answer: Answer, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{answer.id}", "object": kind, "created": CREATED, "model": answer.model}


def _chunk(at: float, answer: Answer, delta: Body, *, finish: str | None = None, is_text: bool = False) -> Event:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return Event(at, sse(_common(answer, "chat.completion.chunk") | {"choices": [choice]}), is_text=is_text)


def _usage(answer: Answer) -> Body:
    """Return the usage in OpenAI's convention; writing to the cache costs nothing extra and is not told."""
    usage = answer.usage
    if usage is None:
        return {}
    prompt = usage.uncached + usage.cache_read + usage.cache_write
    return {
        "prompt_tokens": prompt,
        "completion_tokens": usage.output,
        "total_tokens": prompt + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }
