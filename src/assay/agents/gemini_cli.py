"""gemini-cli, run once per step with its JSON events on standard output. Shapes of version 0.61.0."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from assay.agents.base import Launch, Reading, StepRequest
from assay.agents.output import crash_detail
from assay.agents.profile import SubAgent, agent_file, description, laid_out, system_text, with_own_settings
from assay.agents.prompt import ask
from assay.agents.tool_agent import PROMPT, ToolAgent, resource_attributes, with_prompt_as_input
from assay.evidence.sources.gemini_cli import ending
from assay.identity import Json
from assay.records import Arm, Dialect, Ended
from assay.sandboxes.base import HOME, ExitRecord

CONFIG = f"{HOME}/.gemini"
# A search runs at the provider, round the sandbox; a fetch asks the provider to fetch.
_WEB = ("google_web_search", "web_fetch")
_BUILT_IN_AGENTS = ("codebase_investigator", "cli_help", "generalist", "browser_agent")
_BUILT_IN_SKILLS = ("skill-creator", "antigravity-support")
# Names under which it asks on its own behalf: all would go to models that the arm does not name.
_SIDE = (
    "classifier",
    "prompt-completion",
    "fast-ack-helper",
    "edit-corrector",
    "summarizer-default",
    "summarizer-shell",
    "loop-detection",
    "loop-detection-double-check",
    "llm-edit-fixer",
    "next-speaker-checker",
    "context-snapshotter",
    "chat-compression-3-pro",
    "chat-compression-3-flash",
    "chat-compression-3.1-flash-lite",
    "chat-compression-2.5-pro",
    "chat-compression-2.5-flash",
    "chat-compression-2.5-flash-lite",
    "chat-compression-default",
    "agent-history-provider-summarizer",
)
_QUIET = {
    "GEMINI_API_KEY": "dummy",
    # Else it starts itself again with more memory, and the signals go to the wrong one.
    "GEMINI_CLI_NO_RELAUNCH": "true",
    "NO_COLOR": "1",
}


class GeminiCli(ToolAgent):
    """Settings: ``temperature top_p effort thinking_tokens max_turns small_model``; the effort is a thinking level.

    What it asks on its own behalf goes to ``small_model``, the arm's own model unless said otherwise. Profile
    ``instructions`` and a variant's system text become its ``GEMINI.md``, sub-agents ``agents/<name>.md``; its built-in
    sub-agents and skills are switched off. Later steps go on with the session.
    """

    name: ClassVar[str] = "gemini-cli"
    dialects: ClassVar[frozenset[Dialect]] = frozenset({Dialect.GEMINI})

    def launch(self, request: StepRequest) -> Launch:
        """Return the command for one step; the prompt comes on standard input."""
        tree = self.tree()
        # In the tree where sandboxes would not see this machine's.
        node = f"{tree.inside}/bin/node" if (tree.host / "bin" / "node").exists() else "node"
        flags = ["-y", "--skip-trust", "-o", "stream-json", "-m", request.arm.model]
        if request.session:
            flags += ["--resume" if request.step else "--session-id", request.session]
        prompt = ask(request, remembers=bool(request.session))
        return Launch(
            argv=with_prompt_as_input(node, tree.command, *flags),
            env=_QUIET
            | {
                "GOOGLE_GEMINI_BASE_URL": request.base_urls.get(Dialect.GEMINI, ""),
                "OTEL_RESOURCE_ATTRIBUTES": resource_attributes(request),
            },
            files={PROMPT: prompt.encode()} | (_files(request) if request.step == 0 else {}),
            collect=(".gemini/tmp/**/chats/**",),
            grace_s=(2.0, 1.0),
        )

    def read(self, request: StepRequest, output: Path, exit_record: ExitRecord) -> Reading:  # noqa: ARG002 - the seam's signature
        """Its result says what went wrong; an error of the provider is not the model's failure.

        Turns that are used up end as ``over_budget``: the arm set them.
        """
        end = ending(output)
        if end.is_limit:
            return Reading(Ended.OVER_BUDGET, end.error)
        if end.error is not None:
            return Reading(Ended.PROVIDER_ERROR if end.is_api else Ended.AGENT_CRASH, end.error)
        detail = crash_detail(output, exit_record)
        return Reading(Ended.AGENT_CRASH, detail) if detail else Reading()


def _files(request: StepRequest) -> dict[str, bytes]:
    arm = request.arm
    settings = with_own_settings(_settings(request), arm, GeminiCli.name)
    files = {f"{CONFIG}/settings.json": json.dumps(settings, indent=1).encode()}
    return files | laid_out(
        arm,
        GeminiCli.name,
        rules=f"{CONFIG}/GEMINI.md",
        text=system_text(arm),
        sub_agents=CONFIG + "/agents/{}.md",
        sub_agent=partial(_sub_agent, arm),
        skills=f"{CONFIG}/skills",
    )


def _settings(request: StepRequest) -> dict[str, Any]:
    arm = request.arm
    small = str(arm.settings.get("small_model") or arm.model)
    overrides: list[dict[str, Any]] = [{"match": {"model": name}, "modelConfig": {"model": small}} for name in _SIDE]
    generation = _generation(arm)
    if generation:
        overrides.append({"match": {"model": arm.model}, "modelConfig": {"generateContentConfig": generation}})
    return {
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
        "privacy": {"usageStatisticsEnabled": False},
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "advanced": {"autoConfigureMemory": False},
        "model": {"name": arm.model}
        | ({"maxSessionTurns": arm.settings["max_turns"]} if "max_turns" in arm.settings else {}),
        "modelConfigs": {"customOverrides": overrides},
        "tools": {"exclude": list(_WEB)},
        "agents": {"overrides": {name: {"enabled": False} for name in _BUILT_IN_AGENTS}},
        "skills": {"enabled": bool(arm.profile.get("skills")), "disabled": list(_BUILT_IN_SKILLS)},
        "telemetry": {
            "enabled": request.otlp_url is not None,
            "target": "local",
            "otlpEndpoint": request.otlp_url or "",
            "otlpProtocol": "http",
            "logPrompts": False,
        },
    }


def _generation(arm: Arm) -> dict[str, Any]:
    """The arm's own settings in the provider's words."""
    named = (("temperature", "temperature"), ("topP", "top_p"))
    found: dict[str, Any] = {key: arm.settings[setting] for key, setting in named if setting in arm.settings}
    thinking: dict[str, Any] = {}
    if "effort" in arm.settings:
        thinking["thinkingLevel"] = str(arm.settings["effort"]).upper()
    if "thinking_tokens" in arm.settings:
        thinking["thinkingBudget"] = arm.settings["thinking_tokens"]
    return found | ({"thinkingConfig": thinking} if thinking else {})


def _sub_agent(arm: Arm, agent: SubAgent) -> bytes:
    front: dict[str, Json] = {
        "name": agent["name"],
        "description": description(agent),
        "kind": "local",
        "model": agent.get("model") or arm.model,
        "tools": agent.get("tools") or None,
    }
    return agent_file(front, agent)
