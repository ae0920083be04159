"""Codex's way of writing tokens, times and failures, read into ours. Shapes of version 0.169."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from assay.evidence.sources.values import SHOWN, mapping, whole
from assay.records import Tokens

_EXIT = re.compile(r"(?:Process exited with code|Exit code:) (-?\d+)")
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


def refused(text: str | None) -> bool:
    """Tell whether a tool's answer is that it could not be used."""
    return error_class((text or "")[:SHOWN]) in {"invalid_input", "rejected"}


def interrupted(text: str | None) -> bool:
    """Tell whether a call was ended from outside: it did not fail, it never came back."""
    return "aborted by user" in (text or "")[-SHOWN:]


def complaint(failed: bool | None, code: int | None, output: str | None) -> tuple[str | None, str | None]:
    """Return the class of a failure, by its exit status or by what was said, and its last words; both None if well."""
    if interrupted(output):
        return "interrupted", None
    if not failed:
        return None, None
    return "exit_status" if code else error_class(output), (output or "")[-SHOWN:].strip() or None
