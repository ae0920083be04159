"""The three wire protocols, as much of them as one question and one answer need.

A request is plain data made on the host (``assay.agents.api``): ``dialect model max_tokens settings system``.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False  # importing typing would cost every trial 4 ms
if TYPE_CHECKING:
    from typing import Any

_ANTHROPIC_VERSION = "2023-06-01"
_LENGTH = {"max_tokens", "length", "max_output_tokens"}
_REFUSALS = {"refusal", "content_filter"}


class ProtocolError(Exception):
    """The provider sent something that the dialect does not know."""


class Reply:
    """What came back so far. ``stop`` is in the provider's own word; ``failure`` is an error told inside the stream."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.thinking: list[str] = []
        self.usage: dict[str, object] | None = None
        self.model: str | None = None
        self.stop: str | None = None
        self.refused = False
        self.done = False
        self.failure: str | None = None

    @property
    def too_long(self) -> bool:
        """True when the answer was cut at the token limit."""
        return self.stop in _LENGTH


def headers(request: dict[str, Any]) -> dict[str, str]:
    """Return the headers of a request; the key is a dummy, the gateway puts in the real one."""
    common = {"content-type": "application/json", "accept": "text/event-stream, application/json"}
    if request["dialect"] == "messages":
        return common | {"x-api-key": "dummy", "anthropic-version": _ANTHROPIC_VERSION}
    return common | {"authorization": "Bearer dummy"}


def body(request: dict[str, Any], prompt: str) -> bytes:
    """Return the JSON body of a request."""
    settings = request["settings"]
    make = {"messages": _messages_body, "chat": _chat_body, "responses": _responses_body}[request["dialect"]]
    content = make(request, prompt)
    content |= {name: settings[name] for name in ("temperature", "top_p") if settings.get(name) is not None}
    return json.dumps(content).encode()


def _messages_body(request: dict[str, Any], prompt: str) -> dict[str, Any]:
    settings = request["settings"]
    content: dict[str, Any] = {
        "model": request["model"],
        "max_tokens": request["max_tokens"],
        "stream": request["stream"],
    }
    content["messages"] = [{"role": "user", "content": prompt}]
    if request["system"]:
        content["system"] = request["system"]
    if settings.get("effort") is not None:
        content["output_config"] = {"effort": settings["effort"]}
    if settings.get("thinking_tokens") is not None:
        content["thinking"] = {"type": "enabled", "budget_tokens": settings["thinking_tokens"]}
    return content


def _chat_body(request: dict[str, Any], prompt: str) -> dict[str, Any]:
    settings = request["settings"]
    system = [{"role": "system", "content": request["system"]}] if request["system"] else []
    content: dict[str, Any] = {"model": request["model"], "stream": request["stream"]}
    content["messages"] = [*system, {"role": "user", "content": prompt}]
    content[settings.get("max_tokens_parameter") or "max_completion_tokens"] = request["max_tokens"]
    if request["stream"]:
        content["stream_options"] = {"include_usage": True}
    if settings.get("effort") is not None:
        content["reasoning_effort"] = settings["effort"]
    return content


def _responses_body(request: dict[str, Any], prompt: str) -> dict[str, Any]:
    settings = request["settings"]
    content: dict[str, Any] = {
        "model": request["model"],
        "stream": request["stream"],
        "max_output_tokens": request["max_tokens"],
    }
    content["input"] = [{"role": "user", "content": prompt}]
    content["store"] = False
    if request["system"]:
        content["instructions"] = request["system"]
    if settings.get("effort") is not None:
        content["reasoning"] = {"effort": settings["effort"]}
    return content


def feed(dialect: str, data: bytes, reply: Reply) -> None:
    """Take in the ``data:`` of one server-sent event."""
    if data == b"[DONE]":
        reply.done = True
        return
    try:
        event = json.loads(data)
    except ValueError:
        raise ProtocolError(f"an event is not JSON: {data[:80]!r}") from None
    if not isinstance(event, dict):
        raise ProtocolError(f"an event is not an object: {data[:80]!r}")
    {"messages": _messages_event, "chat": _chat_event, "responses": _responses_event}[dialect](event, reply)


def whole(dialect: str, data: bytes, reply: Reply) -> None:
    """Take in an answer that was not streamed."""
    try:
        answer = json.loads(data)
        {"messages": _messages_whole, "chat": _chat_whole, "responses": _responses_whole}[dialect](answer, reply)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise ProtocolError(f"the answer is not one of this dialect: {error!r}") from None
    reply.done = True


def _messages_event(event: dict[str, Any], reply: Reply) -> None:
    kind = event.get("type")
    if kind == "message_start":
        message = event.get("message") or {}
        reply.model = message.get("model")
        _usage(message.get("usage"), reply)
    elif kind == "content_block_delta":
        delta = event.get("delta") or {}
        _add(reply.text, delta.get("text"))
        _add(reply.thinking, delta.get("thinking"))
    elif kind == "message_delta":
        reply.stop = (event.get("delta") or {}).get("stop_reason") or reply.stop
        reply.refused = reply.stop in _REFUSALS
        _usage(event.get("usage"), reply)
    elif kind == "message_stop":
        reply.done = True
    elif kind == "error":
        reply.failure = _failure(event)


def _messages_whole(answer: dict[str, Any], reply: Reply) -> None:
    for block in answer["content"]:
        _add(reply.text, block.get("text"))
        _add(reply.thinking, block.get("thinking"))
    reply.model, reply.stop = answer.get("model"), answer.get("stop_reason")
    reply.refused = reply.stop in _REFUSALS
    _usage(answer.get("usage"), reply)


def _chat_event(event: dict[str, Any], reply: Reply) -> None:
    if event.get("error"):
        reply.failure = _failure(event)
        return
    reply.model = event.get("model") or reply.model
    _usage(event.get("usage"), reply)
    for choice in event.get("choices") or []:
        _chat_choice(choice.get("delta") or {}, choice.get("finish_reason"), reply)


def _chat_choice(message: dict[str, Any], finish: str | None, reply: Reply) -> None:
    _add(reply.text, message.get("content"))
    _add(reply.thinking, message.get("reasoning_content") or message.get("reasoning"))
    reply.refused = reply.refused or bool(message.get("refusal")) or finish in _REFUSALS
    reply.stop = finish or reply.stop


def _chat_whole(answer: dict[str, Any], reply: Reply) -> None:
    choice = answer["choices"][0]
    _chat_choice(choice["message"], choice.get("finish_reason"), reply)
    reply.model = answer.get("model")
    _usage(answer.get("usage"), reply)


def _responses_event(event: dict[str, Any], reply: Reply) -> None:
    kind = event.get("type")
    if kind == "response.output_text.delta":
        _add(reply.text, event.get("delta"))
    elif kind in {"response.reasoning_summary_text.delta", "response.reasoning_text.delta"}:
        _add(reply.thinking, event.get("delta"))
    elif kind == "response.refusal.delta":
        reply.refused = True
    elif kind in {"response.completed", "response.incomplete"}:
        _responses_end(event.get("response") or {}, reply)
        reply.done = True
    elif kind == "response.failed":
        reply.failure = _failure(event.get("response") or {})
    elif kind == "error":
        reply.failure = _failure(event)


def _responses_end(response: dict[str, Any], reply: Reply) -> None:
    reply.model = response.get("model") or reply.model
    reason = (response.get("incomplete_details") or {}).get("reason")
    reply.stop = reason or response.get("status")
    reply.refused = reply.refused or reason in _REFUSALS
    _usage(response.get("usage"), reply)


def _responses_whole(answer: dict[str, Any], reply: Reply) -> None:
    for item in answer["output"]:
        for part in item.get("content") or []:
            reply.refused = reply.refused or part.get("type") == "refusal"
            _add(reply.text, part.get("text") if part.get("type") == "output_text" else None)
        for part in item.get("summary") or []:
            _add(reply.thinking, part.get("text"))
    _responses_end(answer, reply)


def _add(parts: list[str], piece: object) -> None:
    if isinstance(piece, str) and piece:
        parts.append(piece)


def _usage(usage: object, reply: Reply) -> None:
    if isinstance(usage, dict):
        reply.usage = {**(reply.usage or {}), **usage}


def _failure(event: dict[str, Any]) -> str:
    error = event.get("error")
    if isinstance(error, dict):
        return f"{error.get('type') or error.get('code') or 'error'}: {error.get('message') or ''}"
    return str(error or event.get("message") or event)[:300]
