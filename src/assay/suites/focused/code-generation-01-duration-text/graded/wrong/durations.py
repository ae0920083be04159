"""Durations as short text: ``1h30m`` and back."""

from __future__ import annotations

import re

_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def parse_duration(text: str) -> int:
    """Return the whole seconds that ``text`` stands for; raise ``ValueError`` when it is not a duration."""
    parts = re.findall(r"(\d+)\s*([dhms])", text.lower())
    if not parts:
        raise ValueError(f"not a duration: {text!r}")
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)


def format_duration(seconds: int) -> str:
    """Return ``seconds`` as the shortest normal text; raise ``ValueError`` when negative."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "m"), (rest, "s")]
    return "".join(f"{count}{unit}" for count, unit in parts if count)
