"""Protocols by agent name."""

from __future__ import annotations

from collections.abc import Mapping

from assay.lab.driving.aider import AiderWords
from assay.lab.driving.base import ToolProtocol
from assay.lab.driving.claude_code import ClaudeCodeTools
from assay.lab.driving.codex import CodexTools
from assay.lab.driving.gemini_cli import GeminiCliTools
from assay.lab.driving.mini_swe_agent import MiniSweAgentTools
from assay.lab.driving.opencode import OpencodeTools

PROTOCOLS: Mapping[str, ToolProtocol] = {
    "aider": AiderWords(),
    "claude-code": ClaudeCodeTools(),
    "codex": CodexTools(),
    "gemini-cli": GeminiCliTools(),
    "mini-swe-agent": MiniSweAgentTools(),
    "opencode": OpencodeTools(),
}


def protocol(agent: str | None) -> ToolProtocol | None:
    """Return how ``agent`` (``name`` or ``name@version``) is driven; None = as a plain model, without tools."""
    return PROTOCOLS.get((agent or "").partition("@")[0])
