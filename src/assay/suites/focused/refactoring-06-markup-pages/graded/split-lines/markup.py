"""Notes in a small markup language, shown as HTML.

A note is cut into pieces: lines, and blocks of code. Each piece is offered to the block that is open; if that does not
take it, the block ends there and another begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Protocol

_FENCE = re.compile(r"```([^`]*)")
_HEADING = re.compile(r"(#{1,3}) (.*\S.*)")
_RULE = re.compile(r"(?! )\s*-{3,}\s*")
_QUOTE = re.compile(r"> ?(.*)")
_ITEM = re.compile(r"( *)(?:-|([0-9]{1,9})\.) (.*\S.*)")
_INLINE = re.compile(
    r"""\\(?P<escaped>[\\`*\[\]<>#-])
    | `(?P<code>[^`]+)`
    | \*\*(?P<strong>(?:(?!\*\*).)+)\*\*
    | (?P<stars>\*\*)
    | \*(?!\ )(?P<em>[^*]+)\*
    | \[(?P<label>(?:(?!\]\().)+)\]\((?P<url>[^)]*)\)
    | (?P<newline>\n)
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_BOXES = {"[ ] ": "todo", "[x] ": "done", "[X] ": "done"}


def render(text: str) -> str:
    """Return the HTML of a note."""
    names = _Names()
    blocks: list[_Block] = [_Fixed([])]
    for piece in _pieces(text):
        if isinstance(piece, _Code):
            blocks.append(_Fixed([piece.html()]))
        elif not blocks[-1].take(piece):
            blocks.append(_begin(piece, names))
    return "\n".join(line for block in blocks for line in block.html())


def outline(text: str) -> list[tuple[int, str, str]]:
    """Return (level, id, title) of each heading of a note; titles as they are written."""
    names = _Names()
    lines = (piece for piece in _pieces(text) if isinstance(piece, str))
    return [_heading(found, names) for found in map(_HEADING.fullmatch, lines) if found]


@dataclass(frozen=True)
class _Code:
    """A block of code with the word that follows its opening fence."""

    language: str
    lines: list[str]

    def html(self) -> str:
        """Return the block as HTML."""
        mark = f' class="language-{_escape(self.language)}"' if self.language else ""
        content = _escape("\n".join(self.lines))
        return f"<pre><code{mark}>{content}</code></pre>"


class _Names:
    """Ids of headings, each given once."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def give(self, title: str) -> str:
        """Return an id for a heading."""
        words = "".join(char if char.isalnum() else " " for char in title.lower()).split()
        name = unique = "-".join(words) or "section"
        number = 1
        while unique in self._used:
            number += 1
            unique = f"{name}-{number}"
        self._used.add(unique)
        return unique


class _Block(Protocol):
    """A part of the page that begins with a piece of the note and may take more."""

    def take(self, line: str) -> bool:
        """Take a line if it belongs to the block."""
        ...

    def html(self) -> list[str]:
        """Return the lines of HTML."""
        ...


@dataclass(frozen=True)
class _Fixed:
    """A block that is complete."""

    content: list[str]

    def take(self, _line: str) -> bool:
        """Take nothing."""
        return False

    def html(self) -> list[str]:
        """Return what was given."""
        return self.content


@dataclass
class _Paragraph:
    """Lines of text."""

    lines: list[str]

    def take(self, line: str) -> bool:
        """Take a line with which nothing else begins."""
        if not line.strip() or _begins_block(line):
            return False
        self.lines.append(line)
        return True

    def html(self) -> list[str]:
        """Return the paragraph, if there is any text."""
        parts = [line.strip() + ("\n" if line.endswith("  ") else " ") for line in self.lines]
        return [f"<p>{_inline(''.join(parts)[:-1])}</p>"] if parts else []


@dataclass
class _Quote:
    """Paragraphs, each line of them marked."""

    paragraphs: list[_Paragraph] = field(default_factory=lambda: [_Paragraph([])])

    def take(self, line: str) -> bool:
        """Take a marked line."""
        found = _QUOTE.fullmatch(line)
        if not found:
            return False
        if found[1].strip():
            self.paragraphs[-1].lines.append(found[1])
        else:
            self.paragraphs.append(_Paragraph([]))
        return True

    def html(self) -> list[str]:
        """Return the quote."""
        content = [line for paragraph in self.paragraphs for line in paragraph.html()]
        return ["<blockquote>", *content, "</blockquote>"]


@dataclass
class _List:
    """Items, and lists within them."""

    out: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    gap: bool = False

    def take(self, line: str) -> bool:
        """Take an item, a blank line, or a further line of an item."""
        found = _ITEM.fullmatch(line)
        if found:
            self._add(*found.groups())
            return True
        blank = not line.strip()
        self.gap = self.gap or blank
        if not self.gap and line.startswith("  "):
            self.text.append(line.strip())
            return True
        return blank

    def html(self) -> list[str]:
        """Return the list."""
        self._close(0)
        return self.out

    def _add(self, indent: str, number: str | None, content: str) -> None:
        self.gap = False
        kind = "ol" if number else "ul"
        depth = min(len(indent) // 2, len(self.kinds))
        self._make_room(kind, depth)
        if len(self.kinds) == depth:
            self.kinds.append(kind)
            self.out.append(_list_start(kind, int(number or 1)))
        self._begin_item(kind, content.strip())

    def _begin_item(self, kind: str, content: str) -> None:
        box = _BOXES.get(content[:4]) if kind == "ul" else None
        self.out.append(f'<li class="{box}">' if box else "<li>")
        self.text = [content[4:] if box else content]

    def _make_room(self, kind: str, depth: int) -> None:
        self._close(depth + 1)
        self._end_text()
        if len(self.kinds) > depth:
            self.out.append("</li>")
        if len(self.kinds) > depth and self.kinds[-1] != kind:
            self.out.append(f"</{self.kinds.pop()}>")

    def _close(self, depth: int) -> None:
        while len(self.kinds) > depth:
            self._end_text()
            self.out += ["</li>", f"</{self.kinds.pop()}>"]

    def _end_text(self) -> None:
        if self.text:
            self.out.append(_inline(" ".join(self.text)))
        self.text = []


def _list_start(kind: str, number: int) -> str:
    return f"<{kind}>" if number == 1 else f'<{kind} start="{number}">'


def _begins_block(line: str) -> bool:
    """Tell whether something else than text begins with a line. Within text, only an item 1 begins a numbered list."""
    item = _ITEM.fullmatch(line)
    if item:
        return item[2] in (None, "1")
    return any(pattern.fullmatch(line) for pattern in (_HEADING, _RULE, _QUOTE))


def _begin(line: str, names: _Names) -> _Block:
    """Return the block that begins with a line."""
    if not line.strip():
        return _Fixed([])
    if _RULE.fullmatch(line):
        return _Fixed(["<hr>"])
    heading = _HEADING.fullmatch(line)
    if heading:
        return _Fixed([_heading_html(*_heading(heading, names))])
    if _QUOTE.fullmatch(line):
        block: _Block = _Quote()
    elif _ITEM.fullmatch(line):
        block = _List()
    else:
        return _Paragraph([line])
    block.take(line)
    return block


def _pieces(text: str) -> Iterator[str | _Code]:
    lines = iter(text.splitlines())
    for line in lines:
        fence = _FENCE.fullmatch(line)
        if fence:
            yield _Code(fence[1].strip(), list(takewhile(_is_within_code, lines)))
        else:
            yield line


def _is_within_code(line: str) -> bool:
    return line.rstrip() != "```"


def _heading(found: re.Match[str], names: _Names) -> tuple[int, str, str]:
    title = found[2].strip()
    return len(found[1]), names.give(title), title


def _heading_html(level: int, name: str, title: str) -> str:
    return f'<h{level} id="{name}">{_inline(title)}</h{level}>'


def _escape(text: str) -> str:
    return text.translate(_ENTITIES)


def _inline(text: str) -> str:
    return _INLINE.sub(_inline_piece, text)


def _inline_piece(found: re.Match[str]) -> str:
    kind = found.lastgroup or "other"
    content = found[kind]
    if kind == "url":
        return _link(found["label"], content.strip())
    if kind in ("strong", "em"):
        return f"<{kind}>{_inline(content)}</{kind}>"
    if kind == "code":
        return f"<code>{_escape(content)}</code>"
    return "<br>" if kind == "newline" else _escape(content)


def _link(label: str, url: str) -> str:
    if url.lower().startswith(("javascript:", "data:")):
        return _inline(label)
    return f'<a href="{_escape(url)}">{_inline(label)}</a>'
