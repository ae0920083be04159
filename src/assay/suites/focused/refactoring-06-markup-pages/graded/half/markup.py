"""Notes in a small markup language, shown as HTML."""

from __future__ import annotations

import re

FENCE = re.compile(r"^```(\w*)\s*$(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"(#{1,3}) (.+)")
ITEM = re.compile(r"( *)(-|\d+\.) (.+)")
INLINE = [
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*(\S.*?)\*"), r"<em>\1</em>"),
    (re.compile(r"\[([^\]]+)\]\((?:javascript|data):[^)]*\)", re.IGNORECASE), r"\1"),
    (re.compile(r"\[([^\]]+)\]\(\s*([^)]*?)\s*\)"), r'<a href="\2">\1</a>'),
    (re.compile(r"\\([\\`*\[\]<>#-])"), r"\1"),
    (re.compile(r"\n"), "<br>"),
]


def render(text: str) -> str:
    """Return the HTML of a note."""
    used: list[str] = []
    html: list[str] = []
    parts = FENCE.split(text.replace("\r\n", "\n"))
    for index in range(0, len(parts), 3):
        html += _blocks(parts[index], used)
        if index + 2 < len(parts):
            html.append(_code_block(parts[index + 1], parts[index + 2]))
    return "\n".join(html)


def outline(text: str) -> list[tuple[int, str, str]]:
    """Return (level, id, title) of each heading of a note; titles as they are written."""
    used: list[str] = []
    lines = FENCE.sub("", text).splitlines()
    found = [match for match in map(HEADING.fullmatch, lines) if match]
    return [(len(match[1]), _name(match[2], used), match[2].strip()) for match in found]


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _code_block(language: str, code: str) -> str:
    attribute = f' class="language-{language}"' if language else ""
    return f"<pre><code{attribute}>{_escape(code.strip(chr(10)))}</code></pre>"


def _name(title: str, used: list[str]) -> str:
    name = re.sub(r"\W+", "-", title.lower()).strip("-") or "section"
    used.append(name)
    count = used.count(name)
    return name if count == 1 else f"{name}-{count}"


def _inline(text: str) -> str:
    parts = re.split(r"`([^`]+)`", _escape(text))
    for index in range(0, len(parts), 2):
        for pattern, replacement in INLINE:
            parts[index] = pattern.sub(replacement, parts[index])
    parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
    return "".join(parts)


def _blocks(text: str, used: list[str]) -> list[str]:
    html: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        html += _block([line for line in block.split("\n") if line.strip()], used)
    return html


def _block(lines: list[str], used: list[str]) -> list[str]:
    html: list[str] = []
    while lines:
        kind = _kind(lines[0])
        size = next((i for i, line in enumerate(lines) if not _belongs(line, kind)), len(lines))
        size = 1 if kind in ("heading", "rule") else size
        html += _show(kind, lines[:size], used)
        lines = lines[size:]
    return html


def _kind(line: str) -> str:
    if HEADING.fullmatch(line):
        return "heading"
    if re.fullmatch(r"-{3,}\s*", line):
        return "rule"
    if line.startswith(">"):
        return "quote"
    return "list" if ITEM.fullmatch(line) else "text"


def _belongs(line: str, kind: str) -> bool:
    return _kind(line) == kind or (kind == "list" and line.startswith("  "))


def _show(kind: str, lines: list[str], used: list[str]) -> list[str]:
    if kind == "heading":
        marks, title = lines[0].split(" ", 1)
        name = _name(title, used)
        return [f'<h{len(marks)} id="{name}">{_inline(title.strip())}</h{len(marks)}>']
    if kind == "rule":
        return ["<hr>"]
    if kind == "quote":
        return ["<blockquote>", *_blocks("\n".join(line[1:].removeprefix(" ") for line in lines), used), "</blockquote>"]
    return _list(lines) if kind == "list" else [_paragraph(lines)]


def _paragraph(lines: list[str]) -> str:
    text = "".join(line.strip() + ("\n" if line.endswith("  ") else " ") for line in lines)
    return f"<p>{_inline(text[:-1])}</p>"


def _list(lines: list[str]) -> list[str]:
    first = ITEM.fullmatch(lines[0])
    numbered = first is not None and first[2] != "-"
    kind = "ol" if numbered else "ul"
    start = f' start="{int(first[2][:-1])}"' if first and numbered and first[2] != "1." else ""
    html = [f"<{kind}{start}>"]
    for item in _items(lines):
        content = ITEM.fullmatch(item[0])
        text = content[3].strip() if content else item[0].strip()
        box = {"[ ] ": "todo", "[x] ": "done", "[X] ": "done"}.get(text[:4])
        html.append(f'<li class="{box}">' if box else "<li>")
        html.append(_inline(text[4:] if box else text))
        html += _list([line[2:] for line in item[1:]]) if item[1:] else []
        html.append("</li>")
    return [*html, f"</{kind}>"]


def _items(lines: list[str]) -> list[list[str]]:
    items: list[list[str]] = []
    for line in lines:
        if items and line.startswith("  "):
            items[-1].append(line)
        else:
            items.append([line])
    return items
