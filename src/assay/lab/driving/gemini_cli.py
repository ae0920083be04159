"""gemini-cli's tools: ``write_file``, ``read_file``, ``run_shell_command``, ``invoke_agent``. Shapes of 0.61.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.identity import Json
from assay.lab.answer import Question
from assay.lab.scripts import Action, Delegate, Native, Read, Run, Write
from assay.lab.tools import ToolUse


class GeminiCliTools:
    """Implements ``ToolProtocol`` and ``ClosingProtocol``. Paths are below the folder that it works in."""

    def calls(self, action: Action, question: Question, call_id: str) -> Sequence[ToolUse]:
        """Spell one action."""
        name, spelled = _spelled(action)
        offered = {tool.name for tool in question.tools}
        return (ToolUse(call_id, name, spelled),) if name in offered or isinstance(action, Native) else ()

    def words(self, files: Mapping[str, str], question: Question) -> str | None:  # noqa: ARG002 - the seam's signature
        """Tools are its way."""
        return None

    def is_side_request(self, question: Question) -> bool:
        """Summaries and checks come without tools."""
        return not question.tools

    def closing(self, question: Question) -> Sequence[ToolUse]:
        """A sub-agent says that it is done with a tool; the main loop with words."""
        offered = any(tool.name == "complete_task" for tool in question.tools)
        return (ToolUse("", "complete_task", {"result": "My part is done."}),) if offered else ()


def _spelled(action: Action) -> tuple[str, Mapping[str, Json]]:
    if isinstance(action, Write):
        return "write_file", {"file_path": action.path, "content": action.text}
    if isinstance(action, Read):
        return "read_file", {"file_path": action.path}
    if isinstance(action, Run):
        background = {"is_background": True} if action.background else {}
        return "run_shell_command", {"command": action.command, "description": "Runs a command"} | background
    if isinstance(action, Delegate):
        return "invoke_agent", {"agent_name": action.agent, "prompt": action.prompt}
    return action.name, action.input if isinstance(action.input, Mapping) else {}
