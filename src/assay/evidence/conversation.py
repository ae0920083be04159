"""What stored requests and answers say of tools: the only source for agents that leave nothing else. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.evidence.sources.values import mapping
from assay.identity import Json
from assay.records import Dialect

_MARKS = (b"tool_use", b"tool_call", b"function_call", b"functionCall", b"custom_tool_call")
_EXIT = re.compile(r"(?:exit(?:ed with)?[ _]?(?:code|status)|returncode)[\"']?\s*[:=>]?\s*\(?(-?\d+)", re.IGNORECASE)
_SAYS = 600
"""How far from either end of a result a program's exit status is looked for."""

COMMAND_TOOLS = frozenset(
    {"bash", "shell", "exec", "exec_command", "local_shell", "run_shell_command", "execute_bash", "terminal"}
)


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool that a model asked for. ``arguments`` is text where it was not JSON."""

    id: str
    tool: str
    arguments: Json = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came back. ``failed`` is None where the wire does not say; see ``exit_status``."""

    id: str
    text: str
    failed: bool | None = None


def exit_status(tool: str, text: str) -> int | None:
    """Return the exit status that a command's result states; None for other tools and where it states none."""
    if tool.lower() not in COMMAND_TOOLS:
        return None
    found = _EXIT.search(text[:_SAYS]) or _EXIT.search(text[-_SAYS:])
    return int(found.group(1)) if found else None


def tool_uses(dialect: Dialect, body: bytes) -> tuple[ToolUse, ...]:
    """Return the tools that an answer asks for, whole or streamed; none from what cannot be read."""
    if not any(mark in body for mark in _MARKS):
        return ()
    try:
        return tuple(_USES[dialect](list(_objects(body))))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ()


def tool_results(dialect: Dialect, body: bytes) -> tuple[ToolResult, ...]:
    """Return the results that a request carries, its whole history included; none from what cannot be read."""
    try:
        request = json.loads(body)
        return tuple(_RESULTS[dialect](request))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ()


def offers_tools(body: bytes) -> bool | None:
    """Tell whether a request offers tools; None when it cannot be read."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return bool(request.get("tools")) if isinstance(request, dict) else None


def _objects(body: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield the JSON objects of an answer: one body, an array, or the data of server-sent events."""
    if body.lstrip()[:1] in {b"{", b"["}:
        found = json.loads(body)
        yield from _mappings(found if isinstance(found, list) else [found])
        return
    for line in body.split(b"\n"):
        if line.startswith(b"data:") and line[5:].strip() != b"[DONE]":
            try:
                event = json.loads(line[5:])
            except ValueError:
                continue  # the last line of a cut answer
            if isinstance(event, dict):
                yield event


def _messages_uses(events: Sequence[Mapping[str, Any]]) -> Iterator[ToolUse]:
    pieces: dict[int, list[str]] = {}
    begun: dict[int, Mapping[str, Any]] = {}
    for event in events:
        for block in _mappings(event.get("content")):
            if block.get("type") == "tool_use":
                yield ToolUse(str(block["id"]), str(block["name"]), block.get("input"))
        block, delta = mapping(event.get("content_block")), mapping(event.get("delta"))
        if block.get("type") == "tool_use":
            begun[event["index"]] = block
        if delta.get("type") == "input_json_delta":
            pieces.setdefault(event["index"], []).append(str(delta.get("partial_json") or ""))
    for index, block in begun.items():
        spelled = "".join(pieces.get(index, ()))
        yield ToolUse(str(block["id"]), str(block["name"]), _parsed(spelled) if spelled else block.get("input"))


def _chat_uses(events: Sequence[Mapping[str, Any]]) -> Iterator[ToolUse]:
    begun: dict[tuple[int, int], dict[str, str]] = {}
    for event in events:
        for place, choice in enumerate(_mappings(event.get("choices"))):
            said = mapping(choice.get("message")) or mapping(choice.get("delta"))
            for number, call in enumerate(_mappings(said.get("tool_calls"))):
                key = (choice.get("index", place), call.get("index", number))
                use = begun.setdefault(key, {"id": "", "name": "", "arguments": ""})
                function = mapping(call.get("function"))
                use["id"] = use["id"] or str(call.get("id") or "")
                use["name"] = use["name"] or str(function.get("name") or "")
                use["arguments"] += str(function.get("arguments") or "")
    for use in begun.values():
        yield ToolUse(use["id"], use["name"], _parsed(use["arguments"]))


def _responses_uses(events: Sequence[Mapping[str, Any]]) -> Iterator[ToolUse]:
    seen = set()
    for event in events:
        done = event.get("type") == "response.output_item.done"
        items = [event["item"]] if done else mapping(event.get("response")).get("output") or event.get("output")
        for item in _mappings(items):
            use = _responses_use(item)
            if use is not None and use.id not in seen:
                seen.add(use.id)
                yield use


def _responses_use(item: Mapping[str, Any]) -> ToolUse | None:
    given = {"function_call": "arguments", "custom_tool_call": "input", "local_shell_call": "action"}
    part = given.get(str(item.get("type")))
    if part is None:
        return None
    name = item.get("name") or ("local_shell" if part == "action" else "")
    value = item.get(part)
    return ToolUse(str(item.get("call_id") or item.get("id")), str(name), _parsed(value))


def _gemini_uses(events: Sequence[Mapping[str, Any]]) -> Iterator[ToolUse]:
    """Gemini's calls have no id on the wire as a rule: they count in order."""
    number = 0
    for event in events:
        for candidate in _mappings(event.get("candidates")):
            for part in _mappings(mapping(candidate.get("content")).get("parts")):
                call = mapping(part.get("functionCall"))
                if call:
                    yield ToolUse(str(call.get("id") or f"#{number}"), str(call.get("name")), call.get("args"))
                    number += 1


def _messages_results(request: Mapping[str, Any]) -> Iterator[ToolResult]:
    for message in _mappings(request.get("messages")):
        for block in _mappings(message.get("content")):
            if block.get("type") == "tool_result":
                yield ToolResult(str(block["tool_use_id"]), _text(block.get("content")), bool(block.get("is_error")))


def _chat_results(request: Mapping[str, Any]) -> Iterator[ToolResult]:
    for message in _mappings(request.get("messages")):
        if message.get("role") == "tool":
            yield ToolResult(str(message.get("tool_call_id")), _text(message.get("content")))


def _responses_results(request: Mapping[str, Any]) -> Iterator[ToolResult]:
    for item in _mappings(request.get("input")):
        if str(item.get("type")).endswith("_call_output"):
            yield ToolResult(str(item.get("call_id") or item.get("id")), _text(item.get("output")))


def _gemini_results(request: Mapping[str, Any]) -> Iterator[ToolResult]:
    for content in _mappings(request.get("contents")):
        for part in _mappings(content.get("parts")):
            result = mapping(part.get("functionResponse"))
            if result.get("id"):
                answer = mapping(result.get("response"))
                text = _text(answer.get("error") or answer.get("output"))
                yield ToolResult(str(result["id"]), text, True if "error" in answer else None)


_USES = {
    Dialect.MESSAGES: _messages_uses,
    Dialect.CHAT: _chat_uses,
    Dialect.RESPONSES: _responses_uses,
    Dialect.GEMINI: _gemini_uses,
}
_RESULTS = {
    Dialect.MESSAGES: _messages_results,
    Dialect.CHAT: _chat_results,
    Dialect.RESPONSES: _responses_results,
    Dialect.GEMINI: _gemini_results,
}


def _mappings(value: Any) -> Iterable[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _parsed(value: Any) -> Json:
    if not isinstance(value, str):
        plain: Json = value
        return plain
    try:
        found: Json = json.loads(value)
    except ValueError:
        return value
    return found


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(str(part.get("text") or "") for part in _mappings(value))
    return "" if value is None else json.dumps(value)
