"""What a simulated model does with tools, turn by turn, apart from any agent's names for them.

A script is written down as JSON for the arm's setting ``lab_script``::

    {"turns": [{"do": [{"write": {"path": "a.py", "text": "..."}}, {"run": "exit 3"}, {"read": "a.py"},
                       {"delegate": {"agent": "coder", "prompt": "...", "background": false}},
                       {"native": {"name": "Bash", "input": {"command": "ls"}}}],
                "text": "...", "fault": "529-once"}],
     "agents": {"coder": {"turns": [...]}}}

After the last turn with actions the model says ``text`` of the next turn, or that it is done, and stops.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from assay.errors import InputError
from assay.identity import Json

_PART = re.compile(r"Part (\d+) of (\d+) \(([^)\n]+)\):")


@dataclass(frozen=True, slots=True)
class Write:
    """Put a whole file at a workspace path. ``replaces`` = it is likely there, and some tools want it read first."""

    path: str
    text: str
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """Look at a file."""

    path: str


@dataclass(frozen=True, slots=True)
class Run:
    """Run a command line in the workspace."""

    command: str
    background: bool = False


@dataclass(frozen=True, slots=True)
class Delegate:
    """Hand a part to a sub-agent. Its prompt begins with ``part_mark``, by which the sub-agent's turn is known."""

    agent: str
    prompt: str
    background: bool = False


@dataclass(frozen=True, slots=True)
class Native:
    """A call in the agent's own words, as it is."""

    name: str
    input: Json
    custom: bool = False
    namespace: str | None = None


Action: TypeAlias = Write | Read | Run | Delegate | Native


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of the model: prose, calls, and what goes wrong (a name from ``lab.faults``)."""

    actions: tuple[Action, ...] = ()
    text: str = ""
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """All turns of the main loop, and of each sub-agent by name."""

    turns: tuple[Turn, ...] = ()
    agents: Mapping[str, tuple[Turn, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """Which share of the work a sub-agent was given. ``number`` counts from 1."""

    number: int
    of: int
    agent: str


def part_mark(part: Part) -> str:
    """Return how a delegated prompt begins: in the model's own words, nothing hidden."""
    return f"Part {part.number} of {part.of} ({part.agent}):"


def part_in(opening: str) -> Part | None:
    """Return the part that a conversation was opened with; None = it is the main loop."""
    found = _PART.search(opening)
    return Part(int(found[1]), int(found[2]), found[3]) if found else None


def parse_script(text: str) -> Script:
    """Read a script. Raises ``InputError`` naming what is wrong."""
    try:
        data = json.loads(text)
        return Script(_turns(data.get("turns", ())), {k: _turns(v["turns"]) for k, v in data.get("agents", {}).items()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"lab_script is not readable: {error}") from error


def _turns(entries: Any) -> tuple[Turn, ...]:
    return tuple(
        Turn(tuple(map(_action, entry.get("do", ()))), str(entry.get("text", "")), entry.get("fault"))
        for entry in entries
    )


def _action(entry: Mapping[str, Any]) -> Action:
    ((kind, value),) = entry.items()
    makers: Mapping[str, Any] = {"write": Write, "delegate": Delegate, "native": Native}
    if kind in makers:
        made: Action = makers[kind](**value)
        return made
    if kind == "read":
        return Read(value)
    if kind == "run":
        return Run(**value) if isinstance(value, Mapping) else Run(value)
    raise ValueError(f"there is no action '{kind}'")
