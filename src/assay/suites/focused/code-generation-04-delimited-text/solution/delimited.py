"""Delimited text: read it with errors that say where, and write it so that it reads the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
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


def read_rows(text: str, dialect: Dialect = STANDARD) -> list[list[str]]:
    """Return the records of ``text``; raise ``DelimitedError`` at the first place that is wrong."""
    return list(_Reader(text, dialect).records())


class _Reader:
    """One pass over a text; ``_at`` is the offset of the next character."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self._text = text
        self._at = 0
        self._dialect = dialect
        self._blanks = " \t".replace(dialect.delimiter, "") if dialect.trim else ""
        delimiter, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
        self._delimiter = re.compile(delimiter)
        self._plain = re.compile(rf"[^{delimiter}\r\n]*")
        self._quoted = re.compile(rf"{quote}((?:[^{quote}]|{quote}{quote})*){quote}(?!{quote})")
        self._blank = re.compile(rf"[{self._blanks}]*" if self._blanks else "")
        comment = re.escape(dialect.comment) + r"[^\r\n]*" if dialect.comment else ""
        self._skipped = re.compile(rf"{comment}(?:\r\n|\r|\n|\Z)")

    def records(self) -> Iterator[list[str]]:
        while self._at < len(self._text):
            if not self._take(_BREAK) and not self._take(self._skipped):
                yield self._record()

    def _record(self) -> list[str]:
        fields = [self._field()]
        while self._take(self._delimiter):
            fields.append(self._field())
        self._take(_BREAK)
        return fields

    def _field(self) -> str:
        self._take(self._blank)
        if self._text.startswith(self._dialect.quote, self._at):
            return self._quoted_field()
        return self._take(self._plain).rstrip(self._blanks)

    def _quoted_field(self) -> str:
        quoted = self._quoted.match(self._text, self._at)
        if quoted is None:
            raise self._error("the quote is never closed")
        self._at = quoted.end()
        self._take(self._blank)
        following = self._text[self._at : self._at + 1]
        if following not in ("", "\r", "\n", self._dialect.delimiter):
            raise self._error(f"{following!r} after a closing quote")
        return quoted[1].replace(self._dialect.quote * 2, self._dialect.quote)

    def _take(self, pattern: re.Pattern[str]) -> str:
        """Move past ``pattern`` and return what it matched; "" where it does not match."""
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]

    def _error(self, reason: str) -> DelimitedError:
        lines = _BREAK.split(self._text[: self._at])
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
