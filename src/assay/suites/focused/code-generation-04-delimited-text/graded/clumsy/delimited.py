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
    d = dialect.delimiter
    q = dialect.quote
    c = dialect.comment
    t = dialect.trim
    rows = []
    row = []
    cur = ""
    state = "start_row"
    line = 1
    col = 1
    ql = 0
    qc = 0
    i = 0
    n = len(text)
    while i < n:
        ch = text[i]
        two = False
        if ch == "\r" and i + 1 < n and text[i + 1] == "\n":
            two = True
        is_break = False
        if ch == "\r" or ch == "\n":
            is_break = True
        if state == "start_row":
            if is_break == True:
                pass
            elif c != None and ch == c:
                state = "comment"
            else:
                state = "start_field"
        if state == "start_row":
            pass
        elif state == "comment":
            if is_break == True:
                state = "start_row"
        elif state == "start_field":
            if is_break == True:
                row.append("")
                rows.append(row)
                row = []
                cur = ""
                state = "start_row"
            elif ch == d:
                row.append("")
                cur = ""
            elif ch == q:
                ql = line
                qc = col
                cur = ""
                state = "quoted"
            elif t == True and (ch == " " or ch == "\t"):
                pass
            else:
                cur = ch
                state = "plain"
        elif state == "plain":
            if is_break == True or ch == d:
                if t == True:
                    while len(cur) > 0 and (cur[-1] == " " or cur[-1] == "\t"):
                        cur = cur[:-1]
                row.append(cur)
                cur = ""
                if ch == d:
                    state = "start_field"
                else:
                    rows.append(row)
                    row = []
                    state = "start_row"
            else:
                cur = cur + ch
        elif state == "quoted":
            if ch == q:
                if i + 1 < n and text[i + 1] == q:
                    cur = cur + q
                    i = i + 1
                    col = col + 1
                else:
                    state = "after"
            else:
                cur = cur + ch
                if two == True:
                    cur = cur + "\n"
        elif state == "after":
            if is_break == True:
                row.append(cur)
                cur = ""
                rows.append(row)
                row = []
                state = "start_row"
            elif ch == d:
                row.append(cur)
                cur = ""
                state = "start_field"
            elif t == True and (ch == " " or ch == "\t"):
                pass
            else:
                raise DelimitedError(line, col, "bad character")
        if is_break == True:
            line = line + 1
            col = 1
            if two == True:
                i = i + 1
        else:
            col = col + 1
        i = i + 1
    if state == "quoted":
        raise DelimitedError(ql, qc, "not closed")
    elif state == "start_field":
        row.append("")
        rows.append(row)
    elif state == "plain":
        if t == True:
            while len(cur) > 0 and (cur[-1] == " " or cur[-1] == "\t"):
                cur = cur[:-1]
        row.append(cur)
        rows.append(row)
    elif state == "after":
        row.append(cur)
        rows.append(row)
    return rows


def write_rows(rows: Iterable[Sequence[str]], dialect: Dialect = STANDARD) -> str:
    """Return ``rows`` as text, with no more quotes than needed."""
    out = ""
    for r in rows:
        if len(r) == 0:
            raise ValueError("empty")
        l = ""
        for i in range(0, len(r)):
            f = r[i]
            need = False
            for ch in f:
                if ch == dialect.delimiter or ch == dialect.quote or ch == "\n" or ch == "\r":
                    need = True
            if dialect.trim == True and len(f) > 0:
                if f[0] == " " or f[0] == "\t" or f[-1] == " " or f[-1] == "\t":
                    need = True
            if i == 0 and dialect.comment != None and len(f) > 0 and f[0] == dialect.comment:
                need = True
            if len(r) == 1 and f == "":
                need = True
            if i > 0:
                l = l + dialect.delimiter
            if need == True:
                l = l + dialect.quote
                for ch in f:
                    if ch == dialect.quote:
                        l = l + ch + ch
                    else:
                        l = l + ch
                l = l + dialect.quote
            else:
                l = l + f
        out = out + l + "\n"
    return out
