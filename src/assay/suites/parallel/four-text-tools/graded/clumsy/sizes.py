"""Sizes of files."""

import re
from fractions import Fraction

_UNITS = {
    "": 1,
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
}
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*")
_SHOWN = ("KiB", "MiB", "GiB")


def parse_size(text: str) -> int:
    """Read ``1.5 KiB`` as 1536."""
    match = _SIZE.fullmatch(text)
    if match is None or match[2].lower() not in _UNITS:
        raise ValueError(f"{text!r} is no size")
    return int(Fraction(match[1]) * _UNITS[match[2].lower()])


def format_size(count: int) -> str:
    """Write 1536 as ``1.5 KiB``."""
    if count < 0:
        raise ValueError("a size is not below 0")
    if count < 1024:
        return f"{count} B"
    unit, tenths = 1024, 0
    for name in _SHOWN:
        tenths = (count * 20 + unit) // (2 * unit)
        if tenths < 10240 or name == _SHOWN[-1]:
            break
        unit *= 1024
    whole, tenth = divmod(tenths, 10)
    return f"{whole}.{tenth} {name}" if tenth else f"{whole} {name}"
