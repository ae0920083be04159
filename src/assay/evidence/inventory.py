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

SHIPPED: Mapping[str, Mapping[str, frozenset[str]]] = {
    "claude-code": {
        "sub_agents": frozenset(
            {"claude", "general-purpose", "Explore", "Plan", "statusline-setup", "output-style-setup"}
        ),
    },
    "codex": {
        "sub_agents": frozenset({"default", "worker", "explorer", "awaiter"}),
        "skills": frozenset({"imagegen", "openai-docs", "plugin-creator", "skill-creator", "skill-installer"}),
    },
    "opencode": {
        "sub_agents": frozenset({"build", "plan", "general", "explore", "compaction", "title", "summary"}),
    },
    "gemini-cli": {"sub_agents": frozenset({"codebase_investigator", "cli_help", "generalist", "generalist_agent"})},
}  # fmt: skip
"""Built into the program itself, whoever starts it: neither declared nor leaked."""


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
    """Names of one kind that are built into the arm's agent."""
    return SHIPPED.get(arm.agent.partition("@")[0], {}).get(kind, frozenset())


def unchecked(inventory: Inventory | None) -> tuple[str, ...]:
    """Return the kinds of which the agent says nothing."""
    return tuple(word for kind, word in KINDS.items() if inventory is None or getattr(inventory, kind) is None)


def declared(arm: Arm) -> dict[str, frozenset[str]]:
    """Names that the arm's profile declares, by kind, native files included."""
    agent, profile = arm.agent.partition("@")[0], arm.profile
    native = [PurePosixPath(path) for path in mapping(mapping(profile.get("native")).get(agent))]
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
