"""What the gateway must know of a request body, and the two smallest possible changes to one.

The body goes upstream byte for byte. Two things may change: the model's id, when the model map says another
one, and ``stream_options.include_usage`` of a Chat stream, without which no usage would be reported.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from json.decoder import JSONDecoder
from typing import Any

from assay.records import Dialect

_decode = JSONDecoder().raw_decode
_blank = re.compile(r"[ \t\n\r]*").match
_separator = re.compile(r"[ \t\n\r]*([,}])[ \t\n\r]*").match
# Where each dialect says how hard to think, first found wins.
_EFFORT = (
    ("output_config", "effort"),
    ("reasoning_effort",),
    ("reasoning", "effort"),
    ("thinking", "budget_tokens"),
    ("generationConfig", "thinkingConfig", "thinkingLevel"),
    ("generationConfig", "thinkingConfig", "thinkingBudget"),
)
_colon = re.compile(r"[ \t\n\r]*:[ \t\n\r]*").match


class BadRequestError(ValueError):
    """The body is not one that a model could be asked with; the message is for the client."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the top-level object: its value and where the value's text lies."""

    value: Any
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RequestView:
    """A parsed request. ``text`` is the body as a string, ``members`` its top level."""

    text: str
    members: dict[str, Member]
    model: str
    stream: bool
    model_in_path: bool = False

    def value(self, name: str) -> Any:
        """Return a member's value, or None."""
        member = self.members.get(name)
        return member.value if member else None


def read_request(body: bytes, model: str | None = None, *, stream: bool | None = None) -> RequestView:
    """Parse a body once. Raises ``BadRequestError``. ``model`` and ``stream`` are what the path says, where it does.

    A repeated top-level key is refused: parsers differ in which one counts, and a budget must not.
    """
    try:
        text = body.decode()
        members = _members(text)
    except (ValueError, IndexError, RecursionError) as error:
        raise BadRequestError(f"The request body is not a JSON object: {error}") from error
    in_path = model is not None
    if model is None:
        named = members.get("model")
        if named is None or not isinstance(named.value, str):
            raise BadRequestError("The request names no model")
        model = named.value
    if stream is None:
        said = members.get("stream")
        stream = said is not None and said.value is True
    return RequestView(text, members, model, stream, in_path)


def _members(text: str) -> dict[str, Member]:
    """Walk the top level; the values are decoded by the C scanner, so this costs what ``json.loads`` costs."""
    members: dict[str, Member] = {}
    at = _blank(text, 0).end()  # type: ignore[union-attr]  # the pattern matches the empty string
    if text[at] != "{":
        raise ValueError("it does not begin with {")
    at = _blank(text, at + 1).end()  # type: ignore[union-attr]
    if text[at] == "}":
        return members
    while True:
        if text[at] != '"':
            raise ValueError(f"a key is expected at {at}")
        key, at = _decode(text, at)
        colon = _colon(text, at)
        if colon is None:
            raise ValueError(f"a colon is expected at {at}")
        value, end = _decode(text, colon.end())
        if key in members:
            raise ValueError(f"the key {key[:40]!r} stands there twice")
        members[key] = Member(value, colon.end(), end)
        separator = _separator(text, end)
        if separator is None:
            raise ValueError(f"a comma or brace is expected at {end}")
        at = separator.end()
        if separator[1] == "}":
            if at != len(text):
                raise ValueError("something follows its end")
            return members


def upstream_body(view: RequestView, body: bytes, model: str, *, ask_usage: bool) -> tuple[bytes, bool]:
    """Return the bytes to send, and whether usage was asked for on the client's behalf."""
    edits: list[tuple[int, int, str]] = []
    if model != view.model and not view.model_in_path:
        member = view.members["model"]
        edits.append((member.start, member.end, json.dumps(model, ensure_ascii=False)))
    injected = ask_usage and _usage_edit(view, edits)
    if not edits:
        return body, False
    text = view.text
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text.encode(), injected


def wants_usage(dialect: Dialect, view: RequestView) -> bool:
    """Tell whether a request is a stream that would end without usage."""
    if dialect is not Dialect.CHAT or not view.stream:
        return False
    options = view.value("stream_options")
    return not (isinstance(options, dict) and options.get("include_usage") is True)


def tools_offered(view: RequestView) -> int:
    """Count the tools that a request offers; a side request (a title, a summary) has none."""
    tools = view.value("tools")
    if not isinstance(tools, list):
        return 0
    # Gemini groups its functions.
    groups = (tool.get("functionDeclarations") if isinstance(tool, dict) else None for tool in tools)
    return sum(len(group) if isinstance(group, list) else 1 for group in groups)


def effort_asked(view: RequestView) -> str | None:
    """Return the reasoning effort in the words of the dialect: a level, or a budget in tokens as a number."""
    for name, *keys in _EFFORT:
        if name not in view.members:
            continue
        found = view.value(name)
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, str | int) and not isinstance(found, bool):
            return str(found)
    return None


def _usage_edit(view: RequestView, edits: list[tuple[int, int, str]]) -> bool:
    member = view.members.get("stream_options")
    if member is None:
        end = max(other.end for other in view.members.values())
        edits.append((end, end, ',"stream_options":{"include_usage":true}'))
        return True
    if member.value is None or isinstance(member.value, dict):
        options = {**(member.value or {}), "include_usage": True}
        edits.append((member.start, member.end, json.dumps(options, ensure_ascii=False, separators=(",", ":"))))
        return True
    return False  # not ours to repair: the provider will say what is wrong with it
