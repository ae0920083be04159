"""Codex's configuration for one attempt: ``config.toml``, role files, ``AGENTS.md``, skills; by inside path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.agents.base import StepRequest
from assay.agents.profile import declared_agents, description, instructions, laid_out, with_own_settings
from assay.agents.toml import toml
from assay.identity import Json
from assay.records import Dialect
from assay.sandboxes.base import HOME

NAME = "codex"
PROVIDER = "assay"
KEY = "ASSAY_DUMMY_KEY"
CODEX_HOME = f"{HOME}/.codex"
CATALOGUE = f"{CODEX_HOME}/models.json"
_ROLES = CODEX_HOME + "/roles/{}.toml"
RETRIES = 1
"""Retries per request unless ``settings.retries`` says otherwise: failures are to be seen, not waited out."""
# Nothing but the task: what looks things up, asks people, or watches is off.
_FEATURES = (
    "plugins",
    "remote_plugin",
    "apps",
    "goals",
    "tool_suggest",
    "shell_snapshot",
    "unbounded_connection_retries",
)


def config_files(request: StepRequest) -> dict[str, bytes]:
    """Return all files of the first step. The workspace gets none, but for those that the profile puts there."""
    arm = request.arm
    files = {f"{CODEX_HOME}/config.toml": toml(with_own_settings(_config(request), arm, NAME)).encode()}
    return files | laid_out(
        arm,
        NAME,
        rules=f"{CODEX_HOME}/AGENTS.md",
        text=instructions(arm),
        sub_agents=_ROLES,
        sub_agent=lambda agent: toml(_role(agent)).encode(),
        skills=f"{CODEX_HOME}/skills",
    )


def _config(request: StepRequest) -> dict[str, Any]:
    arm, agents = request.arm, declared_agents(request.arm)
    retries = int(str(arm.settings.get("retries", RETRIES)))
    return {
        "model": arm.model,
        "model_provider": PROVIDER,
        "model_catalog_json": CATALOGUE,
        "model_reasoning_effort": arm.settings.get("effort"),
        # Beside Codex's own text, as a person would: the text that belongs to the model stays.
        "developer_instructions": arm.variant.get("system") or None,
        "check_for_update_on_startup": False,
        "approval_policy": "never",
        "sandbox_mode": "danger-full-access",
        "web_search": "disabled",
        "model_providers": {
            PROVIDER: {
                "name": PROVIDER,
                "base_url": f"{request.base_urls.get(Dialect.RESPONSES, '')}/v1",
                "env_key": KEY,
                "wire_api": "responses",
                "request_max_retries": retries,
                "stream_max_retries": retries,
                "supports_websockets": False,
            }
        },
        "analytics": {"enabled": False},
        "feedback": {"enabled": False},
        "features": dict.fromkeys(_FEATURES, False),
        # PATH, and so the task's tools, is kept; key and trial are not for commands to see.
        "shell_environment_policy": {
            "inherit": "all",
            "ignore_default_excludes": False,
            "exclude": ["ASSAY_*", "OTEL_*"],
        },
        # Without a declaration there is no tool for sub-agents at all: not even for those that Codex brings.
        "agents": {"enabled": bool(agents)} | {str(agent["name"]): _declared(agent) for agent in agents},
        "otel": _telemetry(request.otlp_url),
    }


def _declared(agent: Mapping[str, Json]) -> Mapping[str, Json]:
    return {"description": description(agent), "config_file": _role_path(agent)}


def _role(agent: Mapping[str, Json]) -> Mapping[str, Json]:
    return {
        "model": agent.get("model"),
        "model_reasoning_effort": agent.get("effort"),
        "developer_instructions": agent.get("prompt") or None,
    }


def _role_path(agent: Mapping[str, Json]) -> str:
    return _ROLES.format(agent["name"])


def _telemetry(url: str | None) -> dict[str, Any]:
    """Logs and metrics; spans are some thousand internal ones a run, and say nothing more."""
    if url is None:
        return {"exporter": "none", "metrics_exporter": "none", "trace_exporter": "none"}
    return {
        "environment": "assay",
        "log_user_prompt": False,
        "exporter": {"otlp-http": {"endpoint": f"{url}/v1/logs", "protocol": "binary"}},
        "metrics_exporter": {"otlp-http": {"endpoint": f"{url}/v1/metrics", "protocol": "binary"}},
        "trace_exporter": "none",
    }
