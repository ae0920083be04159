"""The command-line agents that Assay knows how to install, at the versions that were tested."""

from __future__ import annotations

from collections.abc import Mapping

from assay.agents.installed import Tool
from assay.errors import InputError
from assay.names import suggestion

_ALL = (
    Tool(
        "claude-code",
        registry="npm",
        package="@anthropic-ai/claude-code",
        version="2.1.197",
        programs=(
            "node_modules/@anthropic-ai/claude-code-*/claude",
            "node_modules/@anthropic-ai/claude-code/bin/claude.exe",
        ),
    ),
    # The launcher would put a node process of 40 MB before the program itself.
    Tool(
        "codex",
        registry="npm",
        package="@openai/codex",
        version="0.169.0",
        programs=("node_modules/@openai/codex-*/vendor/*/bin/codex", "node_modules/.bin/codex"),
    ),
    # Its own installer puts the build that fits the processor at the first of these places.
    Tool(
        "opencode",
        registry="npm",
        package="opencode-ai",
        version="1.18.33",
        programs=("node_modules/opencode-ai/bin/opencode.exe", "node_modules/opencode-*/bin/opencode"),
    ),
    Tool(
        "gemini-cli",
        registry="npm",
        package="@google/gemini-cli",
        version="0.61.0",
        programs=("node_modules/@google/gemini-cli/bundle/gemini.js", "node_modules/.bin/gemini"),
    ),
    Tool("aider", registry="pypi", package="aider-chat", version="0.86.2", programs=("bin/aider",)),
    # litellm asks for mcp at every call, and tries again for ever when it is not there.
    Tool(
        "mini-swe-agent",
        registry="pypi",
        package="mini-swe-agent",
        version="2.4.6",
        programs=("bin/mini",),
        extra=("mcp",),
        check=("--help",),
    ),
)

TOOLS: Mapping[str, Tool] = {tool.name: tool for tool in _ALL}


def asked_tool(asked: str) -> tuple[Tool, str | None]:
    """Read ``NAME[@VERSION]``. Raises ``InputError`` with the nearest name for one that is not known."""
    name, _, version = asked.partition("@")
    if name not in TOOLS:
        raise InputError(f"there is no agent '{name}' to install", remedy=suggestion(name, TOOLS))
    return TOOLS[name], version or None
