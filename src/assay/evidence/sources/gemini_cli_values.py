"""Values that gemini-cli's sources have in common."""

from __future__ import annotations

from collections.abc import Mapping

_CLASSES: Mapping[str, str] = {
    "file_not_found": "not_found",
    "tool_not_registered": "invalid_input",
    "invalid_tool_params": "invalid_input",
    "execution_denied": "rejected",
    "policy_violation": "rejected",
    "stop_execution": "interrupted",
    "shell_execute_error": "exit_status",
}


def error_class(kind: str | None) -> str:
    """Return our name for one of its kinds of tool errors."""
    return _CLASSES.get((kind or "").lower(), "other")
