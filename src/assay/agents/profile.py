"""A profile's parts for an agent: sub-agents, skills, texts, files in its own format, settings in its own words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from assay.agents.prompt import inside, profile_files
from assay.identity import Json
from assay.records import Arm

SubAgent: TypeAlias = Mapping[str, Json]


def own_files(arm: Arm, agent: str) -> dict[str, bytes]:
    """Return the profile's files for this agent and for any, by inside path; ``~/`` is the home, else the workspace."""
    native = _mapping(_mapping(arm.profile.get("native")).get(agent))
    return {inside(str(path)): str(text).encode() for path, text in native.items()} | profile_files(arm)


def with_own_settings(base: Mapping[str, Any], arm: Arm, agent: str) -> dict[str, Any]:
    """Return our settings with the profile's native ones merged in: objects key by key, anything else replaced."""
    return _merged(base, _mapping(_mapping(arm.profile.get("settings")).get(agent)))


def system_text(arm: Arm) -> str:
    """Return the profile's instructions and the variant's system text, for agents with one place for both."""
    texts = (instructions(arm), str(arm.variant.get("system") or ""))
    return "\n\n".join(text.strip() for text in texts if text)


def declared_agents(arm: Arm) -> Sequence[SubAgent]:
    """Return the declared sub-agents: ``name description model effort prompt tools``, all but the name optional."""
    agents = arm.profile.get("agents")
    return [agent for agent in agents if isinstance(agent, Mapping)] if isinstance(agents, Sequence) else []


def agent_file(front: Mapping[str, Json], agent: SubAgent) -> bytes:
    """Return a sub-agent's file: front matter in JSON's spelling of text, which YAML reads, then its prompt."""
    lines = "".join(f"{key}: {json.dumps(value)}\n" for key, value in front.items() if value is not None)
    return f"---\n{lines}---\n{agent.get('prompt') or ''}\n".encode()


def description(agent: SubAgent) -> Json:
    """Return what a sub-agent is said to be for; its name where nothing is said."""
    return agent.get("description") or agent["name"]


def instructions(arm: Arm) -> str:
    """Return the profile's instructions; empty when there are none."""
    return str(arm.profile.get("instructions") or "")


def laid_out(
    arm: Arm, agent: str, *, rules: str, text: str, sub_agents: str, sub_agent: Callable[[SubAgent], bytes], skills: str
) -> dict[str, bytes]:
    """Return a profile's files where an agent looks for them, by inside path.

    ``text`` goes to the path ``rules``, each sub-agent to ``sub_agents`` with its name for ``{}``, each skill to
    ``<skills>/<name>/SKILL.md``; then the files of the profile's own (``own_files``).
    """
    files = {rules: text.encode()} if text else {}
    files |= {sub_agents.format(one["name"]): sub_agent(one) for one in declared_agents(arm)}
    told = _mapping(arm.profile.get("skills"))
    files |= {f"{skills}/{name}/SKILL.md": str(said).encode() for name, said in told.items()}
    return files | own_files(arm, agent)


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {**base, **over}
    for key in base.keys() & over.keys():
        if isinstance(base[key], Mapping) and isinstance(over[key], Mapping):
            both[key] = _merged(base[key], over[key])
    return both


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
