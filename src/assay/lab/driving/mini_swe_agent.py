"""mini-swe-agent's one tool: ``bash``. Shapes of version 2.4.6."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from assay.lab.answer import Question
from assay.lab.scripts import Action, Native, Read, Run, Write
from assay.lab.tools import ToolUse

SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
_MARK = "END_OF_FILE"


class MiniSweAgentTools:
    """Implements ``ToolProtocol`` and ``ClosingProtocol``: it ends with a command, never with words alone."""

    def calls(self, action: Action, question: Question, call_id: str) -> Sequence[ToolUse]:
        """Spell one action as a command; there are no sub-agents."""
        if isinstance(action, Native):
            return (ToolUse(call_id, action.name, action.input),)
        command = _command(action)
        offered = any(tool.name == "bash" for tool in question.tools)
        return (ToolUse(call_id, "bash", {"command": command}),) if command and offered else ()

    def words(self, files: Mapping[str, str], question: Question) -> str | None:  # noqa: ARG002 - the seam's signature
        """Tools are its way."""
        return None

    def is_side_request(self, question: Question) -> bool:  # noqa: ARG002 - the seam's signature
        """It asks nothing on its own behalf."""
        return False

    def closing(self, question: Question) -> Sequence[ToolUse]:  # noqa: ARG002 - the seam's signature
        """The command that hands the work in."""
        return (ToolUse("", "bash", {"command": SUBMIT}),)


def _command(action: Action) -> str | None:
    if isinstance(action, Run):
        return f"{action.command} &" if action.background else action.command
    if isinstance(action, Read):
        return f"cat {shlex.quote(action.path)}"
    if isinstance(action, Write):
        folder = PurePosixPath(action.path).parent.as_posix()
        mark = _MARK
        while mark in action.text:
            mark += "_"
        path = shlex.quote(action.path)
        # A here-document ends every file with a newline.
        cut = "" if action.text.endswith("\n") else f" && truncate -s -1 {path}"
        text = action.text.removesuffix("\n")
        body = f"{text}\n" if action.text else ""
        return f"mkdir -p {shlex.quote(folder)} && cat <<'{mark}' > {path}{cut if action.text else ''}\n{body}{mark}"
    return None
