"""aider, run once per step with one message; it answers with whole files. Shapes of version 0.86.2."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import yaml

from assay.agents.base import Launch, Reading, StepRequest
from assay.agents.output import crash_detail
from assay.agents.profile import own_files, with_own_settings
from assay.agents.prompt import ask
from assay.agents.tool_agent import ToolAgent
from assay.evidence.sources.aider import failed_call, is_malformed
from assay.records import Arm, Dialect, Ended
from assay.sandboxes.base import HOME, ExitRecord
from assay.suites.base import Task

FOLDER = f"{HOME}/.assay/aider"
CONVENTIONS = f"{FOLDER}/CONVENTIONS.md"
# Else it fetches this list of prices from the internet.
_PRICES = f"{HOME}/.aider/caches/model_prices_and_context_window.json"
_CONTEXT = 200_000
_LARGEST_SHOWN = 64 << 10
_HIDDEN = frozenset({".git", "__pycache__", "node_modules", ".venv"})
_ENV = {
    "OPENAI_API_KEY": "dummy",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "AIDER_ANALYTICS": "false",
    "PYTHONDONTWRITEBYTECODE": "1",
    # Else a browser is offered for its documentation.
    "BROWSER": "true",
}
_SETTINGS: Mapping[str, Any] = {
    "yes-always": True,
    # No effect on the workspace's repository, and none of its own files in the workspace.
    "git": False,
    "gitignore": False,
    "auto-commits": False,
    "input-history-file": f"{FOLDER}/input.history",
    "chat-history-file": f"{FOLDER}/chat.history.md",
    "llm-history-file": f"{FOLDER}/llm.history",
    "check-update": False,
    "analytics-disable": True,
    "show-model-warnings": False,
    "check-model-accepts-settings": False,
    "show-release-notes": False,
    "detect-urls": False,
    "pretty": False,
    "fancy-input": False,
    # Without a stream it prints the provider's token counts, else its own estimates.
    "stream": False,
    "map-tokens": 0,
}


class Aider(ToolAgent):
    """Settings: ``temperature``, ``effort``, ``edit_format`` (default ``whole``).

    In the chat are the starting files that may be written; the others are shown to be read. Profile ``instructions``
    are a conventions file to be read, a variant's system text comes before its own. A step is a conversation of its
    own.
    """

    name: ClassVar[str] = "aider"
    dialects: ClassVar[frozenset[Dialect]] = frozenset({Dialect.CHAT})

    def launch(self, request: StepRequest) -> Launch:
        """The prompt lies in a file; settings in the configuration file, where a profile's own can change them."""
        prompt = f"{FOLDER}/{request.step}.md"
        return Launch(
            argv=(self.tree().command, "--message-file", prompt, *_written(request.task)),
            env=_ENV | {"OPENAI_API_BASE": f"{request.base_urls.get(Dialect.CHAT, '')}/v1"},
            files={prompt: ask(request).encode()} | (_files(request) if request.step == 0 else {}),
            collect=(".assay/aider/*.history*",),
        )

    def read(self, request: StepRequest, output: Path, exit_record: ExitRecord) -> Reading:  # noqa: ARG002 - the seam's signature
        """It ends with 0 whatever happened: a request that failed is known by what it prints."""
        failure = failed_call(output)
        if failure is not None:
            return Reading(Ended.PROVIDER_ERROR, failure)
        detail = crash_detail(output, exit_record)
        if detail:
            return Reading(Ended.AGENT_CRASH, detail)
        return Reading(complaint="format_error" if is_malformed(output) else None)


def _files(request: StepRequest) -> dict[str, bytes]:
    arm = request.arm
    model = f"openai/{arm.model}"
    known = {"max_input_tokens": _CONTEXT, "max_output_tokens": request.max_output_tokens}
    metadata = {model: known | {"litellm_provider": "openai", "mode": "chat"}}
    settings: dict[str, Any] = {
        **_SETTINGS,
        "model": model,
        # Summaries of a long chat are the same model's affair.
        "weak-model": model,
        "edit-format": arm.settings.get("edit_format", "whole"),
        "model-metadata-file": f"{FOLDER}/metadata.json",
    }
    if "effort" in arm.settings:
        settings["reasoning-effort"] = str(arm.settings["effort"])
    read = _only_read(request.task)
    files: dict[str, bytes] = {}
    if arm.profile.get("instructions"):
        read = [CONVENTIONS, *read]
        files[CONVENTIONS] = str(arm.profile["instructions"]).encode()
    if read:
        settings["read"] = read
    own = _model_settings(arm, model)
    if own:
        settings["model-settings-file"] = f"{FOLDER}/model-settings.yml"
        files[f"{FOLDER}/model-settings.yml"] = yaml.safe_dump([own]).encode()
    return {
        **files,
        _PRICES: b"{}",
        f"{FOLDER}/metadata.json": json.dumps(metadata).encode(),
        f"{HOME}/.aider.conf.yml": yaml.safe_dump(with_own_settings(settings, arm, Aider.name)).encode(),
        **own_files(arm, Aider.name),
    }


def _model_settings(arm: Arm, model: str) -> dict[str, Any]:
    """What can only be said of a model as a whole; empty when its own settings hold."""
    said: dict[str, Any] = {}
    if "temperature" in arm.settings:
        said["use_temperature"] = arm.settings["temperature"]
    if arm.variant.get("system"):
        said["system_prompt_prefix"] = str(arm.variant["system"])
    return {"name": model, **said} if said else {}


def _written(task: Task) -> list[str]:
    """The starting files that may be written. One that is not there yet would be made, empty, before it is asked."""
    return [path for path in _shown(task) if _may_write(task, path)]


def _only_read(task: Task) -> list[str]:
    return [path for path in _shown(task) if not _may_write(task, path)]


def _may_write(task: Task, path: str) -> bool:
    return not task.writable or any(PurePosixPath(path).match(glob) for glob in task.writable)


def _shown(task: Task) -> list[str]:
    """Starting files that are text of a size for a prompt."""
    return [path for path, data in sorted(task.start_files().items()) if _is_text(data) and not _hidden(path)]


def _hidden(path: str) -> bool:
    return bool(_HIDDEN & set(PurePosixPath(path).parts))


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except ValueError:
        return False
    return len(data) <= _LARGEST_SHOWN and b"\0" not in data
