"""Lists of numbers as people write them."""

import re
from collections.abc import Iterable
from itertools import groupby

_PART = re.compile(r"\s*([0-9]+)\s*(?:-\s*([0-9]+)\s*)?")


def parse_ranges(text: str) -> list[int]:
    """Read ``1-3,7`` as ``[1, 2, 3, 7]``."""
    parts = text.split(",") if text.strip() else []
    return sorted({number for part in parts for number in _numbers(part)})


def _numbers(part: str) -> range:
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is no number and no range")
    found = range(int(match[1]), int(match[2] or match[1]) + 1)
    if not found:
        raise ValueError(f"{part!r} runs backwards")
    return found


def format_ranges(numbers: Iterable[int]) -> str:
    """Write ``[1, 2, 3, 7]`` as ``1-3,7``."""
    ordered = sorted(set(numbers))
    if ordered and ordered[0] < 0:
        raise ValueError(f"{ordered[0]} is below 0")
    runs = groupby(enumerate(ordered), lambda pair: pair[1] - pair[0])
    return ",".join(_run([number for _, number in run]) for _, run in runs)


def _run(numbers: list[int]) -> str:
    return f"{numbers[0]}-{numbers[-1]}" if len(numbers) > 2 else ",".join(map(str, numbers))
