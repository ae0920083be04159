"""Durations as short text: ``1h30m`` and back."""

from __future__ import annotations

_UNIT_ORDER = "dhms"
_UNIT_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_DIGITS = frozenset("0123456789")


def parse_duration(text: str) -> int:
    """Return the whole seconds that ``text`` stands for; raise ``ValueError`` when it is not a duration."""
    stripped = text.strip()
    if stripped == "0":
        return 0
    if not stripped:
        raise ValueError("empty duration")

    total = 0
    digits = ""
    last_rank = -1
    for character in stripped:
        if character in _DIGITS:
            digits += character
            continue
        if character not in _UNIT_SECONDS:
            raise ValueError(f"unknown unit {character!r} in {text!r}")
        if not digits:
            raise ValueError(f"unit without a number in {text!r}")
        rank = _UNIT_ORDER.index(character)
        if rank <= last_rank:
            raise ValueError(f"units repeated or out of order in {text!r}")
        total += int(digits) * _UNIT_SECONDS[character]
        last_rank = rank
        digits = ""
    if digits:
        raise ValueError(f"number without a unit in {text!r}")
    return total


def format_duration(seconds: int) -> str:
    """Return ``seconds`` as the shortest normal text; raise ``ValueError`` when negative."""
    if seconds < 0:
        raise ValueError("negative duration")
    if seconds == 0:
        return "0"
    parts: list[str] = []
    remaining = seconds
    for unit in _UNIT_ORDER:
        count, remaining = divmod(remaining, _UNIT_SECONDS[unit])
        if count > 0:
            parts.append(f"{count}{unit}")
    return "".join(parts)
