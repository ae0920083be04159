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


_BREAK = re.compile(r"\r\n|\r|\n")
_REST_OF_LINE = re.compile(r"[^\r\n]*")


def read_rows(text: str, dialect: Dialect = STANDARD) -> list[list[str]]:
    """Return the records of ``text``; raise ``DelimitedError`` at the first place that is wrong."""
    reader = _Reader(text, dialect)
    rows = []
    while not reader.at_end():
        if not reader.skip_line():
            rows.append(reader.read_record())
    return rows


class _Reader:
    """A position in a text, and the steps that move it forward."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text = text
        self.position = 0
        self.delimiter = dialect.delimiter
        self.quote = dialect.quote
        self.comment = dialect.comment
        self.blanks = " \t".replace(dialect.delimiter, "") if dialect.trim else ""
        self.unquoted = re.compile(rf"[^{re.escape(dialect.delimiter)}\r\n]*")

    def at_end(self) -> bool:
        return self.position >= len(self.text)

    def skip_line(self) -> bool:
        """Move past an empty line or a comment, if there is one here."""
        if self.comment and self.text.startswith(self.comment, self.position):
            self.take(_REST_OF_LINE)
            self.take(_BREAK)
            return True
        return self.take(_BREAK) != ""

    def read_record(self) -> list[str]:
        fields = [self.read_field()]
        while self.text.startswith(self.delimiter, self.position):
            self.position += 1
            fields.append(self.read_field())
        self.take(_BREAK)
        return fields

    def read_field(self) -> str:
        self.skip_blanks()
        if self.text.startswith(self.quote, self.position):
            return self.read_quoted()
        return self.take(self.unquoted).rstrip(self.blanks)

    def read_quoted(self) -> str:
        opening = self.position
        pieces = []
        while self.text.startswith(self.quote, self.position):
            closing = self.text.find(self.quote, self.position + 1)
            if closing < 0:
                raise self.error(opening, "quoted field is never closed")
            pieces.append(self.text[self.position + 1 : closing])
            self.position = closing + 1
        self.skip_blanks()
        if self.text[self.position : self.position + 1] not in ("", "\r", "\n", self.delimiter):
            raise self.error(self.position, "text after a closing quote")
        return self.quote.join(pieces

    def skip_blanks(self) -> None:
        while not self.at_end() and self.text[self.position] in self.blanks:
            self.position += 1

    def take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.position)
        taken = match[0] if match else ""
        self.position += len(taken)
        return taken

    def error(self, position: int, reason: str) -> DelimitedError:
        lines = _BREAK.split(self.text[:position])
        return DelimitedError(len(lines), len(lines[-1]) + 1, reason)


def write_rows(rows: Iterable[Sequence[str]], dialect: Dialect = STANDARD) -> str:
    """Return ``rows`` as text, with no more quotes than needed."""
    return "".join(_written_record(row, dialect) + "\n" for row in rows)


def _written_record(row: Sequence[str], dialect: Dialect) -> str:
    if not row:
        raise ValueError("a record needs at least one field")
    quoted = [_needs_quotes(field, dialect) for field in row]
    quoted[0] = quoted[0] or list(row) == [""] or row[0][:1] == dialect.comment
    return dialect.delimiter.join(
        _quoted(field, dialect.quote) if needed else field for field, needed in zip(row, quoted, strict=True)
    )


def _needs_quotes(field: str, dialect: Dialect) -> bool:
    trimmed = field.strip(" \t") if dialect.trim else field
    return trimmed != field or not {dialect.delimiter, dialect.quote, "\n", "\r"}.isdisjoint(field)


def _quoted(field: str, quote: str) -> str:
    return quote + field.replace(quote, quote * 2) + quote
