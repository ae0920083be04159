"""Claude Code's tools: ``Write``, ``Read``, ``Bash``, ``Agent``. Shapes of version 2.1.197."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assay.identity import Json
from assay.lab.answer import Question
from assay.lab.scripts import Action, Delegate, Native, Read, Run, Write
from assay.lab.tools import ToolUse

WORKSPACE = "/workspace"
_CWD = re.compile(r"[Ww]orking directory: (\S+)")


class ClaudeCodeTools:
    """Implements ``ToolProtocol``. Paths are absolute, below the folder that the agent says it works in."""

    def calls(self, action: Action, question: Question, call_id: str) -> Sequence[ToolUse]:
        """Spell one action. A file that is there has to be read before it may be written."""
        offered = {tool.name for tool in question.tools}
        spelled = _spelled(action, _folder(question))
        known = isinstance(action, Native) or all(name in offered for name, _ in spelled)
        return tuple(ToolUse(call_id, name, content) for name, content in spelled) if known else ()

    def words(self, files: Mapping[str, str], question: Question) -> str | None:  # noqa: ARG002 - the seam's signature
        """Tools are its way."""
        return None

    def is_side_request(self, question: Question) -> bool:
        """Titles, summaries and topic checks come without tools."""
        return not question.tools


def _folder(question: Question) -> str:
    found = _CWD.search(question.system) or _CWD.search(question.opening)
    return found[1] if found else WORKSPACE


def _spelled(action: Action, folder: str) -> Sequence[tuple[str, Mapping[str, Json]]]:
    if isinstance(action, Write):
        path: Mapping[str, Json] = {"file_path": f"{folder}/{action.path}"}
        write = ("Write", {**path, "content": action.text})
        return (("Read", path), write) if action.replaces else (write,)
    if isinstance(action, Read):
        return (("Read", {"file_path": f"{folder}/{action.path}"}),)
    if isinstance(action, Run):
        background: Mapping[str, Json] = {"run_in_background": True} if action.background else {}
        return (("Bash", {"command": action.command, "description": "Run a command", **background}),)
    if isinstance(action, Delegate):
        # Left out, a sub-agent may run in the background; said, it does not.
        told: Mapping[str, Json] = {
            "prompt": action.prompt,
            "subagent_type": action.agent,
            "run_in_background": action.background,
        }
        return (("Agent", {"description": "A part of the work", **told}),)
    return ((action.name, action.input if isinstance(action.input, Mapping) else {}),)
