"""What commands print: plain data for programs, tables for people; progress goes to stderr."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from typing import Any, TextIO

import click
from rich.box import Box
from rich.console import Console
from rich.table import Table

PLAIN_WIDTH = 10_000  # wider than anything printed: nothing wraps

# A line under the head, nothing else: copies well, and is plain ASCII.
_BOX = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)


def print_json(data: Any) -> None:
    """Print plain data, keys in their given order."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def page(stream: TextIO | None = None) -> Console:
    """Return a console for results, on stdout or ``stream``."""
    return _console(stream or sys.stdout)


def progress() -> Console:
    """Return a console for progress and remarks, on stderr."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    """Plain and wide where there is no terminal, so that nothing is cut or wrapped in a file."""
    width = shutil.get_terminal_size().columns if stream.isatty() else PLAIN_WIDTH
    return Console(file=stream, width=width, highlight=False, emoji=False, markup=False, soft_wrap=False)


def table(columns: Sequence[str], *, numbers: Sequence[str] = ()) -> Table:
    """Return an empty table; ``numbers`` are right-aligned."""
    made = Table(box=_BOX, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    return made


def counted(count: int, noun: str) -> str:
    """Say how many: ``1 call``, ``2 calls``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def usd(value: float | None) -> str:
    """Money for people: three digits that say something, ``unknown`` for None."""
    if value is None:
        return "unknown"
    if value == 0:
        return "$0"
    return f"${value:,.2f}" if value >= 1 else f"${value:.2g}" if value >= 0.001 else "<$0.001"  # noqa: PLR2004 - a cent's tenth


def duration(minutes: float) -> str:
    """Time for people, from minutes."""
    seconds = minutes * 60
    if seconds < 90:  # noqa: PLR2004 - below, minutes say less
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"  # noqa: PLR2004 - same
