"""How often an agent committed: commands that run ``git commit`` and end well. Pure.

A sealed workspace leaves ``.git`` out, and an agent may rewrite history, so what is counted is what the agent ran. Two
commits in one command count once; a commit made by a program that the agent runs is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assay.evidence.conversation import COMMAND_TOOLS
from assay.evidence.sources.base import ToolCall

# Options of git itself may stand between, some with a value; arguments may be spelled in JSON, a line's end as \n.
_COMMIT = re.compile(r"(?:\\n|(?<![\w./-]))git(?:\s+-[cC]\s+\S+|\s+-[^\s]+)*\s+commit(?![\w-])")


def runs_commit(tool: str, arguments: str) -> bool:
    """Tell whether a use of a tool is a command with ``git commit`` in it."""
    return is_command(tool) and _COMMIT.search(arguments) is not None


def is_command(tool: str) -> bool:
    """Tell whether a tool runs commands."""
    return tool.lower() in COMMAND_TOOLS


def commits(tools: Sequence[ToolCall], whole: Mapping[str, bool], cut_at: int) -> int | None:
    """Count the commands that commit and did not fail.

    ``whole`` says by id whether it commits, of those whose whole arguments are known; the others have a text that may
    be cut at ``cut_at`` characters. None when a command cannot be judged, or one that commits never came back.
    """
    count = 0
    for one in tools:
        if not is_command(one.tool) or one.failed:
            continue
        does = whole.get(one.id)
        if does is None and one.arguments is not None:
            does = runs_commit(one.tool, one.arguments) or (None if len(one.arguments) >= cut_at else False)
        if does is None or (does and one.failed is None):
            return None
        count += does
    return count
