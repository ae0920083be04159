"""opencode, run once per step with its JSON events on standard output. Shapes of version 1.18."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from assay.agents.base import Launch, Reading, StepRequest
from assay.agents.output import crash_detail
from assay.agents.profile import (
    SubAgent,
    agent_file,
    declared_agents,
    description,
    laid_out,
    system_text,
    with_own_settings,
)
from assay.agents.prompt import ask
from assay.agents.tool_agent import PROMPT, ToolAgent, resource_attributes, with_prompt_as_input
from assay.evidence.sources.opencode import api_error
from assay.identity import Json
from assay.records import Arm, Dialect, Ended
from assay.sandboxes.base import HOME, ExitRecord

PROVIDER = "assay"
CONFIG = f"{HOME}/.config/opencode"
# The packages of providers that are part of the binary: nothing is installed at run time.
_PACKAGES = {Dialect.MESSAGES: "@ai-sdk/anthropic", Dialect.CHAT: "@ai-sdk/openai-compatible"}
_BUILT_IN_AGENTS = ("explore", "general")
# They leave the sandbox.
_WEB = ("webfetch", "websearch")
_CONTEXT, _DUMMY_KEY = 200_000, "dummy"
_QUIET = {
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_SHARE": "1",
    "OPENCODE_DISABLE_CLAUDE_CODE": "1",
    # Else a plug-in is installed in the background at the first start.
    "npm_config_offline": "true",
}


class Opencode(ToolAgent):
    """Settings: ``effort`` (a model variant's name), ``temperature``, ``small_model``, ``max_turns`` (steps).

    Its title request goes to ``small_model``, the arm's own model unless said otherwise. Profile: ``instructions``
    become ``AGENTS.md`` and sub-agents ``agent/<name>.md`` below its configuration folder, so that the workspace stays
    as it was; a variant's system text is a further instruction file.
    """

    name: ClassVar[str] = "opencode"
    dialects: ClassVar[frozenset[Dialect]] = frozenset(_PACKAGES)

    def launch(self, request: StepRequest) -> Launch:
        """Return the command for one step; later steps continue the session."""
        arm = request.arm
        effort = ("--variant", str(arm.settings["effort"])) if "effort" in arm.settings else ()
        again = ("--continue",) if request.step else ()
        options = ("run", "--format", "json", *again, "-m", f"{PROVIDER}/{arm.model}", *effort)
        return Launch(
            argv=with_prompt_as_input(self.tree().command, *options),
            env=_QUIET | _telemetry(request),
            files={PROMPT: ask(request, remembers=True).encode(), **(_files(request) if request.step == 0 else {})},
            collect=(".local/share/opencode/opencode.db*", ".local/share/opencode/log/*"),
            grace_s=(1.0, 1.0),
        )

    def read(self, request: StepRequest, output: Path, exit_record: ExitRecord) -> Reading:  # noqa: ARG002 - the seam's signature
        """An error event of the provider is not the model's failure; nor is it ours to guess what else broke."""
        failure = api_error(output)
        if failure is not None:
            return Reading(Ended.PROVIDER_ERROR if failure.status else Ended.AGENT_CRASH, failure.message)
        detail = crash_detail(output, exit_record)
        return Reading(Ended.AGENT_CRASH, detail) if detail else Reading()


def _telemetry(request: StepRequest) -> dict[str, str]:
    if request.otlp_url is None:
        return {}
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": request.otlp_url,
        "OTEL_RESOURCE_ATTRIBUTES": resource_attributes(request),
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }


def _files(request: StepRequest) -> dict[str, bytes]:
    """The configuration, instruction files and sub-agents."""
    arm = request.arm
    config = with_own_settings(_config(request), arm, Opencode.name)
    files = {f"{CONFIG}/opencode.json": json.dumps(config, indent=1).encode()}
    return files | laid_out(
        arm,
        Opencode.name,
        rules=f"{CONFIG}/AGENTS.md",
        text=system_text(arm),
        sub_agents=CONFIG + "/agent/{}.md",
        sub_agent=partial(_sub_agent, arm),
        skills=f"{CONFIG}/skill",
    )


def _config(request: StepRequest) -> dict[str, Any]:
    arm = request.arm
    dialect = request.dialect or Dialect.CHAT
    limit = {"context": _CONTEXT, "output": request.max_output_tokens}
    models = {
        model: {"name": model, "tool_call": True, "temperature": True, "reasoning": "effort" in arm.settings}
        | {"limit": limit}
        for model in (arm.model, *request.models)
    }
    small = str(arm.settings.get("small_model") or arm.model)
    config: dict[str, Any] = {
        "autoupdate": False,
        "share": "disabled",
        "snapshot": False,
        "provider": {
            PROVIDER: {
                "npm": _PACKAGES[dialect],
                "name": PROVIDER,
                "options": {"baseURL": f"{request.base_urls.get(dialect, '')}/v1", "apiKey": _DUMMY_KEY},
                "models": models,
            }
        },
        "model": f"{PROVIDER}/{arm.model}",
        "small_model": f"{PROVIDER}/{small}",
        "experimental": {"openTelemetry": request.otlp_url is not None},
    }
    build = {
        key: arm.settings[setting]
        for key, setting in (("temperature", "temperature"), ("top_p", "top_p"), ("steps", "max_turns"))
        if setting in arm.settings
    }
    # "Alone" is without its own sub-agents and the tool for them, and beside declared ones they would be undeclared.
    agents = {name: {"disable": True} for name in _BUILT_IN_AGENTS} | ({"build": build} if build else {})
    off = _WEB if declared_agents(arm) else (*_WEB, "task")
    return config | {"agent": agents, "permission": {"*": "allow"} | dict.fromkeys(off, "deny")}


def _sub_agent(arm: Arm, agent: SubAgent) -> bytes:
    front: dict[str, Json] = {
        "description": description(agent),
        "mode": "subagent",
        "model": f"{PROVIDER}/{agent.get('model') or arm.model}",
        "variant": agent.get("effort") or None,
    }
    return agent_file(front, agent)
