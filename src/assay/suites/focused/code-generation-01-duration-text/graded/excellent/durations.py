"""Durations as short text: ``1h30m`` and back."""

from __future__ import annotations

import re

UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
PATTERN = re.compile(r"(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")


def parse_duration(text: str) -> int:
    """Return the whole seconds that ``text`` stands for; raise ``ValueError`` when it is not a duration."""
    body = text.strip()
    if body == "0":
        return 0
    match = PATTERN.fullmatch(body)
    if match is None or not body:
        raise ValueError(f"invalid duration {text!r}")
    return sum(int(count) * size for count, (_, size) in zip(match.groups("0"), UNITS, strict=True))


def format_duration(seconds: int) -> str:
    """Return ``seconds`` as the shortest normal text; raise ``ValueError`` when negative."""
    if seconds < 0:
        raise ValueError(f"negative duration {seconds}")
    text = ""
    for unit, size in UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            text += f"{count}{unit}"
    return text or "0"
