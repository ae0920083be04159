"""Claude Code's spellings, common to its stream and its session files: usage, tool results, times."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from assay.evidence.sources.base import Source, ToolCall
from assay.evidence.sources.values import SHOWN, between_ms, digest, mapping, whole
from assay.records import Role, Tokens

DELEGATING = frozenset({"Agent", "Task"})
"""The tool that starts a sub-agent: its name on the wire, and in lists of tools."""
SYNTHETIC = "<synthetic>"
"""The model of messages that the agent writes itself, such as an error in words."""
_EXIT = re.compile(r"^Exit code (\d+)")
_TASK_EXIT = re.compile(r"\(exit code (\d+)\)|with exit code (\d+)")
# Most telling first; all as this version words them. Nobody is there to refuse a tool by hand: that is an interrupt.
_CLASSES = (
    ("interrupted", re.compile(r"interrupted|aborted|was cancelled|Cancelled:|doesn't want to proceed", re.IGNORECASE)),
    ("timeout", re.compile(r"timed out", re.IGNORECASE)),
    ("invalid_input", re.compile(r"InputValidationError|Invalid tool parameters", re.IGNORECASE)),
    ("not_found", re.compile(r"No such tool available|does not exist|not found", re.IGNORECASE)),
    ("rejected", re.compile(r"has not been read|requires approval|permission|blocked|denied",
                            re.IGNORECASE)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave back, normalised as ``ToolCall`` says."""

    failed: bool | None
    exit_status: int | None = None
    error_class: str | None = None
    error: str | None = None


def blocks(message: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the blocks of a message's content; plain text has none."""
    content = mapping(message).get("content")
    yield from (block for block in content if isinstance(block, Mapping)) if isinstance(content, list) else ()


def tool_use(
    block: Mapping[str, Any], source: Source, who: tuple[Role, str | None], at: int | None, model: str | None
) -> ToolCall:
    """Read a ``tool_use`` block: a call that has not come back yet. ``who``: the role, and the sub-agent's name."""
    shown, equal = digest(block.get("input"))
    return ToolCall(
        id=str(block.get("id")),
        tool=str(block.get("name")),
        source=source,
        agent_name=who[1],
        role=who[0],
        arguments=shown,
        arguments_id=equal,
        at_ms=at,
        model=model,
    )


def usage_tokens(value: Any, *, is_final: bool = True) -> Tokens:
    """Read a request's ``usage``. Before its end, a message's ``output_tokens`` is a placeholder."""
    usage, split = mapping(value), mapping(mapping(value).get("cache_creation"))
    writes_5m, writes_1h = whole(split.get("ephemeral_5m_input_tokens")), whole(split.get("ephemeral_1h_input_tokens"))
    known = writes_5m is not None and writes_1h is not None
    return Tokens(
        input_uncached=whole(usage.get("input_tokens")),
        cache_read=whole(usage.get("cache_read_input_tokens")),
        cache_write_5m=writes_5m if known else None,
        cache_write_1h=writes_1h if known else None,
        cache_write_unknown=None if known else whole(usage.get("cache_creation_input_tokens")),
        output=whole(usage.get("output_tokens")) if is_final else None,
    )


def result_text(block: Mapping[str, Any]) -> str:
    """Return the text of a ``tool_result`` block."""
    content = block.get("content")
    if isinstance(content, list):
        return "\n".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    return content if isinstance(content, str) else ""


def tool_result(tool: str, block: Mapping[str, Any], *, in_background: bool) -> Result:
    """Read a ``tool_result`` block. A command that was sent to the background has no result yet."""
    said, is_error = result_text(block), block.get("is_error") is True
    if not is_error:
        if in_background:
            return Result(None)
        return Result(failed=False, exit_status=0 if tool == "Bash" else None)
    exited = _EXIT.match(said)
    if exited and tool == "Bash":
        return Result(True, int(exited[1]), "exit_status", said[:SHOWN])
    kind = next((name for name, pattern in _CLASSES if pattern.search(said)), "other")
    return Result(None if kind == "interrupted" else True, None, kind, said[:SHOWN])


def ended(call: ToolCall, result: Result, at: int | None) -> ToolCall:
    """Return a call that came back at a time."""
    return replace(
        call,
        failed=result.failed,
        exit_status=result.exit_status,
        error_class=result.error_class,
        error=result.error,
        duration_ms=between_ms(call.at_ms, at),
    )


def background_result(summary: str) -> Result | None:
    """Read how a background command ended; None when it does not say."""
    found = _TASK_EXIT.search(summary)
    if not found:
        return None
    status = int(found[1] or found[2])
    return Result(bool(status), status, "exit_status" if status else None, summary[:SHOWN] if status else None)
