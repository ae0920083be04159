"""Other people's text, made harmless to look at: task names, labels and notes may hold anything.

Escaping belongs to each format; this module takes out what no format escapes: control characters (terminal
escapes among them), bidirectional and invisible marks, lone surrogates, and sheer length.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
ELLIPSIS = "…"
LONGEST = 2_000

T = TypeVar("T")

_SPACE = re.compile(r"[\t\n\r\v\f\u2028\u2029]+")
# C0 and C1 controls, soft hyphen, bidirectional and zero-width marks, surrogates, non-characters, tag characters.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
# More than two combining marks in a row paint over neighbouring lines.
_MARKS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{2})[\u0300-\u036f\u20d0-\u20ff]+"
)


def clean(text: str, longest: int = LONGEST) -> str:
    """Return ``text`` on one line, without invisible or directional characters, at most ``longest`` long."""
    text = _UNSAFE.sub(REPLACEMENT, _SPACE.sub(" ", text[: 4 * longest]))
    return cut(_MARKS.sub(r"\1", text), longest)


def cut(text: str, longest: int) -> str:
    """Shorten at the end."""
    return text if len(text) <= longest else text[: longest - 1] + ELLIPSIS


def cut_middle(text: str, longest: int) -> str:
    """Shorten in the middle: labels of arms often differ at the end only."""
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 2
    return text[: longest - 1 - tail] + ELLIPSIS + text[len(text) - tail :]


def fold(text: str, longest: int) -> str:
    """Break into two lines at a hyphen, space or underscore when longer than ``longest``; each line is cut to it."""
    if len(text) <= longest:
        return text
    breaks = [i + 1 for i, letter in enumerate(text[:longest]) if letter in "- _/"]
    if not breaks:
        return cut(text, longest)
    return f"{text[: breaks[-1]].rstrip()}\n{cut(text[breaks[-1] :], longest)}"


def cleaned(value: T) -> T:
    """Return the same frozen data with every string inside it ``clean``, keys of mappings included."""
    return _cleaned(value)  # type: ignore[no-any-return]  # the walk keeps every type, which types cannot say


def _cleaned(value: Any) -> Any:
    if isinstance(value, Enum) or value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return clean(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{f.name: _cleaned(getattr(value, f.name)) for f in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([_cleaned(item) for item in value])
    return clean(str(value))
