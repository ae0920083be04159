"""All models that an arm may name: its own, its sub-agents', and the small one for side requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from assay.documents.base import KeyPath
from assay.errors import ExperimentError
from assay.experiment.endpoints import resolve_model
from assay.experiment.model import Experiment
from assay.experiment.profiles import Profile, SubAgent, skill_text
from assay.identity import Json
from assay.providers import Provider
from assay.records import Arm

SMALL_PROVIDER = "small_model_provider"
"""Setting beside ``small_model`` where its provider is not the arm's own."""


def arm_models(arm: Arm) -> tuple[tuple[str, str], ...]:
    """Return ``(provider, model)`` of every model that the arm may name, its own first, each once."""
    if not arm.model:
        return ()
    named = [(arm.provider, arm.model)]
    named += [(str(one["provider"]), str(one["model"])) for one in declared(arm) if one.get("model")]
    if "small_model" in arm.settings:
        named.append((str(arm.settings.get(SMALL_PROVIDER, arm.provider)), str(arm.settings["small_model"])))
    return tuple(dict.fromkeys(named))


def all_models(arms: Iterable[Arm]) -> tuple[tuple[str, str], ...]:
    """Return ``(provider, model)`` of every model that any of the arms may name, each once."""
    return tuple(dict.fromkeys(named for arm in arms for named in arm_models(arm)))


def declared(arm: Arm) -> tuple[Mapping[str, Any], ...]:
    """Return the sub-agents that an arm's profile declares."""
    agents = arm.profile.get("agents")
    return tuple(one for one in agents if isinstance(one, Mapping)) if isinstance(agents, list | tuple) else ()


def profile_content(
    experiment: Experiment, name: str | None, known: Mapping[str, Provider]
) -> tuple[dict[str, Json], dict[str, str]]:
    """Return what a profile installs, models resolved, and what the file calls its sub-agents' models.

    The second is for people: sub-agent -> the name of its model, and its effort. Raises ``ExperimentError`` for a
    model that nothing defines.
    """
    profile = experiment.profiles.get(name or "", Profile())
    agents: list[Json] = []
    called: dict[str, str] = {}
    for number, one in enumerate(profile.agents):
        path = ("profiles", name or "", "agents", number)
        agents.append(_sub_agent(experiment, one, known, path))
        called[one.name] = " ".join(filter(None, (one.model, one.effort)))
    content: dict[str, Json] = {
        "files": dict(profile.files),
        "instructions": profile.instructions,
        "agents": agents,
        "skills": {skill: skill_text(skill, text) for skill, text in profile.skills.items()},
        "settings": {agent: dict(own) for agent, own in profile.settings.items() if own},
        "native": {agent: dict(files) for agent, files in profile.native.items() if files},
    }
    return {key: value for key, value in content.items() if value}, called


def resolved(experiment: Experiment, model: str, known: Mapping[str, Provider], path: KeyPath) -> tuple[str, str]:
    """Return provider and id of a key of ``models``, or of an id."""
    return resolve_model(experiment.models.get(model, model), known, where=experiment.place(*path))


def with_small_model(
    experiment: Experiment, settings: Mapping[str, Json], provider: str, known: Mapping[str, Provider]
) -> dict[str, Json]:
    """Resolve ``small_model``: the id stays in the settings, its provider too where it is another one."""
    if "small_model" not in settings:
        return dict(settings)
    name, model = resolved(experiment, str(settings["small_model"]), known, ("settings", "small_model"))
    return {**settings, "small_model": model, **({SMALL_PROVIDER: name} if name != provider else {})}


def check_models(experiment: Experiment, arm: Arm, known: Mapping[str, Provider], path: KeyPath) -> None:
    """Raise ``ExperimentError`` when one id means two providers, or real models stand beside simulated ones."""
    owners: dict[str, str] = {}
    for name, model in arm_models(arm):
        if owners.setdefault(model, name) != name:
            raise ExperimentError(
                f"an arm names the model '{model}' at provider '{owners[model]}' and at provider '{name}': "
                "its agent says the id only",
                where=experiment.place(*path),
                remedy="Use one provider for both",
            )
        if known[name].simulated != known[arm.provider].simulated:
            raise ExperimentError(
                f"an arm with '{arm.provider}/{arm.model}' names '{name}/{model}': one of them is simulated",
                where=experiment.place(*path),
                remedy="Simulated and real models do not work together",
            )


def _sub_agent(experiment: Experiment, one: SubAgent, known: Mapping[str, Provider], path: KeyPath) -> dict[str, Json]:
    content: dict[str, Json] = {"name": one.name, "description": one.description, "prompt": one.prompt}
    if one.model:
        provider, model = resolved(experiment, one.model, known, (*path, "model"))
        content |= {"model": model, "provider": provider}
    if one.effort:
        content["effort"] = one.effort
    return content | ({"tools": list(one.tools)} if one.tools else {})
