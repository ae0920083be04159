"""Delimited text: read it with errors that say where, and write it so that it reads the same."""

from __future__ import annotations

import csv
import io
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
    lines = [
        line
        for line in io.StringIO(text, newline="")
        if not (dialect.comment and line.startswith(dialect.comment))
    ]
    reader = csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        skipinitialspace=dialect.trim,
        strict=True,
    )
    rows = []
    try:
        for row in reader:
            if row:
                rows.append([field.strip() for field in row] if dialect.trim else row)
    except csv.Error as error:
        number = max(reader.line_num, 1)
        column = lines[number - 1].rfind(dialect.quote) + 1
        raise DelimitedError(number, column, str(error)) from error
    return rows


def write_rows(rows: Iterable[Sequence[str]], dialect: Dialect = STANDARD) -> str:
    """Return ``rows`` as text, with no more quotes than needed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=dialect.delimiter, quotechar=dialect.quote, lineterminator="\n")
    for row in rows:
        if not row:
            raise ValueError("a record needs at least one field")
        writer.writerow(row)
    return buffer.getvalue()
