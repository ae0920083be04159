"""The text answer format: written by ``render``, read by ``parse``. Pure.

A file is a line ``### FILE: path`` and then one fenced block with the whole new content. Prose around is
ignored. The rules in full are in ``docs/agents.md``.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

_HEADER = re.compile(r" {0,3}#{1,6} *FILE: *(\S.*?) *\Z", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^`]*)\Z")
_RUN = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
_OPEN_THOUGHT = re.compile(r"\s*<think(?:ing)?>", re.IGNORECASE)
_CLOSE_THOUGHT = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_CLOSINGS = ("</think>", "</thinking>")
_QUOTES = "`*\"'"

FORMAT_ERROR = "format_error"
NO_ANSWER = "no_answer"


class Parsed:
    """What an answer holds.

    ``files`` by path, in order of first mention; ``rejected`` as (path, reason); ``text`` is the answer without
    its thoughts; ``thoughts`` counts blocks, ``thought_chars`` their length; ``blocks`` counts fenced blocks;
    ``complaint`` is ``format_error`` or ``no_answer`` when nothing can be written.
    """

    __slots__ = (
        "blocks",
        "complaint",
        "detail",
        "files",
        "rejected",
        "repeated",
        "text",
        "thought_chars",
        "thoughts",
        "unclosed_thought",
    )

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.rejected: list[tuple[str, str]] = []
        self.repeated = 0
        self.text = ""
        self.thoughts = 0
        self.thought_chars = 0
        self.unclosed_thought = False
        self.blocks = 0
        self.complaint: str | None = None
        self.detail: str | None = None


def render(path: str, content: str) -> str:
    """Return one file in the answer format, with a fence longer than any inside; a final newline is added."""
    longest = max((len(run) for run in _RUN.findall(content)), default=2)
    fence = "`" * max(3, longest + 1)
    ending = "" if not content or content.endswith("\n") else "\n"
    return f"### FILE: {path}\n{fence}\n{content}{ending}{fence}\n"


def path_problem(path: str) -> str | None:
    """Say why ``path`` cannot name a file below the workspace, or None."""
    if not path or path.endswith("/") or any(ord(char) < ord(" ") for char in path):
        return "not a file name"
    if path.startswith(("/", "~")) or "\\" in path:
        return "outside the workspace"
    if any(part in {"", ".", ".."} for part in path.split("/")):
        return "outside the workspace"
    return "inside .git" if path.split("/", maxsplit=1)[0] == ".git" else None


def parse(text: str, writable: tuple[str, ...] = (), answer: str = "files") -> Parsed:
    """Read an answer. ``writable`` are paths or globs that may be written; empty = any path in the workspace.

    With ``answer == "text"`` the reply without its thoughts is the answer, and ``files`` stays empty.
    """
    parsed = Parsed()
    blocks, unclosed = _scan(text.split("\n"), parsed)
    parsed.blocks = len(blocks)
    if not parsed.text.strip():
        parsed.complaint, parsed.detail = NO_ANSWER, "the answer is empty"
    elif answer != "text":
        _take(blocks, unclosed, writable, parsed)
    return parsed


def _take(blocks: list[tuple[str | None, str]], unclosed: bool, writable: tuple[str, ...], parsed: Parsed) -> None:
    """Fill ``files`` from the blocks that are named, or from a lone one where only one file may be written."""
    named = [(path, content) for path, content in blocks if path is not None]
    if not named and len(blocks) == 1 and len(writable) == 1 and not set(writable[0]) & set("*?["):
        named = [(writable[0], blocks[0][1])]
    if unclosed:
        parsed.complaint, parsed.detail = FORMAT_ERROR, "a fenced block has no end"
        return
    for path, content in named:
        problem = path_problem(path)
        if problem is None and writable and not any(fnmatchcase(path, glob) for glob in writable):
            problem = "not among the files that may be written"
        if problem is not None:
            parsed.rejected.append((path, problem))
            continue
        parsed.repeated += path in parsed.files
        parsed.files[path] = content
    if not parsed.files:
        parsed.complaint = FORMAT_ERROR
        parsed.detail = f"{parsed.rejected[0][0]}: {parsed.rejected[0][1]}" if named else "no `### FILE: path` block"


def _scan(lines: list[str], parsed: Parsed) -> tuple[list[tuple[str | None, str]], bool]:
    """Walk the lines once: thoughts out, fenced blocks collected with the path that stands before them.

    Thoughts are seen only at the start of a line outside a block, so that code about them stays whole.
    Returns the blocks and whether the last one lacks its end.
    """
    blocks: list[tuple[str | None, str]] = []
    kept: list[str] = []
    path: str | None = None
    at = 0
    while at < len(lines):
        line = lines[at]
        bare = line.rstrip("\r")
        if _OPEN_THOUGHT.match(line):
            at = _skip_thought(lines, at, parsed)
            continue
        if _ends_unseen_thought(line):
            close = next(_CLOSE_THOUGHT.finditer(line))
            parsed.thoughts += 1
            parsed.thought_chars += sum(len(one) + 1 for one in kept) + close.start()
            blocks, kept, path = [], [], None
            lines[at] = line[close.end() :]
            continue
        header, fence = _HEADER.match(bare), _FENCE.match(bare)
        if fence:
            end = _block_end(lines, at, fence.group(1))
            if end is None:
                parsed.text = "\n".join([*kept, *lines[at:]])
                return blocks, True
            blocks.append((path, _content(lines[at + 1 : end], crlf=line.endswith("\r"))))
            kept += lines[at : end + 1]
            path, at = None, end + 1
            continue
        if header:
            path = header.group(1).strip(_QUOTES).strip()
        elif bare.strip():
            path = None
        kept.append(line)
        at += 1
    parsed.text = "\n".join(kept)
    return blocks, False


def _skip_thought(lines: list[str], at: int, parsed: Parsed) -> int:
    """Leave the thought that opens line ``at``; what follows its end on the same line stays to be read."""
    parsed.thoughts += 1
    for index in range(at, len(lines)):
        close = _CLOSE_THOUGHT.search(lines[index])
        if close:
            parsed.thought_chars += sum(len(line) + 1 for line in lines[at:index]) + close.start()
            lines[index] = lines[index][close.end() :]
            return index
    parsed.unclosed_thought = True
    parsed.thought_chars += sum(len(line) + 1 for line in lines[at:])
    return len(lines)


def _ends_unseen_thought(line: str) -> bool:
    """Tell an end without a start: some templates open the thought inside the prompt."""
    bare = line.strip().lower()
    return "<think" not in bare and (bare.startswith(_CLOSINGS) or bare.endswith(_CLOSINGS))


def _block_end(lines: list[str], start: int, fence: str) -> int | None:
    """Return the line that closes the block opened at ``start``, or None.

    A fence with an info string inside opens a nested block, which its own end closes. Where that leaves
    the outer block open, the first bare fence is its end, as in CommonMark.
    """
    first: int | None = None
    depth = 0
    for index in range(start + 1, len(lines)):
        match = _FENCE.match(lines[index].rstrip())
        if not match or match.group(1)[0] != fence[0] or len(match.group(1)) < len(fence):
            continue
        if match.group(2).strip():
            depth += 1
            continue
        first = index if first is None else first
        if depth == 0:
            return index
        depth -= 1
    return first


def _content(lines: list[str], *, crlf: bool) -> str:
    """Join the lines of a block. Where the answer itself speaks CRLF, its ends of line are not content."""
    kept = [line.removesuffix("\r") for line in lines] if crlf else lines
    return "".join(line + "\n" for line in kept)
