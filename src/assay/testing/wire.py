"""Answers as providers put them on the wire, in four dialects, whole and streamed: for scripted upstreams."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from assay.records import Dialect
from assay.testing.upstream import Reply

SSE = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}

USAGE: Mapping[Dialect, Mapping[str, Any]] = {
    Dialect.MESSAGES: {
        "input_tokens": 50,
        "cache_creation_input_tokens": 300,
        "cache_read_input_tokens": 1000,
        "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
        "output_tokens": 40,
    },
    Dialect.CHAT: {
        "prompt_tokens": 1050,
        "completion_tokens": 40,
        "total_tokens": 1090,
        "prompt_tokens_details": {"cached_tokens": 1000},
        "completion_tokens_details": {"reasoning_tokens": 30},
    },
    Dialect.RESPONSES: {
        "input_tokens": 1050,
        "input_tokens_details": {"cached_tokens": 1000},
        "output_tokens": 40,
        "output_tokens_details": {"reasoning_tokens": 30},
        "total_tokens": 1090,
    },
    Dialect.GEMINI: {
        "promptTokenCount": 1050,
        "cachedContentTokenCount": 1000,
        "candidatesTokenCount": 10,
        "thoughtsTokenCount": 30,
        "totalTokenCount": 1090,
    },
}


def question(dialect: Dialect, model: str, *, stream: bool = False) -> dict[str, Any]:
    """Return a smallest request of a dialect. Gemini's has model and stream in the path, see ``model_path``."""
    if dialect is Dialect.GEMINI:
        said = [{"role": "user", "parts": [{"text": "Say hello"}]}]
        return {"contents": said, "generationConfig": {"maxOutputTokens": 64}}
    if dialect is Dialect.RESPONSES:
        asked: dict[str, Any] = {"model": model, "input": "Say hello", "max_output_tokens": 64}
    else:
        asked = {"model": model, "max_tokens": 64, "messages": [{"role": "user", "content": "Say hello"}]}
    return {**asked, "stream": True} if stream else asked


def model_path(dialect: Dialect, model: str, *, stream: bool = False) -> str:
    """Return where a request goes, below a base address."""
    if dialect is Dialect.GEMINI:
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"/v1beta/models/{model}:{verb}"
    return "/v1" + {Dialect.MESSAGES: "/messages", Dialect.CHAT: "/chat/completions"}.get(dialect, "/responses")


def whole(
    dialect: Dialect, text: str = "hello", *, model: str = "served-1", usage: Mapping[str, Any] | None = None
) -> Reply:
    """Return a complete answer; ``usage={}`` leaves usage out."""
    return Reply(json.dumps(_body(dialect, text, model, USAGE[dialect] if usage is None else usage)).encode())


def streamed(
    dialect: Dialect, text: str = "hello", *, model: str = "served-1", usage: Mapping[str, Any] | None = None
) -> Reply:
    """Return the same as server-sent events, one event a piece; ``usage={}`` leaves usage out."""
    used = USAGE[dialect] if usage is None else usage
    if dialect is Dialect.MESSAGES:
        events = _messages_events(text, model, used)
    elif dialect is Dialect.RESPONSES:
        events = _responses_events(text, model, used)
    elif dialect is Dialect.GEMINI:
        events = _gemini_events(text, model, used)
    else:
        events = _chat_events(text, model, used)
    return Reply(tuple(events), headers=SSE)


def event(data: Mapping[str, Any], name: str | None = None) -> bytes:
    """Encode one server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def _body(dialect: Dialect, text: str, model: str, usage: Mapping[str, Any]) -> dict[str, Any]:
    used = {"usage": dict(usage)} if usage else {}
    if dialect is Dialect.MESSAGES:
        content: list[dict[str, Any]] = [{"type": "text", "text": text}]
        head = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": content}
        return {**head, "stop_reason": "end_turn", "stop_sequence": None, **used}
    if dialect is Dialect.CHAT:
        message = {"role": "assistant", "content": text}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        return {"id": "c1", "object": "chat.completion", "created": 1, "model": model, "choices": choices, **used}
    if dialect is Dialect.GEMINI:
        part = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP", "index": 0}
        told = {"usageMetadata": dict(usage)} if usage else {}
        return {"candidates": [part], **told, "modelVersion": model, "responseId": "g1"}
    content = [{"type": "output_text", "text": text, "annotations": []}]
    output = [{"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": content}]
    return {"id": "r1", "object": "response", "status": "completed", "model": model, "output": output, **used}


def _messages_events(text: str, model: str, usage: Mapping[str, Any]) -> list[bytes]:
    start: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
    }
    first = {**start, "usage": {**usage, "output_tokens": 1}} if usage else start
    last: dict[str, Any] = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}}
    if usage:
        last["usage"] = {"output_tokens": usage["output_tokens"]}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
        for piece in _pieces(text)
    ]
    rest = [{"type": "content_block_stop", "index": 0}, last, {"type": "message_stop"}]
    every: list[dict[str, Any]] = [{"type": "message_start", "message": first}, block, {"type": "ping"}, *deltas, *rest]
    return [event(data, data["type"]) for data in every]


def _chat_events(text: str, model: str, usage: Mapping[str, Any]) -> list[bytes]:
    base = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": model}
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, *({"content": p} for p in _pieces(text))]
    chunks = [{**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if usage:
        chunks.append({**base, "choices": [], "usage": dict(usage)})
    return [*(event(chunk) for chunk in chunks), b"data: [DONE]\n\n"]


def _responses_events(text: str, model: str, usage: Mapping[str, Any]) -> list[bytes]:
    final = _body(Dialect.RESPONSES, text, model, usage)
    begun = {**final, "status": "in_progress", "output": [], "usage": None, "error": None}
    deltas = [{"type": "response.output_text.delta", "item_id": "m1", "delta": piece} for piece in _pieces(text)]
    every: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        *deltas,
        {"type": "response.completed", "response": final},
    ]
    return [event({**data, "sequence_number": number}, data["type"]) for number, data in enumerate(every)]


def _gemini_events(text: str, model: str, usage: Mapping[str, Any]) -> list[bytes]:
    """Every chunk bears the usage so far; the last one the reason."""
    base = {"modelVersion": model, "responseId": "g1"}
    early = {key: usage[key] for key in ("promptTokenCount", "totalTokenCount") if key in usage}
    chunks: list[dict[str, Any]] = [
        {"candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0}], **base}
        | ({"usageMetadata": early} if usage else {})
        for piece in _pieces(text)
    ]
    chunks.append(_body(Dialect.GEMINI, "", model, usage))
    return [event(chunk) for chunk in chunks]


def _pieces(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(0, len(text), 4)]
