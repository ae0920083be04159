"""Claude Code, run once per step with its JSON events on standard output. Shapes of version 2.1.197."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from assay.agents.base import Launch, Reading, StepRequest
from assay.agents.output import crash_detail
from assay.agents.profile import agent_file, declared_agents, description, instructions, laid_out, with_own_settings
from assay.agents.prompt import ask
from assay.agents.tool_agent import PROMPT, ToolAgent, resource_attributes, with_prompt_as_input
from assay.errors import InputError
from assay.evidence.sources.claude_code_stream import Ending, ending
from assay.identity import Json
from assay.records import Arm, Dialect, Ended
from assay.sandboxes.base import HOME, Exit, ExitRecord

CONFIG = f"{HOME}/.claude"
SYSTEM = f"{HOME}/.assay/system.md"
DEFAULT_TOOLS = ("Bash", "Edit", "Glob", "Grep", "Read", "Write")
"""What every arm has. ``Task`` comes with declared sub-agents, ``Skill`` with declared skills.

Never ``WebSearch`` (it runs at the provider, round the sandbox) and ``WebFetch`` (it asks its vendor).
"""
_WEB = frozenset({"WebSearch", "WebFetch"})
_DUMMY_KEY = "dummy"
_QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "CLAUDE_CODE_DISABLE_BUNDLED_SKILLS": "1",
    # As uid 0 it refuses to skip permissions without this.
    "IS_SANDBOX": "1",
}
_TELEMETRY = {
    "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
    "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA": "1",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_LOGS_EXPORTER": "otlp",
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    # Short, so that a kill without grace loses little.
    "OTEL_METRIC_EXPORT_INTERVAL": "1000",
    "OTEL_LOGS_EXPORT_INTERVAL": "500",
    "OTEL_TRACES_EXPORT_INTERVAL": "500",
    "OTEL_LOG_TOOL_DETAILS": "1",
    "OTEL_METRICS_INCLUDE_VERSION": "true",
    "OTEL_METRICS_INCLUDE_ENTRYPOINT": "true",
}


class ClaudeCode(ToolAgent):
    """Settings: ``tools`` (a list, in place of ``DEFAULT_TOOLS``), ``effort``, ``max_turns``, ``retries``,
    ``built_in_agents`` (true = Claude Code's own sub-agents are registered too), ``thinking_tokens``.

    It has no temperature. Profile and system text: ``instructions`` become ``CLAUDE.md``, sub-agents ``agents/*.md``,
    skills ``skills/*/SKILL.md`` below its folder in HOME, so that the workspace stays as it was; a variant's system
    text is appended to its own.
    """  # noqa: D205 - a list of settings is one sentence

    name: ClassVar[str] = "claude-code"
    dialects: ClassVar[frozenset[Dialect]] = frozenset({Dialect.MESSAGES})

    def launch(self, request: StepRequest) -> Launch:
        """Return the command for one step; later steps resume the session."""
        return Launch(
            argv=with_prompt_as_input(self.tree().command, *_options(request)),
            env=_QUIET | _model(request) | _telemetry(request),
            files=_prompt_files(request) | (profile(request.arm) if request.step == 0 else {}),
            collect=(".claude/projects/**",),
            grace_s=(5.0, 5.0),
        )

    def read(self, request: StepRequest, output: Path, exit_record: ExitRecord) -> Reading:  # noqa: ARG002 - the seam's signature
        """Its result event speaks first: an error of the provider is not the model's failure.

        Turns or money that are used up end as ``over_budget``: the arm set them.
        """
        end = ending(output)
        by_its_word = _by_its_word(end)
        if by_its_word is not None:
            return Reading(by_its_word, end.detail, facts=end.facts)
        if exit_record.reason not in {Exit.EXITED, Exit.SIGNALLED}:
            return Reading(detail=end.detail, facts=end.facts)
        if end.failed or not end.is_result:
            return Reading(Ended.AGENT_CRASH, _crash(end, output, exit_record), facts=end.facts)
        return Reading(facts=end.facts)


def _by_its_word(end: Ending) -> Ended | None:
    if end.is_limit:
        return Ended.OVER_BUDGET
    if end.is_refusal:
        return Ended.REFUSED
    if end.is_api_error:
        return Ended.PROVIDER_ERROR
    return Ended.ASKED if end.asks else None


def profile(arm: Arm) -> dict[str, bytes]:
    """Return the files that configure it, by inside path."""
    settings = with_own_settings({}, arm, ClaudeCode.name)
    written = {f"{CONFIG}/settings.json": json.dumps(settings, indent=1, sort_keys=True).encode()} if settings else {}
    return written | laid_out(
        arm,
        ClaudeCode.name,
        rules=f"{CONFIG}/CLAUDE.md",
        text=instructions(arm),
        sub_agents=CONFIG + "/agents/{}.md",
        sub_agent=sub_agent,
        skills=f"{CONFIG}/skills",
    )


def sub_agent(agent: Mapping[str, Json]) -> bytes:
    """Return a sub-agent's file."""
    front: dict[str, Json] = {
        "name": agent["name"],
        "description": description(agent),
        "model": agent.get("model") or "inherit",
        "tools": ", ".join(_words(agent.get("tools"))) or None,
        "effort": agent.get("effort") or None,
    }
    return agent_file(front, agent)


def tools(arm: Arm) -> tuple[str, ...]:
    """Return the tools that an arm's agent is given, sorted. Raises ``InputError`` for a tool that leaves the box."""
    chosen = set(_words(arm.settings.get("tools"))) or set(DEFAULT_TOOLS)
    if chosen & _WEB:
        raise InputError(
            f"the agent claude-code cannot have {' and '.join(sorted(chosen & _WEB))}",
            remedy="Take it out of settings.tools: it reaches the network round the sandbox",
        )
    if declared_agents(arm) or arm.settings.get("built_in_agents"):
        chosen.add("Task")
    if arm.profile.get("skills"):
        chosen.add("Skill")
    return tuple(sorted(chosen))


def _options(request: StepRequest) -> tuple[str, ...]:
    arm = request.arm
    session = ["--resume" if request.step else "--session-id", request.session]
    if not request.session:
        session = ["--continue"] if request.step else []
    options = [
        "-p", "--output-format", "stream-json", "--verbose", "--model", arm.model, *session,
        "--dangerously-skip-permissions", "--strict-mcp-config", "--tools", ",".join(tools(arm)),
    ]  # fmt: skip
    if not arm.profile.get("skills"):
        options.append("--disable-slash-commands")
    if arm.variant.get("system"):
        options += ["--append-system-prompt-file", SYSTEM]
    for option, setting in (("--effort", "effort"), ("--max-turns", "max_turns")):
        if arm.settings.get(setting) is not None:
            options += [option, str(arm.settings[setting])]
    return tuple(options)


def _model(request: StepRequest) -> dict[str, str]:
    settings = request.arm.settings
    env = {
        "ANTHROPIC_BASE_URL": request.base_urls.get(Dialect.MESSAGES, ""),
        "ANTHROPIC_API_KEY": _DUMMY_KEY,
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS": str(request.max_output_tokens),
    }
    for name, setting in (("CLAUDE_CODE_MAX_RETRIES", "retries"), ("MAX_THINKING_TOKENS", "thinking_tokens")):
        if settings.get(setting) is not None:
            env[name] = str(settings[setting])
    if settings.get("thinking_tokens") is not None:
        # Else models that have both ways choose for themselves, and the number is ignored unsaid.
        env["CLAUDE_CODE_DISABLE_ADAPTIVE_THINKING"] = "1"
    if not settings.get("built_in_agents"):
        env["CLAUDE_AGENT_SDK_DISABLE_BUILTIN_AGENTS"] = "1"
    return env


def _telemetry(request: StepRequest) -> dict[str, str]:
    if request.otlp_url is None:
        return {}
    named = {"OTEL_RESOURCE_ATTRIBUTES": resource_attributes(request)}
    return _TELEMETRY | {"OTEL_EXPORTER_OTLP_ENDPOINT": request.otlp_url} | named


def _prompt_files(request: StepRequest) -> dict[str, bytes]:
    files = {PROMPT: ask(request, remembers=True).encode()}
    system = request.arm.variant.get("system")
    return files | ({SYSTEM: str(system).encode()} if system else {})


def _crash(end: Ending, output: Path, exit_record: ExitRecord) -> str:
    said = end.detail or end.last_words
    how = crash_detail(output, exit_record) or "the agent ended without a result"
    return f"{how}: {said}" if said and said not in how else how


def _words(value: Any) -> Sequence[str]:
    """Return the names of a list, or of a text with commas."""
    listed = re.split(r"[,\s]+", value) if isinstance(value, str) else value
    return [str(word) for word in listed if word] if isinstance(listed, Sequence) else []
