"""Notes in a small markup language, shown as HTML.

A note is cut into pieces (lines, and blocks of code), each line is read by the first of ``_BLOCKS`` that takes it, and
text within a line by ``_INLINE``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile

_FENCE = re.compile(r"```([^`]*)")
_HEADING = re.compile(r"(#{1,3}) (.*\S.*)")
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
    page = _Page()
    for piece in _pieces(text):
        page.add(piece)
    page.close()
    return "\n".join(page.html)


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


class _Page:
    """The HTML so far, and the blocks that are open at its end: a list, or a quote or none with a paragraph in it."""

    def __init__(self) -> None:
        self.html: list[str] = []
        self._names = _Names()
        self._paragraph: list[str] = []
        self._quoted = False
        self._lists: list[str] = []
        self._item: list[str] = []
        self._gap = False

    def add(self, piece: str | _Code) -> None:
        """Add the next piece of a note."""
        if isinstance(piece, _Code):
            self.close()
            self.html.append(piece.html())
            return
        for pattern, block in _BLOCKS:
            found = pattern.fullmatch(piece)
            if found and block(self, found):
                return

    def close(self) -> None:
        """Close all that is open."""
        self._close_quote()
        self._close_lists(0)

    def blank(self, _found: re.Match[str]) -> bool:
        """End a paragraph or a quote; a list may go on."""
        self._close_quote()
        self._gap = bool(self._lists)
        return True

    def item(self, found: re.Match[str]) -> bool:
        """Add an item to a list. Within a paragraph, only number 1 begins a list."""
        indent, number, content = found.groups()
        if self._paragraph and not self._quoted and number not in (None, "1"):
            return False
        self._close_quote()
        self._gap = False
        kind = "ol" if number else "ul"
        self._make_room(min(len(indent) // 2, len(self._lists)), kind, int(number or 1))
        self._begin_item(kind, content.strip())
        return True

    def more_of_item(self, found: re.Match[str]) -> bool:
        """Add a line to an item, unless a blank line came between."""
        if not self._lists or self._gap:
            return False
        self._item.append(found[0].strip())
        return True

    def heading(self, found: re.Match[str]) -> bool:
        """Add a heading."""
        self.close()
        level, name, title = _heading(found, self._names)
        self.html.append(f'<h{level} id="{name}">{_inline(title)}</h{level}>')
        return True

    def rule(self, _found: re.Match[str]) -> bool:
        """Add a line across the page."""
        self.close()
        self.html.append("<hr>")
        return True

    def quote(self, found: re.Match[str]) -> bool:
        """Add a line to a quote."""
        if not self._quoted:
            self.close()
            self.html.append("<blockquote>")
            self._quoted = True
        if found[1].strip():
            self._paragraph.append(found[1])
        else:
            self._close_paragraph()
        return True

    def text(self, found: re.Match[str]) -> bool:
        """Add a line to a paragraph."""
        self._close_lists(0)
        if self._quoted:
            self._close_quote()
        self._paragraph.append(found[0])
        return True

    def _make_room(self, depth: int, kind: str, start: int) -> None:
        """Close and open lists so that an item of ``kind`` can follow at ``depth``."""
        self._close_lists(depth + 1)
        self._end_item()
        if len(self._lists) > depth:
            self.html.append("</li>")
            if self._lists[-1] != kind:
                self.html.append(f"</{self._lists.pop()}>")
        if len(self._lists) == depth:
            self._lists.append(kind)
            self.html.append(f"<{kind}>" if start == 1 else f'<{kind} start="{start}">')

    def _begin_item(self, kind: str, content: str) -> None:
        box = _BOXES.get(content[:4]) if kind == "ul" else None
        self.html.append(f'<li class="{box}">' if box else "<li>")
        self._item = [content[4:] if box else content]

    def _close_lists(self, depth: int) -> None:
        self._gap = False
        if len(self._lists) > depth:
            self._end_item()
        while len(self._lists) > depth:
            self.html += ["</li>", f"</{self._lists.pop()}>"]

    def _end_item(self) -> None:
        if self._item:
            self.html.append(_inline(" ".join(self._item)))
        self._item = []

    def _close_quote(self) -> None:
        self._close_paragraph()
        if self._quoted:
            self.html.append("</blockquote>")
        self._quoted = False

    def _close_paragraph(self) -> None:
        if self._paragraph:
            lines = [line.strip() + ("\n" if line.endswith("  ") else " ") for line in self._paragraph]
            self.html.append(f"<p>{_inline(''.join(lines)[:-1])}</p>")
        self._paragraph = []


# In order: the first that matches a whole line, and takes it, has it.
_BLOCKS: tuple[tuple[re.Pattern[str], Callable[[_Page, re.Match[str]], bool]], ...] = (
    (re.compile(r"\s*"), _Page.blank),
    (_ITEM, _Page.item),
    (re.compile(r"  .*"), _Page.more_of_item),
    (_HEADING, _Page.heading),
    (re.compile(r"(?! )\s*-{3,}\s*"), _Page.rule),
    (re.compile(r"> ?(.*)"), _Page.quote),
    (re.compile(r".*"), _Page.text),
)


def _pieces(text: str) -> Iterator[str | _Code]:
    lines = iter(text.replace("\r\n", "\n").split("\n"))
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
