"""mini-swe-agent, run once per step with its trajectory as evidence. Shapes of version 2.4.6."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import yaml

from assay.agents.base import Launch, Reading, StepRequest
from assay.agents.output import crash_detail
from assay.agents.profile import own_files, system_text, with_own_settings
from assay.agents.prompt import ask
from assay.agents.tool_agent import ToolAgent
from assay.evidence.streams import printed
from assay.records import Dialect, Ended
from assay.sandboxes.base import HOME, ExitRecord

FOLDER = f"{HOME}/.assay/mini"
TRAJECTORIES = ".assay/mini/*.traj.json"
SYSTEM = "You are a helpful assistant that can interact with a computer."
"""Its own system text, before what a profile or a variant adds."""
_FAILED_CALL = re.compile(r"litellm\.(?:exceptions\.)?\w*(?:Error|Exception|Unavailable|Timeout)\b")
_USED_UP = re.compile(r"^Exit:\s+(LimitsExceeded)$", re.MULTILINE)
_END = 400
"""Characters of the last words, where the way it ended stands."""
_DEFAULT_RETRIES = 3
_ENV = {
    "MSWEA_CONFIGURED": "true",
    "MSWEA_COST_TRACKING": "ignore_errors",
    "MSWEA_SILENT_STARTUP": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENAI_API_KEY": "dummy",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class MiniSweAgent(ToolAgent):
    """Settings: ``temperature``, ``top_p``, ``effort``, ``max_turns`` (its step limit), ``retries`` (of failed calls).

    Profile ``instructions`` and a variant's system text are added to its system text. Every step is a conversation of
    its own: it cannot continue one.
    """

    name: ClassVar[str] = "mini-swe-agent"
    dialects: ClassVar[frozenset[Dialect]] = frozenset({Dialect.CHAT})

    def launch(self, request: StepRequest) -> Launch:
        """Everything is in the configuration: a prompt may be too long for an argument."""
        config, output = f"{FOLDER}/{request.step}.yaml", f"{FOLDER}/{request.step}.traj.json"
        retries = request.arm.settings.get("retries", _DEFAULT_RETRIES)
        return Launch(
            argv=(self.tree().command, "-y", "--exit-immediately", "-c", "mini.yaml", "-c", config, "-o", output),
            env=_ENV
            | {
                "OPENAI_API_BASE": f"{request.base_urls.get(Dialect.CHAT, '')}/v1",
                "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": str(retries),
            },
            files={config: yaml.safe_dump(_config(request)).encode()}
            | (own_files(request.arm, self.name) if request.step == 0 else {}),
            collect=(TRAJECTORIES,),
            # A second interrupt ends it at once; the first lets it save.
            grace_s=(2.0, 1.0),
        )

    def read(self, request: StepRequest, output: Path, exit_record: ExitRecord) -> Reading:  # noqa: ARG002 - the seam's signature
        """It ends with the error of its last request, when that was one; used-up turns are ``over_budget``."""
        detail = crash_detail(output, exit_record)
        if detail is None:
            limit = _USED_UP.search("".join(printed(output, fd=1))[-_END:])
            return Reading(Ended.OVER_BUDGET, limit[1]) if limit else Reading()
        said = "".join([*printed(output, fd=1), *printed(output, fd=2)])
        lines = [" ".join(line.split()) for line in said.splitlines()[-40:] if _FAILED_CALL.search(line)]
        return Reading(Ended.PROVIDER_ERROR, lines[-1][:300]) if lines else Reading(Ended.AGENT_CRASH, detail)


def _config(request: StepRequest) -> Mapping[str, Any]:
    arm = request.arm
    named = (("temperature", "temperature"), ("top_p", "top_p"), ("reasoning_effort", "effort"))
    # Parameters that its library does not know for a model are dropped unsaid; those in the body are sent.
    body = {key: arm.settings[setting] for key, setting in named if setting in arm.settings}
    added = system_text(arm)
    agent: dict[str, Any] = {"cost_limit": 0, "step_limit": arm.settings.get("max_turns", 0)}
    if added:
        agent["system_template"] = f"{SYSTEM}\n\n{_as_template(added)}"
    config = {
        "run": {"task": ask(request)},
        "agent": agent,
        "model": {"model_name": f"openai/{arm.model}", "model_kwargs": {"extra_body": body} if body else {}},
    }
    return with_own_settings(config, arm, MiniSweAgent.name)


def _as_template(text: str) -> str:
    """Spell a text so that the template engine gives it back as it is."""
    return text.replace("{", "{{'{'}}")
