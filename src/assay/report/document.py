"""A report as data, before it has a format: sections of prose, tables, figures and the flow of trials.

HTML, Markdown and the terminal draw the same ``Document``, so they cannot disagree about a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Spec: TypeAlias = "dict[str, Any]"
Tone: TypeAlias = Literal["", "missing", "open", "control", "strong", "name"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: a value, a second line (interval, n), why (a tooltip, a footnote in text formats)."""

    text: str
    note: str = ""
    title: str = ""
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head; numbers are set flush right."""

    title: str
    numeric: bool = True
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """``folded``: long, behind a fold on the page. ``cards``: rows become cards on a narrow screen."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    folded: bool = False
    cards: bool = False

    @property
    def heads(self) -> tuple[str, ...]:
        """Column titles that stand alone: two columns of one title carry their hint."""
        titles = [column.title for column in self.columns]
        return tuple(
            f"{column.title}, {column.hint}" if column.hint and titles.count(column.title) > 1 else column.title
            for column in self.columns
        )


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart drawn for two widths, and its table: a figure without its table cannot be made."""

    name: str
    title: str
    caption: str
    alt: str
    wide: Spec
    narrow: Spec
    table: Table


@dataclass(frozen=True, slots=True)
class Prose:
    """One paragraph."""

    text: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; ``empty`` is what is said when there is nothing, ``first`` how many a page shows before a fold."""

    items: tuple[str, ...]
    empty: str = "None."
    title: str = ""
    numbered: bool = False
    first: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One box of the flow, and what left between it and the next."""

    label: str
    value: str
    asides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """What became of everything that was planned, in the manner of a CONSORT diagram."""

    steps: tuple[Step, ...]


Block: TypeAlias = Prose | Bullets | Table | Figure | Flow


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report with an anchor."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report. ``stamps`` are warnings that stand on top of every page and export."""

    title: str
    question: str
    stamps: tuple[str, ...]
    summary: Mapping[str, str]
    verdict: str
    established: Bullets
    not_established: Bullets
    sections: tuple[Section, ...]
    colophon: str
    simulated: bool = False
