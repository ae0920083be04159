"""What an agent offers its model, read from the request itself: its tools, and the sub-agents and skills it lists.

Of agents that say nothing of it elsewhere, this is their own word: what is not offered cannot be used. Only the
system's text and the declarations of tools are read, never what the task says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assay.evidence.sources.base import Inventory
from assay.evidence.sources.values import mapping, texts
from assay.records import Arm

DELEGATING = frozenset({"Agent", "Task", "task", "spawn_agent", "multi_agent_v1", "invoke_agent"})
_SKILL_TOOLS = frozenset({"skill", "activate_skill"})
_LISTS = (
    # Codex: one block a role.
    (re.compile(r"^Available roles:\n", re.MULTILINE), re.compile(r"^([\w.@-]+): \{$", re.MULTILINE)),
    # opencode and Claude Code: one item an agent.
    (re.compile(r"^Available agent types.*:\n?", re.MULTILINE), re.compile(r"^- ([\w.@-]+): ", re.MULTILINE)),
    # gemini-cli.
    (re.compile(r"<available_subagents>"), re.compile(r"<subagent>\s*<name>([^<]+)</name>")),
)
_SKILLS = re.compile(r"<available_skills>(.*?)</available_skills>", re.DOTALL)
_SKILL = re.compile(r"<skill>\s*<name>([^<]+)</name>(.*?)</skill>", re.DOTALL)
_BUILT_IN = re.compile(r"<location>(?:<|&lt;)built-in")


def offered(body: bytes, arm: Arm) -> Inventory | None:
    """Read a request; None when it offers no tools or cannot be read. ``arm``: whose declarations are known."""
    try:
        request = mapping(json.loads(body))
        tools = list(_tools(request))
        system = "\n".join(_system(request))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    if not tools:
        return None
    names = tuple(sorted({name for name, _ in tools}))
    delegating = [text for name, text in tools if name in DELEGATING]
    listed = [_without_own(text, arm) for text in (*delegating, system)]
    return Inventory(
        tools=names,
        sub_agents=_sub_agents(listed, gemini="invoke_agent" in names) if delegating else (),
        skills=_skills(system) if _SKILL_TOOLS & set(names) else None,
    )


def _sub_agents(listed: Sequence[str], *, gemini: bool) -> tuple[str, ...] | None:
    """Return the names of the first list that there is; gemini-cli writes none when it has none.

    A list does not reach beyond the text that it begins in: the system's own rules look like one too.
    """
    for head, name in _LISTS:
        for text in listed:
            found = head.search(text)
            if found:
                return tuple(sorted(set(name.findall(text, found.end()))))
    return () if gemini else None


def _skills(system: str) -> tuple[str, ...]:
    """Return the skills that are not part of the program itself."""
    found = _SKILLS.search(system)
    skills = _SKILL.findall(found[1]) if found else ()
    return tuple(sorted({name.strip() for name, rest in skills if not _BUILT_IN.search(rest)}))


def _without_own(text: str, arm: Arm) -> str:
    """Take out what the arm's own sub-agents are said to be for: it may look like a list."""
    agents = arm.profile.get("agents")
    for agent in map(mapping, agents if isinstance(agents, Sequence) else ()):
        for lead in (f"{agent.get('name')}: ", f"{agent.get('name')}: {{\n"):
            text = text.replace(f"{lead}{str(agent.get('description') or '').strip()}", lead)
    return text


def _tools(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name and all text of each tool that is offered, in any dialect."""
    for tool in request.get("tools") or ():
        for one in tool.get("functionDeclarations") or [tool.get("function") or tool]:
            yield str(one.get("name") or one.get("type")), "\n".join(texts(one))


def _system(request: Mapping[str, Any]) -> Iterator[str]:
    for key in ("system", "systemInstruction", "system_instruction", "instructions"):
        yield from texts(request.get(key))
    for message in request.get("messages") or ():
        if mapping(message).get("role") in {"system", "developer"}:
            yield from texts(message.get("content"))
