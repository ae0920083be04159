"""What an agent says it has against what its arm declares: anything more has leaked in from somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from assay.evidence.sources.base import Inventory
from assay.evidence.sources.values import mapping
from assay.records import Arm

KINDS = {"sub_agents": "sub-agent", "plugins": "plugin", "mcp_servers": "MCP server", "skills": "skill"}
_SERVERS = ("mcpServers", "mcp_servers", "mcp")

SHIPPED: Mapping[str, frozenset[str]] = {
    "claude-code": frozenset({"Explore", "Plan", "claude", "general-purpose", "statusline-setup"}),
    "codex": frozenset({"default", "explorer", "worker"}),
}
"""Sub-agents that are built into the program itself, as the tested versions list them: neither declared nor leaked.

Claude Code's are switched off unless the arm asks for them, those of opencode and gemini-cli always; Codex has them as
soon as any are declared.
"""


def leaks(inventory: Inventory, arm: Arm) -> tuple[str, ...]:
    """Return ``leaked: <kind> <name>`` for each thing that the agent has and its arm does not declare.

    What the agent says nothing of is not checked: see ``unchecked``.
    """
    wanted = declared(arm)
    return tuple(
        f"leaked: {word} {name}"
        for kind, word in KINDS.items()
        for name in sorted(getattr(inventory, kind) or ())
        if name not in wanted[kind] and name not in shipped(arm, kind)
    )


def shipped(arm: Arm, kind: str) -> frozenset[str]:
    """Names of one kind that are built into the arm's agent and not switched off."""
    agent = arm.agent.partition("@")[0]
    if kind != "sub_agents" or (agent == "claude-code" and not arm.settings.get("built_in_agents")):
        return frozenset()
    return SHIPPED.get(agent, frozenset())


def unchecked(inventory: Inventory | None) -> tuple[str, ...]:
    """Return the kinds of which the agent says nothing."""
    return tuple(word for kind, word in KINDS.items() if inventory is None or getattr(inventory, kind) is None)


def declared(arm: Arm) -> dict[str, frozenset[str]]:
    """Names that the arm's profile declares, by kind, those of its files included."""
    agent, profile = arm.agent.partition("@")[0], arm.profile
    given = [*mapping(mapping(profile.get("native")).get(agent)), *mapping(profile.get("files"))]
    native = [PurePosixPath(path) for path in given]
    settings = mapping(mapping(profile.get("settings")).get(agent))
    agents = [str(one.get("name")) for one in _list(profile.get("agents")) if isinstance(one, Mapping)]
    return {
        "sub_agents": frozenset([*agents, *(path.stem for path in native if path.parent.name in {"agents", "agent"})]),
        "plugins": frozenset([*_below(native, "plugins"), *map(str, _list(settings.get("plugin")))]),
        "mcp_servers": frozenset(name for key in _SERVERS for name in mapping(settings.get(key))),
        "skills": frozenset([*mapping(profile.get("skills")), *_below(native, "skills")]),
    }


def _below(paths: Iterable[PurePosixPath], folder: str) -> list[str]:
    """Names of the things that lie in ``folder``, as files or as folders."""
    inside = (path.parts for path in paths if folder in path.parts[:-1])
    return [PurePosixPath(parts[parts.index(folder) + 1]).stem for parts in inside]


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
