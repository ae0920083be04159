"""Tool calls without a dialect: what is offered, what is called, what came back, and which turn it is.

The Lab remembers nothing. The turn of a conversation is written into the ids of its own tool calls
(``call_t0s2x1_ab12``: step 0, turn 2, call 1), and the next turn is one more than the highest that came back. So
retries, side requests, parallel sub-agents and warm-up requests cannot confuse it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assay.identity import Json

_ID = re.compile(r"t(\d+)s(\d+)x(\d+)_")


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool of the request. ``kind``: ``function`` (JSON input) or ``custom`` (text input)."""

    name: str
    kind: str = "function"
    schema: Mapping[str, Json] = field(default_factory=dict)
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A call that the model makes. ``input`` is a mapping, or text for a ``custom`` tool."""

    id: str
    name: str
    input: Json
    custom: bool = False
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came back. ``failed`` None = the dialect does not say."""

    id: str
    text: str
    failed: bool | None = None


def mint(step: int, turn: int, index: int, unique: str) -> str:
    """Return the id of a call; ``unique`` tells conversations apart."""
    return f"call_t{step}s{turn}x{index}_{unique}"


def next_turn(step: int, results: Iterable[ToolResult]) -> int:
    """Return the turn that comes next in this step's conversation: 0 when nothing of it came back yet."""
    turns = [int(found[2]) for result in results if (found := _ID.search(result.id)) and int(found[1]) == step]
    return 1 + max(turns, default=-1)
