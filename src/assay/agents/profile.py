"""What a profile holds for one agent in that agent's own words: files, and settings merged over ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.agents.prompt import profile_files
from assay.records import Arm
from assay.sandboxes.base import HOME, WORKSPACE


def own_files(arm: Arm, agent: str) -> dict[str, bytes]:
    """Return the profile's files for this agent and for any, by inside path; ``~/`` is the home, else the workspace."""
    native = _mapping(_mapping(arm.profile.get("native")).get(agent))
    return {_inside(str(path)): str(text).encode() for path, text in native.items()} | profile_files(arm)


def with_own_settings(base: Mapping[str, Any], arm: Arm, agent: str) -> dict[str, Any]:
    """Return our settings with the profile's native ones merged in: objects key by key, anything else replaced."""
    return _merged(base, _mapping(_mapping(arm.profile.get("settings")).get(agent)))


def system_text(arm: Arm) -> str:
    """Return the profile's instructions and the variant's system text, for agents with one place for both."""
    texts = (arm.profile.get("instructions"), arm.variant.get("system"))
    return "\n\n".join(str(text).strip() for text in texts if text)


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {**base, **over}
    for key in base.keys() & over.keys():
        if isinstance(base[key], Mapping) and isinstance(over[key], Mapping):
            both[key] = _merged(base[key], over[key])
    return both


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _inside(path: str) -> str:
    return f"{HOME}/{path[2:]}" if path.startswith("~/") else f"{WORKSPACE}/{path}"
