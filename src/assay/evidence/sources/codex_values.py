"""Codex's way of writing tokens, times and failures, read into ours. Shapes of version 0.169."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from assay.identity import Json, content_id
from assay.records import Tokens

_EXIT = re.compile(r"(?:Process exited with code|Exit code:) (-?\d+)")
_SHOWN = 200
_REFUSED = (
    ("invalid_input", ("verification failed", "failed to parse", "invalid patch", "missing field", "unsupported call")),
    ("rejected", ("rejected", "approval", "not permitted")),
    ("timeout", ("timed out",)),
    ("interrupted", ("aborted", "interrupted")),
)
COMMANDS = frozenset({"exec_command", "write_stdin", "shell", "shell_command", "local_shell"})


def tokens(usage: Any, names: Mapping[str, str] | None = None) -> Tokens:
    """Take the cached tokens out of the input, which Codex counts in. ``names`` are its keys, where they differ."""
    given, named = mapping(usage), names or {}
    found = {key: whole(given.get(named.get(key, key))) for key in _KEYS}
    prompt, read, written = (found[key] for key in _KEYS[:3])
    rest = None if prompt is None else prompt - (read or 0) - (written or 0)
    return Tokens(
        input_uncached=rest,
        cache_read=read,
        cache_write_unknown=written,
        output=found["output_tokens"],
        reasoning=found["reasoning_output_tokens"],
    )


_KEYS = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "reasoning_output_tokens",
)
OTLP_NAMES = dict(
    zip(
        _KEYS,
        (
            "input_token_count",
            "cached_token_count",
            "cache_write_token_count",
            "output_token_count",
            "reasoning_token_count",
        ),
        strict=True,
    )
)


def exit_status(text: str | None) -> int | None:
    """Return the exit status that a tool's answer states in words; None when it states none."""
    found = _EXIT.search(text or "")
    return int(found[1]) if found else None


def error_class(text: str | None) -> str:
    """Sort a refusal by what it says."""
    said = (text or "").lower()
    return next((name for name, marks in _REFUSED if any(mark in said for mark in marks)), "other")


def failure_class(code: int | None, text: str | None) -> str:
    """Sort a failure: by the exit status where there is one, else by what was said."""
    return "exit_status" if code else error_class(text)


def interrupted(text: str | None) -> bool:
    """Tell whether a call was ended from outside: it did not fail, it never came back."""
    return "aborted by user" in (text or "")[-_SHOWN:]


def refused(text: str | None) -> bool:
    """Tell whether a tool's answer is that it could not be used."""
    return error_class((text or "")[:_SHOWN]) in {"invalid_input", "rejected"}


def digest(arguments: Json) -> tuple[str, str]:
    """Return what people see of a call's arguments, and their content id."""
    return str(arguments)[:_SHOWN], content_id("arguments", arguments)


def mapping(value: Any) -> Mapping[str, Any]:
    """The mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def whole(value: Any) -> int | None:
    """A whole number, also where it came as text or as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return None


def text(value: Any) -> str | None:
    """A text that says something."""
    return value if isinstance(value, str) and value else None


def at_ms(value: Any) -> int | None:
    """A time stamp in ISO 8601 as UTC ms."""
    try:
        return round(datetime.fromisoformat(value).timestamp() * 1000) if isinstance(value, str) else None
    except ValueError:
        return None
