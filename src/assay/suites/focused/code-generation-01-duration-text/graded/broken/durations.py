"""Durations as short text: ``1h30m`` and back."""

from __future__ import annotations

import re

_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile("".join(f"(?:([0-9]+){unit})?" for unit in _SECONDS)


def parse_duration(text: str) -> int:
    """Return the whole seconds that ``text`` stands for; raise ``ValueError`` when it is not a duration."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a duration: {text!r}")
    return sum(int(number) * size for number, size in zip(match.groups("0"), _SECONDS.values(), strict=True))
