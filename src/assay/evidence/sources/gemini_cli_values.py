"""Values that gemini-cli's sources have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from assay.identity import content_id

_SHOWN = 200
_CLASSES: Mapping[str, str] = {
    "file_not_found": "not_found",
    "tool_not_registered": "invalid_input",
    "invalid_tool_params": "invalid_input",
    "execution_denied": "rejected",
    "policy_violation": "rejected",
    "stop_execution": "interrupted",
    "shell_execute_error": "exit_status",
}


def mapping(value: Any) -> Mapping[str, Any]:
    """Return the object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def text(value: Any) -> str | None:
    """Return the text, or None for anything else and for nothing."""
    return value if isinstance(value, str) and value else None


def whole(value: Any) -> int | None:
    """Return a count; None when there is none."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def milliseconds(value: Any) -> int | None:
    """Return a time stamp as UTC milliseconds."""
    try:
        return round(datetime.fromisoformat(str(value)).timestamp() * 1000) if value else None
    except ValueError:
        return None


def arguments(given: Mapping[str, Any]) -> tuple[str, str]:
    """Return a tool's arguments for people, and the id of all of them."""
    return str(dict(given))[:_SHOWN], content_id("arguments", dict(given))


def error_class(kind: str | None) -> str:
    """Return our name for one of its kinds of tool errors."""
    return _CLASSES.get((kind or "").lower(), "other")
