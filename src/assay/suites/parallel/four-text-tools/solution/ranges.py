"""Lists of numbers as people write them."""

import re
from collections.abc import Iterable

_PART = re.compile(r"\s*([0-9]+)\s*(?:-\s*([0-9]+)\s*)?")


def parse_ranges(text: str) -> list[int]:
    """Read ``1-3,7`` as ``[1, 2, 3, 7]``."""
    if not text.strip():
        return []
    numbers: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no number and no range")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise ValueError(f"{part!r} runs backwards")
        numbers.update(range(first, last + 1))
    return sorted(numbers)


def format_ranges(numbers: Iterable[int]) -> str:
    """Write ``[1, 2, 3, 7]`` as ``1-3,7``."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if number < 0:
            raise ValueError(f"{number} is below 0")
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs)
