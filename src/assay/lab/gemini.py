"""The Lab speaks Gemini's dialect. Prompt tokens include cached ones; thoughts are counted beside the answer's tokens.

The model and whether to stream stand in the path; ``LabServer`` puts them into the body as ``model`` and ``stream``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.lab.answer import Answer, Question
from assay.lab.tools import OfferedTool, ToolResult
from assay.lab.wire import Body, Event, characters, known, limit, mappings, opening, pieces, sse, texts

_STOPS = {"end": "STOP", "tools": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"}
_STATUS = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}
_NO_EFFORT = "medium"


def question(body: Body) -> Question:
    """Read a request body."""
    contents = mappings(body["contents"])
    config = body.get("generationConfig") or {}
    thinking = config.get("thinkingConfig") or {}
    messages = [{"role": _role(entry), "content": _said(entry)} for entry in contents]
    return Question(
        model=body["model"],
        characters=characters(
            [entry.get("parts") for entry in contents], body.get("systemInstruction"), body.get("tools")
        ),
        stream=bool(body.get("stream")),
        system=texts(_said(body.get("systemInstruction") or {})),
        max_tokens=limit(config.get("maxOutputTokens")),
        effort=str(thinking.get("thinkingLevel") or _NO_EFFORT).lower(),
        caching=True,
        earlier_turns=sum(message["role"] == "assistant" for message in messages),
        tools=_tools(body.get("tools")),
        results=_results(contents),
        opening=opening(messages, _is_answer),
        characters_known=known(contents, _is_model) + characters(body.get("systemInstruction"), body.get("tools")),
    )


def _role(entry: Body) -> str:
    return "assistant" if entry.get("role") == "model" else "user"


def _is_model(entry: Body) -> bool:
    return entry.get("role") == "model"


def _is_answer(message: Body) -> bool:
    return bool(message["role"] == "assistant")


def _said(entry: Body) -> list[str]:
    parts = entry.get("parts")
    return [str(part["text"]) for part in mappings(parts if isinstance(parts, list) else [parts]) if "text" in part]


def _tools(value: Any) -> tuple[OfferedTool, ...]:
    declared = [each for tool in mappings(value) for each in mappings(tool.get("functionDeclarations"))]
    return tuple(
        OfferedTool(str(each["name"]), schema=each.get("parametersJsonSchema") or each.get("parameters") or {})
        for each in declared
    )


def _results(contents: list[Body]) -> tuple[ToolResult, ...]:
    responses = [
        part["functionResponse"]
        for entry in contents
        for part in mappings(entry.get("parts"))
        if isinstance(part.get("functionResponse"), dict)
    ]
    return tuple(
        ToolResult(str(each.get("id")), texts(each.get("response")), failed="error" in (each.get("response") or {}))
        for each in responses
    )


def whole(answer: Answer) -> Body:
    """Return an answer that is not streamed."""
    parts: list[Body] = [{"text": answer.thinking, "thought": True}] if answer.thinking else []
    if answer.text and answer.stop != "refusal":
        parts.append({"text": answer.text})
    return _chunk(answer, [*parts, *_calls(answer)], last=True)


def events(answer: Answer, question: Question) -> Iterator[Event]:  # noqa: ARG001 - the same for all dialects
    """Yield the chunks of a streamed answer; the last one has the calls, the reason for its end, and usage."""
    if answer.thinking:
        yield Event(answer.ttft_ms, sse(_chunk(answer, [{"text": answer.thinking, "thought": True}])))
    if answer.stop != "refusal":
        for at, text in pieces(answer):
            yield Event(at, sse(_chunk(answer, [{"text": text}])), is_text=True)
    calls = _calls(answer)
    yield Event(answer.duration_ms, sse(_chunk(answer, calls, last=True)), is_text=bool(calls))


def error(status: int, message: str) -> Body:
    """Return an error body."""
    return {"error": {"code": status, "message": message, "status": _STATUS.get(status, "INTERNAL")}}


def _calls(answer: Answer) -> list[Body]:
    return [{"functionCall": {"id": use.id, "name": use.name, "args": use.input}} for use in answer.tools]


def _chunk(answer: Answer, parts: list[Body], *, last: bool = False) -> Body:
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts or [{"text": ""}]}}
    chunk: dict[str, Any] = {"candidates": [candidate], "modelVersion": answer.model, "responseId": answer.id}
    if last:
        candidate["finishReason"] = _STOPS[answer.stop]
        if answer.usage is not None:
            chunk["usageMetadata"] = _usage(answer)
    return chunk


def _usage(answer: Answer) -> Body:
    usage = answer.usage
    if usage is None:
        return {}
    prompt = usage.uncached + usage.cache_read + usage.cache_write
    told: dict[str, Any] = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": prompt + usage.output,
    }
    # As at the provider, a kind that is not there is not named.
    if usage.cache_read:
        told["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        told["thoughtsTokenCount"] = usage.reasoning
    return told
