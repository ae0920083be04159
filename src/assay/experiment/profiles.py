"""What an arm's agent is given beside the task: instruction files, sub-agents, skills, settings in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from assay.experiment.fields import Model, Texts, as_tuple

WORD = r"^[a-z][a-z0-9-]{0,63}$"
Word = Annotated[str, Field(pattern=WORD)]


def _inside(paths: Mapping[str, str]) -> Mapping[str, str]:
    for path in paths:
        pure = PurePosixPath(path.removeprefix("~/"))
        if pure.is_absolute() or ".." in pure.parts or not pure.parts:
            raise PydanticCustomError(
                "profile_path", "'{path}' must lie in the workspace, or in the home as '~/...'", {"path": path}
            )
    return paths


Files = Annotated[Mapping[str, str], AfterValidator(_inside)]


class SubAgent(Model):
    """A helper that an agent may hand work to, declared once for every agent's own format."""

    name: Word
    description: str = Field(min_length=1)
    """When it is to be asked: all that the main agent knows of it."""
    model: str | None = None
    """A key of ``models``, or provider/model; the arm's own model without it."""
    effort: str | None = None
    """Reasoning effort, in the provider's words."""
    prompt: str = ""
    """Its system text."""
    tools: Texts = ()
    """In the agent's own words; all without it."""


def _apart(agents: tuple[SubAgent, ...]) -> tuple[SubAgent, ...]:
    names = [agent.name for agent in agents]
    for name in names:
        if names.count(name) > 1:
            raise PydanticCustomError("sub_agents", "declares the sub-agent '{name}' twice", {"name": name})
    return agents


class Profile(Model):
    """What is installed for the agent before it starts."""

    files: Annotated[Mapping[str, str], AfterValidator(_inside)] = {}
    """Path in the workspace (``~/`` = the home) -> text, for any agent."""
    instructions: str = ""
    """What each agent reads as its project's rules: CLAUDE.md, AGENTS.md, GEMINI.md, ..."""
    agents: Annotated[
        tuple[SubAgent, ...],
        BeforeValidator(as_tuple, json_schema_input_type=SubAgent | list[SubAgent]),
        AfterValidator(_apart),
    ] = ()
    """Sub-agents."""
    skills: Mapping[Word, str] = {}
    """Name -> text of the skill; without front matter its first line describes it."""
    settings: Mapping[str, Mapping[str, Any]] = {}
    """By agent: settings in its own words, merged over ours."""
    native: Mapping[str, Files] = {}
    """By agent: files in its own format, path -> text."""


def skill_text(name: str, text: str) -> str:
    """Return a skill's file: with the front matter that agents look for, made from the first line if need be."""
    if text.startswith("---\n"):
        return text
    first = next((line.lstrip("# ").strip() for line in text.splitlines() if line.strip()), name)
    quoted = first.replace("\\", "\\\\").replace('"', '\\"')
    return f'---\nname: {name}\ndescription: "{quoted}"\n---\n\n{text}'
