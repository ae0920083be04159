"""Readers by agent name; others plug in by the entry point group ``assay.readers``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points

from assay.evidence.sources import aider, claude_code, codex, gemini_cli, mini_swe_agent, opencode
from assay.evidence.sources.base import Reader

GROUP = "assay.readers"

BUILT_IN: Mapping[str, Reader] = {
    "aider": aider,
    "claude-code": claude_code,
    "codex": codex,
    "gemini-cli": gemini_cli,
    "mini-swe-agent": mini_swe_agent,
    "opencode": opencode,
}


def reader(agent: str) -> Reader | None:
    """Return what reads the agent's own evidence (``name`` or ``name@version``); None = the gateway is all there is."""
    name = agent.partition("@")[0]
    if name in BUILT_IN:
        return BUILT_IN[name]
    for point in entry_points(group=GROUP, name=name):
        found: Reader = point.load()
        return found
    return None
