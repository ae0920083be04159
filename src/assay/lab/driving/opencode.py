"""opencode's tools: ``write``, ``read``, ``bash``, ``task``. Shapes of version 1.18."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assay.identity import Json
from assay.lab.answer import Question
from assay.lab.scripts import Action, Delegate, Native, Read, Run, Write
from assay.lab.tools import ToolUse

WORKSPACE = "/workspace"
_TITLE = "You are a title generator"
_CWD = re.compile(r"Working directory: (\S+)")


class OpencodeTools:
    """Implements ``ToolProtocol``."""

    def calls(self, action: Action, question: Question, call_id: str) -> Sequence[ToolUse]:
        """Spell one action; paths are absolute."""
        name, spelled = _spelled(action, _folder(question))
        offered = {tool.name for tool in question.tools}
        return (ToolUse(call_id, name, spelled),) if name in offered or isinstance(action, Native) else ()

    def words(self, files: Mapping[str, str], question: Question) -> str | None:  # noqa: ARG002 - the seam's signature
        """Tools are its way."""
        return None

    def is_side_request(self, question: Question) -> bool:
        """The title of a session is asked for without tools."""
        return not question.tools or question.system.startswith(_TITLE)


def _folder(question: Question) -> str:
    found = _CWD.search(question.system)
    return found[1] if found else WORKSPACE


def _spelled(action: Action, folder: str) -> tuple[str, Mapping[str, Json]]:
    if isinstance(action, Write):
        return "write", {"filePath": f"{folder}/{action.path}", "content": action.text}
    if isinstance(action, Read):
        return "read", {"filePath": f"{folder}/{action.path}"}
    if isinstance(action, Run):
        return "bash", {"command": action.command, "description": "Runs a command"}
    if isinstance(action, Delegate):
        what = {"description": "A part of the work", "prompt": action.prompt, "subagent_type": action.agent}
        return "task", what | ({"background": True} if action.background else {})
    return action.name, dict(action.input) if isinstance(action.input, Mapping) else {}
