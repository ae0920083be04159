"""What varies between arms, and the shortest label that tells them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assay.identity import Json, content_id
from assay.records import Arm

SEPARATOR = " / "

# Agents that take no model and read no prompt, whatever the matrix says. They are the scale's fixed points, not rivals.
ANCHORS = frozenset({"oracle", "nop", "empty"})

# Knobs that one agent alone reads: they are no part of another agent's arm.
OWNERS: Mapping[str, str] = {
    **dict.fromkeys(("command", "env", "mounts"), "command"),
    **dict.fromkeys(("answer_format", "stream", "max_tokens_parameter"), "api"),
    "built_in_agents": "claude-code",
    "template": "codex",
    "edit_format": "aider",
}

# Among an arm's names: its profile's sub-agents with what the file calls their models.
HELPERS = "sub_agents"

# What changes of itself when a factor does: choosing a model chooses its provider, choosing an agent its own knobs.
FOLLOWERS: Mapping[str, frozenset[str]] = {
    "model": frozenset({"provider"}),
    "agent": frozenset(OWNERS),
    "small_model": frozenset({"small_model_provider"}),
}


def factor_values(arms: Sequence[Arm]) -> dict[str, tuple[str, ...]]:
    """Return every factor with its distinct values in order of appearance, told apart by content.

    Keys: ``agent``, ``model``, ``provider``, ``variant``, ``profile``, and each setting that any arm has. An arm
    without a setting has the value ``default``. Variants of one name but different text are different values.
    """
    settings = dict.fromkeys(key for arm in arms for key in arm.settings)
    factors: dict[str, dict[str, str]] = {}
    for arm in arms:
        for key, (content, name) in {**_parts(arm), **_knobs(arm, settings)}.items():
            factors.setdefault(key, {}).setdefault(content_id("value", content), name)
    return {key: tuple(values.values()) for key, values in factors.items()}


def labelled(arms: Sequence[Arm]) -> tuple[Arm, ...]:
    """Return the arms with labels made of what varies; an anchor, or one arm alone, is called by its agent or model."""
    rivals = [arm for arm in arms if arm.agent not in ANCHORS]
    varying = {key for key, values in factor_values(rivals).items() if len(values) > 1} - {
        "provider",
        "small_model_provider",
    }
    varying = {key for key in varying if key not in OWNERS or _varies_within(rivals, key)}
    short = _short_models(arms)
    texts = [_text(arm, varying, short) for arm in arms]
    counts = Counter(texts)
    return tuple(
        replace(arm, label=text if counts[text] == 1 else f"{text} [{arm.id[:4]}]")
        for arm, text in zip(arms, texts, strict=True)
    )


def _varies_within(arms: Sequence[Arm], knob: str) -> bool:
    """True when one agent's arms differ in a knob: else the agent's name says it already."""
    own = {content_id("value", arm.settings.get(knob)) for arm in arms if arm.agent == OWNERS[knob]}
    return len(own) > 1


def _parts(arm: Arm) -> dict[str, tuple[Json, str]]:
    return {
        "agent": ([arm.agent, arm.agent_version], _agent(arm)),
        "model": ([arm.provider, arm.model], arm.names.get("model", arm.model) or "none"),
        "provider": (arm.provider, arm.provider or "none"),
        "variant": (arm.variant, arm.names.get("variant", "none")),
        "profile": (arm.profile, _profile(arm)),
    }


def _agent(arm: Arm) -> str:
    """An agent's name as the file has it: with a version where one was asked for."""
    return arm.names.get("agent", arm.agent)


def _profile(arm: Arm) -> str:
    """A profile's name, and the sub-agents that it registers."""
    name = arm.names.get("profile", "none")
    return f"{name} ({arm.names[HELPERS]})" if HELPERS in arm.names else name


def _knobs(arm: Arm, settings: Mapping[str, None]) -> dict[str, tuple[Json, str]]:
    return {key: (arm.settings.get(key), _plain(arm.settings.get(key, "default"))) for key in settings}


def _short_models(arms: Sequence[Arm]) -> dict[str, str]:
    """``lab/swift`` -> ``swift`` where no other model ends so."""
    names = {arm.names["model"] for arm in arms if "model" in arm.names}
    ends = Counter(name.rpartition("/")[2] for name in names)
    return {name: end if ends[end := name.rpartition("/")[2]] == 1 else name for name in names}


def _text(arm: Arm, varying: set[str], short: Mapping[str, str]) -> str:
    if arm.agent in ANCHORS:
        return arm.agent
    model = short.get(arm.names.get("model", ""), arm.model)
    parts = []
    if "model" in varying and model:
        parts.append(model)
    if "agent" in varying:
        parts.append(_agent(arm))
    parts += [arm.names[key] for key in ("variant", "profile") if key in varying and key in arm.names]
    parts += [f"{key}={_plain(arm.settings[key])}" for key in arm.settings if key in varying]
    return SEPARATOR.join(parts) or model or arm.agent


def _plain(value: Json) -> str:
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return "+".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
