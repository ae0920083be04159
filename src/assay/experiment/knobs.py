"""Which agent reads which knob: one that would be ignored unsaid is refused, so that no arm claims what it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assay.experiment.labels import OWNERS
from assay.identity import Json
from assay.records import Arm, Dialect

GENERAL = frozenset(
    {"temperature", "top_p", "effort", "thinking_tokens", "retries", "max_turns", "tools", "small_model"}
)
"""Knobs that some agents have and others lack."""

_HAS: Mapping[str, frozenset[str]] = {
    "api": frozenset({"temperature", "top_p", "effort", "thinking_tokens", "retries"}),
    "claude-code": frozenset({"effort", "thinking_tokens", "retries", "max_turns", "tools"}),
    "codex": frozenset({"effort", "retries"}),
    "opencode": frozenset({"temperature", "top_p", "effort", "max_turns", "small_model"}),
    "gemini-cli": frozenset({"temperature", "top_p", "effort", "thinking_tokens", "max_turns", "small_model"}),
    "aider": frozenset({"temperature", "effort"}),
    "mini-swe-agent": frozenset({"temperature", "top_p", "effort", "retries", "max_turns"}),
}
_ALONE = frozenset({"api", "aider", "mini-swe-agent"})
"""Agents that have no sub-agents."""


def own_settings(agent: str, settings: Mapping[str, Json]) -> dict[str, Json]:
    """Leave out the knobs that another agent alone reads."""
    return {key: value for key, value in settings.items() if OWNERS.get(key, agent) == agent}


def not_read(arm: Arm) -> Iterator[str]:
    """Yield the knobs of an arm that its agent is known to ignore; an agent that nobody knows may read all."""
    has = _HAS.get(arm.agent)
    if has is not None:
        yield from (key for key in arm.settings if key in GENERAL and key not in has)


def not_sent(arm: Arm, dialect: Dialect | None) -> Iterator[str]:
    """Yield the knobs that an agent has, and leaves out unsaid beside another one in this dialect.

    opencode's library drops what chooses words where a Messages request asks for thinking.
    """
    if arm.agent == "opencode" and dialect is Dialect.MESSAGES and "effort" in arm.settings:
        yield from (key for key in ("temperature", "top_p") if key in arm.settings)


def works_alone(agent: str) -> bool:
    """True for an agent that can hand no work to others."""
    return agent in _ALONE
