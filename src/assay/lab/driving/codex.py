"""Codex's tools: ``exec_command``, ``apply_patch``, ``spawn_agent`` and ``wait_agent``. Shapes of version 0.169."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from assay.identity import Json
from assay.lab.answer import Question
from assay.lab.scripts import Action, Delegate, Native, Read, Run, Turn, Write
from assay.lab.tools import OfferedTool, ToolUse

PATIENCE_MS = 30_000
"""How long a command may run before it is left to itself; the tool's own default is ten seconds."""
_GLANCE_MS = 250
_WAIT_MS = 120_000
_SHELLS = ("exec_command", "shell_command", "shell")
_WAITS = ("wait_agent", "wait")
_SPAWNED = re.compile(r'"agent_id"\s*:\s*"([^"]+)"')
_OVER = re.compile(r'"([0-9a-f-]{36})"\s*:\s*\{\s*"(?:completed|errored)"')


class CodexTools:
    """Implements ``ToolProtocol`` and ``WaitingProtocol``."""

    def calls(self, action: Action, question: Question, call_id: str) -> Sequence[ToolUse]:
        """Spell one action in the tools that this request offers; paths are those below the working folder."""
        if isinstance(action, Native):
            return (ToolUse(call_id, action.name, action.input, action.custom, action.namespace),)
        if isinstance(action, Write):
            return _write(action, question, call_id)
        if isinstance(action, Read):
            return _command(f"cat {shlex.quote(action.path)}", question, call_id)
        if isinstance(action, Run):
            return _command(action.command, question, call_id, _GLANCE_MS if action.background else PATIENCE_MS)
        return _spawn(action, question, call_id)

    def words(self, files: Mapping[str, str], question: Question) -> str | None:  # noqa: ARG002 - the seam's signature
        """Tools are its way."""
        return None

    def is_side_request(self, question: Question) -> bool:
        """Summaries and reviews come without tools."""
        return not question.tools

    def waits(self, turn: Turn, question: Question) -> Sequence[ToolUse]:
        """Wait for the sub-agents that ``turn`` started in the foreground and that did not come back yet.

        Starting one returns at once, with an id; what came back from waiting names the ids that are done.
        """
        wait = _offered(question, *_WAITS)
        wanted = [action for action in turn.actions if isinstance(action, Delegate)]
        if wait is None or not wanted or any(action.background for action in wanted):
            return ()
        texts = [result.text for result in question.results]
        started = {found for text in texts for found in _SPAWNED.findall(text)}
        open_ = sorted(started - {found for text in texts for found in _OVER.findall(text)})
        given = "targets" if "targets" in _properties(wait) else "ids"
        content: dict[str, Json] = {given: open_, "timeout_ms": _WAIT_MS}
        return (ToolUse("", wait.name, content, namespace=wait.namespace),) if open_ else ()


def _write(action: Write, question: Question, call_id: str) -> Sequence[ToolUse]:
    """A patch adds whole lines: what does not end in one is written by the shell."""
    patch = _offered(question, "apply_patch")
    if patch is None or not action.text.endswith("\n"):
        path = shlex.quote(action.path)
        folder = f"mkdir -p $(dirname {path}) && " if "/" in action.path else ""
        return _command(f"{folder}printf %s {shlex.quote(action.text)} > {path}", question, call_id)
    body = "".join(f"+{line}\n" for line in action.text[:-1].split("\n"))
    text = f"*** Begin Patch\n*** Add File: {action.path}\n{body}*** End Patch\n"
    custom = patch.kind == "custom"
    return (ToolUse(call_id, patch.name, text if custom else {"input": text}, custom, patch.namespace),)


def _command(line: str, question: Question, call_id: str, patience_ms: int = PATIENCE_MS) -> Sequence[ToolUse]:
    tool = _offered(question, *_SHELLS)
    if tool is None:
        return ()
    inputs: dict[str, dict[str, Json]] = {
        "exec_command": {"cmd": line, "yield_time_ms": patience_ms},
        "shell_command": {"command": line, "timeout_ms": patience_ms},
        "shell": {"command": ["bash", "-lc", line], "timeout_ms": patience_ms},
    }
    return (ToolUse(call_id, tool.name, inputs[tool.name], namespace=tool.namespace),)


def _spawn(action: Delegate, question: Question, call_id: str) -> Sequence[ToolUse]:
    tool = _offered(question, "spawn_agent")
    if tool is None:
        return ()
    content: dict[str, Json] = {"agent_type": action.agent, "message": action.prompt}
    if "task_name" in _properties(tool):
        content |= {"task_name": re.sub(r"\W+", "_", action.agent).lower(), "fork_turns": "none"}
    return (ToolUse(call_id, tool.name, content, namespace=tool.namespace),)


def _properties(tool: OfferedTool) -> Mapping[str, Json]:
    found = tool.schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _offered(question: Question, *names: str) -> OfferedTool | None:
    return next((tool for name in names for tool in question.tools if tool.name == name), None)
