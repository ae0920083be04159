"""Lists of numbers as people write them."""

from collections.abc import Iterable


def parse_ranges(text: str) -> list[int]:
    """Read ``1-3,7`` as ``[1, 2, 3, 7]``."""
    raise NotImplementedError


def format_ranges(numbers: Iterable[int]) -> str:
    """Write ``[1, 2, 3, 7]`` as ``1-3,7``."""
    raise NotImplementedError
