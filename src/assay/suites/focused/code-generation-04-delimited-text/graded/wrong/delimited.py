"""Delimited text: read it with errors that say where, and write it so that it reads the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """How the text is written; each of the first three is a single character, and they differ."""

    delimiter: str = ","
    quote: str = '"'
    comment: str | None = None
    trim: bool = False


class DelimitedError(ValueError):
    """Text that cannot be read; ``line`` and ``column`` count from 1."""

    def __init__(self, line: int, column: int, reason: str) -> None:
        super().__init__(f"line {line}, column {column}: {reason}")
        self.line = line
        self.column = column


STANDARD = Dialect()


def read_rows(text: str, dialect: Dialect = STANDARD) -> list[list[str]]:
    """Return the records of ``text``; raise ``DelimitedError`` at the first place that is wrong."""
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or (dialect.comment and line.lstrip().startswith(dialect.comment)):
            continue
        fields = []
        field = ""
        opened = 0
        for column, character in enumerate(line, start=1):
            if character == dialect.quote:
                opened = 0 if opened else column
            elif character == dialect.delimiter and not opened:
                fields.append(field)
                field = ""
            else:
                field += character
        if opened:
            raise DelimitedError(number, opened, "quote is not closed")
        fields.append(field)
        rows.append([value.strip() for value in fields] if dialect.trim else fields)
    return rows


def write_rows(rows: Iterable[Sequence[str]], dialect: Dialect = STANDARD) -> str:
    """Return ``rows`` as text, with no more quotes than needed."""
    text = ""
    for row in rows:
        written = []
        for field in row:
            if dialect.delimiter in field or dialect.quote in field:
                field = dialect.quote + field.replace(dialect.quote, dialect.quote * 2) + dialect.quote
            written.append(field)
        text += dialect.delimiter.join(written) + "\n"
    return text
