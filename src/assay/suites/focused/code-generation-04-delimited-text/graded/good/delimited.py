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


_BREAKS = ("\r\n", "\r", "\n")


def read_rows(text: str, dialect: Dialect = STANDARD) -> list[list[str]]:
    """Return the records of ``text``; raise ``DelimitedError`` at the first place that is wrong."""
    rows: list[list[str]] = []
    position = 0
    while position < len(text):
        length = _break_length(text, position)
        if length > 0:
            position += length
            continue
        if dialect.comment is not None and text[position] == dialect.comment:
            while position < len(text) and text[position] not in "\r\n":
                position += 1
            continue
        row, position = _read_record(text, position, dialect)
        rows.append(row)
    return rows


def _break_length(text: str, position: int) -> int:
    for line_break in _BREAKS:
        if text.startswith(line_break, position):
            return len(line_break)
    return 0


def _is_blank(character: str, dialect: Dialect) -> bool:
    return dialect.trim and character in " \t" and character != dialect.delimiter


def _skip_blanks(text: str, position: int, dialect: Dialect) -> int:
    while position < len(text) and _is_blank(text[position], dialect):
        position += 1
    return position


def _read_record(text: str, position: int, dialect: Dialect) -> tuple[list[str], int]:
    fields: list[str] = []
    while True:
        position = _skip_blanks(text, position, dialect)
        if position < len(text) and text[position] == dialect.quote:
            value, position = _read_quoted(text, position, dialect)
        else:
            value, position = _read_unquoted(text, position, dialect)
        fields.append(value)
        if position >= len(text):
            return fields, position
        if text[position] != dialect.delimiter:
            return fields, position + _break_length(text, position)
        position += 1


def _read_unquoted(text: str, position: int, dialect: Dialect) -> tuple[str, int]:
    start = position
    while position < len(text) and text[position] != dialect.delimiter and text[position] not in "\r\n":
        position += 1
    end = position
    while end > start and _is_blank(text[end - 1], dialect):
        end -= 1
    return text[start:end], position


def _read_quoted(text: str, position: int, dialect: Dialect) -> tuple[str, int]:
    opening = position
    value = ""
    position += 1
    while True:
        if position >= len(text):
            raise _error(text, opening, "the quote is never closed")
        if text[position] != dialect.quote:
            value += text[position]
            position += 1
        elif text[position + 1 : position + 2] == dialect.quote:
            value += dialect.quote
            position += 2
        else:
            position += 1
            break
    position = _skip_blanks(text, position, dialect)
    if position < len(text) and text[position] != dialect.delimiter and _break_length(text, position) == 0:
        raise _error(text, position, "unexpected text after a closing quote")
    return value, position


def _error(text: str, position: int, reason: str) -> DelimitedError:
    before = text[:position].replace("\r\n", "\n").replace("\r", "\n")
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return DelimitedError(line, column, reason)


def write_rows(rows: Iterable[Sequence[str]], dialect: Dialect = STANDARD) -> str:
    """Return ``rows`` as text, with no more quotes than needed."""
    lines: list[str] = []
    for row in rows:
        if len(row) == 0:
            raise ValueError("a record needs at least one field")
        written: list[str] = []
        for index, field in enumerate(row):
            needed = _must_quote(field, dialect)
            if index == 0 and dialect.comment is not None and field.startswith(dialect.comment):
                needed = True
            if len(row) == 1 and field == "":
                needed = True
            if needed:
                doubled = field.replace(dialect.quote, dialect.quote + dialect.quote)
                written.append(f"{dialect.quote}{doubled}{dialect.quote}")
            else:
                written.append(field)
        lines.append(dialect.delimiter.join(written) + "\n")
    return "".join(lines)


def _must_quote(field: str, dialect: Dialect) -> bool:
    for special in (dialect.delimiter, dialect.quote, "\n", "\r"):
        if special in field:
            return True
    return dialect.trim and field != field.strip(" \t")
