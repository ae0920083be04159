"""The report as GitHub-flavoured Markdown: the same tables, without the pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.analysis.base import Analysis
from assay.evidence.facts import Facts
from assay.evidence.lock import Lock
from assay.report.compose import compose
from assay.report.document import Block, Bullets, Cell, Document, Figure, Flow, Prose, Table

_MARKUP = re.compile(r"([\\`*\[\]|~])|((?<!\w)_|_(?!\w))")


def render_markdown(analysis: Analysis, lock: Lock, facts: Facts) -> str:
    """Return the report as text. No raw HTML, link or picture of others gets through."""
    return "\n".join(_lines(compose(analysis, lock, facts))).rstrip() + "\n"


def escape(text: str) -> str:
    """Make text of others plain: no markup, no table break, no HTML."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\1\2", text)


def _lines(document: Document) -> Iterator[str]:
    yield f"# {escape(document.title)}"
    for stamp in document.stamps:
        yield f"\n> **{escape(stamp)}**"
    if document.question:
        yield f"\n{escape(document.question)}"
    yield f"\n## Verdict\n\n{escape(document.verdict)}"
    yield "\n### Established"
    yield from _bullets(document.established)
    yield "\n### Not established"
    yield from _bullets(document.not_established)
    yield ""
    yield from (f"- {escape(label)}: {escape(value)}" for label, value in document.summary.items())
    for section in document.sections:
        yield f"\n## {escape(section.title)}"
        for block in section.blocks:
            yield from _block(block)
    yield f"\n---\n\n{escape(document.colophon)}"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Prose():
            yield f"\n{escape(block.text)}"
        case Bullets():
            yield from _bullets(block)
        case Table():
            yield from _table(block)
        case Figure():
            yield from _table(block.table)
        case Flow():
            yield ""
            for step in block.steps:
                asides = f" ({'; '.join(map(escape, step.asides))})" if step.asides else ""
                yield f"- **{escape(step.label)}**: {escape(step.value)}{asides}"


def _bullets(block: Bullets) -> Iterator[str]:
    if block.title:
        yield f"\n### {escape(block.title)}"
    yield ""
    marks = [f"{number}." if block.numbered else "-" for number in range(1, len(block.items) + 1)]
    yield from (f"{mark} {escape(item)}" for mark, item in zip(marks, block.items, strict=True))
    if not block.items:
        yield escape(block.empty)


def _table(table: Table) -> Iterator[str]:
    yield f"\n### {escape(table.title)}\n"
    yield _row([escape(head) for head in table.heads])
    yield _row(["---:" if column.numeric else ":---" for column in table.columns])
    for row in table.rows:
        yield _row([_cell(cell) for cell in row])
    if table.note:
        yield f"\n{escape(table.note)}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    """Value, then what stands in small print; a missing value says why."""
    small = cell.note or (cell.title if cell.tone == "missing" else "")
    return f"{escape(cell.text)} ({escape(small)})" if small else escape(cell.text)
