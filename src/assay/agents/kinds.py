"""Agents by name: built in, plugged in (entry points ``assay.agents``), or by dotted path ``module:Class``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from assay.agents.aider import Aider
from assay.agents.anchors import Empty, Nop, Oracle
from assay.agents.api import ApiAgent
from assay.agents.base import Agent
from assay.agents.claude_code import ClaudeCode
from assay.agents.codex import Codex
from assay.agents.command import CommandAgent
from assay.agents.gemini_cli import GeminiCli
from assay.agents.mini_swe_agent import MiniSweAgent
from assay.agents.opencode import Opencode
from assay.errors import InputError, MachineError
from assay.names import suggestion
from assay.records import Dialect

GROUP = "assay.agents"

TOOL_AGENTS: Mapping[str, Callable[[str | None], Agent]] = {
    "claude-code": ClaudeCode,
    "codex": Codex,
    "aider": Aider,
    "gemini-cli": GeminiCli,
    "mini-swe-agent": MiniSweAgent,
    "opencode": Opencode,
}
"""Command-line agents from a tool tree (``agents.catalogue``), made with a version; None = the tested one."""

BUILT_IN: Mapping[str, Callable[[], Agent]] = {
    **{kind.name: kind for kind in (ApiAgent, CommandAgent, Oracle, Nop, Empty)},
    **{name: partial(kind, None) for name, kind in TOOL_AGENTS.items()},
}


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """What an experiment must know of an agent. ``version`` is None, with the ``problem``, when it is not installed."""

    name: str
    dialects: frozenset[Dialect]
    version: str | None
    problem: str | None = None


def agent(name: str) -> Agent:
    """Return a new agent; ``name@version`` picks the version of a command-line agent.

    Raises ``InputError`` with the nearest name, or with why a plug-in did not load.
    """
    plain, _, version = name.partition("@")
    if version and plain in TOOL_AGENTS:
        return TOOL_AGENTS[plain](version)
    if name in BUILT_IN:
        return BUILT_IN[name]()
    for point in entry_points(group=GROUP, name=name):
        return _make(name, point.load)
    if ":" in name:
        return _make(name, lambda: _by_path(name))
    raise InputError(f"agent '{name}' is not known", remedy=suggestion(name, agent_names()))


def agent_names() -> tuple[str, ...]:
    """Names of all agents that are built in or plugged in, sorted."""
    return tuple(sorted({*BUILT_IN, *(point.name for point in entry_points(group=GROUP))}))


def agent_info(name: str) -> AgentInfo:
    """Describe one agent; a missing program is a ``problem``, not an error."""
    found = agent(name)
    try:
        return AgentInfo(name, frozenset(found.dialects), found.version())
    except MachineError as error:
        return AgentInfo(name, frozenset(found.dialects), None, str(error))


def agent_infos() -> dict[str, AgentInfo]:
    """Describe all agents that are built in or plugged in, by name."""
    return {name: agent_info(name) for name in agent_names()}


def _make(name: str, load: Callable[[], object]) -> Agent:
    try:
        kind = load()
        made = kind() if callable(kind) else kind
    except Exception as error:  # a plug-in may raise anything at import
        raise InputError(f"agent '{name}' did not load: {type(error).__name__}: {error}") from error
    missing = [part for part in ("name", "dialects", "version", "mounts", "launch", "read") if not hasattr(made, part)]
    if missing:
        raise InputError(f"'{name}' is not an agent: it has no {', '.join(missing)}")
    return cast("Agent", made)


def _by_path(name: str) -> object:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)
