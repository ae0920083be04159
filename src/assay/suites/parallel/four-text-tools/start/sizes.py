"""Sizes of files."""


def parse_size(text: str) -> int:
    """Read ``1.5 KiB`` as 1536."""
    raise NotImplementedError


def format_size(count: int) -> str:
    """Write 1536 as ``1.5 KiB``."""
    raise NotImplementedError
