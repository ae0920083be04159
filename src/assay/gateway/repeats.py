"""Does a model go in circles? The same tool with the same arguments, again and again, in one conversation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from assay.evidence.conversation import tool_uses
from assay.identity import Json
from assay.records import Dialect

Use: TypeAlias = tuple[str, str]
"""A tool and its arguments in one spelling."""

WAITING_TOOLS = frozenset({"BashOutput", "TaskOutput", "AgentOutput", "write_stdin", "wait", "wait_agent", "sleep"})
"""Asking again is what these are for: whether the program that they wait for goes on is not theirs to say."""

LOOK_FROM = 3
"""Asked so often in an attempt, a use is looked up in its conversation: long, and parsed on the event loop."""

_ARGUMENTS = {
    "tool_use": "input",
    "function_call": "arguments",
    "custom_tool_call": "input",
    "local_shell_call": "action",
}
_CONVERSATION = ("messages", "input", "contents")


class Repeats:
    """Fed with every answered call; ``longest`` is the tool with the longest run of equal uses, and how long it is."""

    def __init__(self) -> None:
        self._asked: dict[Use, int] = {}
        self.longest: tuple[str, int] | None = None

    def feed(self, dialect: Dialect, request: bytes, answer: bytes) -> None:
        """Take one answer, and the request that it answers, which holds the conversation before it."""
        asked = {(use.tool, spelled(use.arguments)) for use in tool_uses(dialect, answer)}
        for use in asked:
            if use[0] in WAITING_TOOLS:
                continue
            self._asked[use] = self._asked.get(use, 0) + 1
            if self._asked[use] >= LOOK_FROM:
                self._note(use[0], 1 + run_before(use, request))

    def _note(self, tool: str, run: int) -> None:
        if self.longest is None or run > self.longest[1]:
            self.longest = (tool, run)


def spelled(arguments: Json) -> str:
    """Return arguments in one spelling, whether they came as JSON or as its text."""
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return str(arguments)
    return json.dumps(arguments, sort_keys=True)


def run_before(use: Use, request: bytes) -> int:
    """Return how many uses at the end of a request's conversation equal ``use``; 0 when it cannot be read."""
    try:
        asked = json.loads(request)
        uses = [each for part in _CONVERSATION for each in _uses(asked.get(part))]
    except (ValueError, AttributeError, RecursionError):
        return 0
    run = 0
    while run < len(uses) and uses[-1 - run] == use:
        run += 1
    return run


def _uses(value: Any) -> Iterator[Use]:
    """Yield the uses of a conversation in order, in whatever dialect: what marks a use is the same at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from _uses(item)
    elif isinstance(value, dict):
        use = _use(value)
        if use is not None:
            yield use
            return
        for part in ("content", "tool_calls", "parts"):
            yield from _uses(value.get(part))


def _use(item: Mapping[str, Any]) -> Use | None:
    arguments = _ARGUMENTS.get(str(item.get("type")))
    if arguments is not None:
        tool = item.get("name") or ("local_shell" if arguments == "action" else "")
        return str(tool), spelled(item.get(arguments))
    called = item.get("function") if item.get("type") == "function" else item.get("functionCall")
    if not isinstance(called, dict):
        return None
    return str(called.get("name")), spelled(called.get("arguments", called.get("args")))
