"""The Lab speaks OpenAI Responses. Input tokens include cached ones; output tokens include reasoning."""

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

_REFUSAL = "I can't help with that."
_CALLS = frozenset({"function_call", "custom_tool_call"})
_ERRORS = {400: "invalid_request_error", 404: "invalid_request_error", 429: "rate_limit_exceeded"}


def question(body: Body) -> Question:
    """Read a request body; ``input`` is a text or a list of items."""
    asked, instructions = body["input"], body.get("instructions")
    items = asked if isinstance(asked, list) else []
    system = [item["content"] for item in items if item.get("role") in {"system", "developer"}]
    return Question(
        model=body["model"],
        characters=characters(asked, instructions, body.get("tools")),
        stream=bool(body.get("stream")),
        system=texts([instructions, system]),
        max_tokens=limit(body.get("max_output_tokens")),
        effort=str((body.get("reasoning") or {}).get("effort") or "medium"),
        caching=True,
        earlier_turns=assistant_turns(asked) + sum(item.get("type") in _CALLS for item in items),
        tools=_tools(body.get("tools")),
        results=_results(items),
        opening=opening(mappings(items), _is_answer),
        characters_known=known(mappings(items), _is_answer) + characters(instructions, body.get("tools")),
    )


def _is_answer(item: Body) -> bool:
    return item.get("role") == "assistant" or item.get("type") in _CALLS


def _tools(value: Any, namespace: str | None = None) -> tuple[OfferedTool, ...]:
    """Tools of the client, those in namespaces too."""
    found: list[OfferedTool] = []
    for tool in mappings(value):
        kind, name = tool.get("type"), str(tool.get("name"))
        if kind in {"function", "custom"}:
            found.append(OfferedTool(name, kind, tool.get("parameters") or {}, namespace))
        elif kind == "namespace":
            found += _tools(tool.get("tools"), name)
    return tuple(found)


def _results(items: list[Any]) -> tuple[ToolResult, ...]:
    return tuple(
        ToolResult(str(item.get("call_id")), texts(item.get("output")))
        for item in mappings(items)
        if item.get("type") in {"function_call_output", "custom_tool_call_output"}
    )


def whole(answer: Answer) -> Body:
    """Return a finished response."""
    reason = {"length": "max_output_tokens"}.get(answer.stop)
    return _response(answer, "incomplete" if reason else "completed") | {
        "output": _items(answer),
        "incomplete_details": {"reason": reason} if reason else None,
        "usage": _usage(answer),
    }


def events(answer: Answer, question: Question) -> Iterator[Event]:  # noqa: ARG001 - the same for all dialects
    """Yield the events of a streamed response, numbered."""
    final = whole(answer)
    for number, (at, kind, fields) in enumerate(_stages(answer, final)):
        data = {"type": kind, "sequence_number": number, **fields}
        yield Event(at, sse(data, kind), is_text=kind == "response.output_text.delta")


def error(status: int, message: str) -> Body:
    """Return an error body."""
    code = "model_not_found" if status == 404 else None  # noqa: PLR2004 - HTTP
    return {"error": {"message": message, "type": _ERRORS.get(status, "server_error"), "param": None, "code": code}}


def _stages(answer: Answer, final: Body) -> Iterator[tuple[float, str, Body]]:
    at, end = answer.ttft_ms, answer.duration_ms
    started = _response(answer, "in_progress") | {"output": []}
    yield at, "response.created", {"response": started}
    yield at, "response.in_progress", {"response": started}
    items = final["output"]
    for index, item in enumerate(items):
        place: dict[str, Any] = {"item_id": item["id"], "output_index": index}
        yield at, "response.output_item.added", {"output_index": index, "item": item | _unfilled(item)}
        if item["type"] in _CALLS:
            yield from _call_stages(end, place, item)
        elif item["type"] == "reasoning":
            yield at, "response.reasoning_summary_text.delta", place | {"summary_index": 0, "delta": answer.thinking}
            yield at, "response.reasoning_summary_text.done", place | {"summary_index": 0, "text": answer.thinking}
        else:
            yield from _part(answer, place, item["content"][0])
        yield end, "response.output_item.done", {"output_index": index, "item": item}
    kind = "response.incomplete" if final["status"] == "incomplete" else "response.completed"
    yield end, kind, {"response": final}


def _call_stages(end: float, place: dict[str, Any], item: Body) -> Iterator[tuple[float, str, Body]]:
    if item["type"] == "function_call":
        yield end, "response.function_call_arguments.delta", place | {"delta": item["arguments"]}
        yield end, "response.function_call_arguments.done", place | {"arguments": item["arguments"]}
    else:
        yield end, "response.custom_tool_call_input.delta", place | {"delta": item["input"]}
        yield end, "response.custom_tool_call_input.done", place | {"input": item["input"]}


def _part(answer: Answer, place: Body, part: Body) -> Iterator[tuple[float, str, Body]]:
    at, end = answer.ttft_ms, answer.duration_ms
    place = {**place, "content_index": 0}
    if part["type"] == "refusal":
        yield at, "response.refusal.delta", place | {"delta": part["refusal"]}
        yield end, "response.refusal.done", place | {"refusal": part["refusal"]}
        return
    yield at, "response.content_part.added", place | {"part": {**part, "text": ""}}
    for due, text in pieces(answer):
        yield due, "response.output_text.delta", place | {"delta": text}
    yield end, "response.output_text.done", place | {"text": answer.text}
    yield end, "response.content_part.done", place | {"part": part}


def _unfilled(item: Body) -> Body:
    kinds: dict[str, Body] = {
        "reasoning": {"summary": []},
        "function_call": {"arguments": "", "status": "in_progress"},
        "custom_tool_call": {"input": "", "status": "in_progress"},
    }
    return kinds.get(item["type"], {"content": [], "status": "in_progress"})


def _items(answer: Answer) -> list[Body]:
    items: list[Body] = []
    if answer.thinking:
        summary = [{"type": "summary_text", "text": answer.thinking}]
        items.append({"id": f"rs_{answer.id}", "type": "reasoning", "summary": summary})
    if answer.tools and not answer.text:
        return [*items, *_calls(answer)]
    part: Body = {"type": "output_text", "text": answer.text, "annotations": []}
    if answer.stop == "refusal":
        part = {"type": "refusal", "refusal": _REFUSAL}
    message = {"id": f"msg_{answer.id}", "type": "message", "role": "assistant", "status": "completed"}
    return [*items, message | {"content": [part]}, *_calls(answer)]


def _calls(answer: Answer) -> list[Body]:
    calls: list[Body] = []
    for index, use in enumerate(answer.tools):
        common = {"id": f"fc_{answer.id}_{index}", "call_id": use.id, "name": use.name, "status": "completed"}
        if use.namespace is not None:
            common["namespace"] = use.namespace
        if use.custom:
            calls.append(common | {"type": "custom_tool_call", "input": str(use.input)})
        else:
            calls.append(common | {"type": "function_call", "arguments": json.dumps(use.input)})
    return calls


def _response(answer: Answer, status: str) -> dict[str, Any]:
    return {
        "id": f"resp_{answer.id}",
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": answer.model,
        "usage": None,
    }


def _usage(answer: Answer) -> Body | None:
    usage = answer.usage
    if usage is None:
        return None
    prompt = usage.uncached + usage.cache_read + usage.cache_write
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": prompt + usage.output,
    }
