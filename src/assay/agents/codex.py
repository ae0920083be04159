"""OpenAI's Codex, run once per step with its JSON events on standard output. Shapes of version 0.169."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from assay.agents.api import INSIDE, PROGRAMS, interpreter
from assay.agents.base import Launch, Reading, StepRequest
from assay.agents.codex_config import CATALOGUE, CODEX_HOME, KEY, NAME, config_files
from assay.agents.output import crash_detail
from assay.agents.profile import declared_agents
from assay.agents.prompt import ask
from assay.agents.tool_agent import ToolAgent, resource_attributes
from assay.evidence.sources.codex_stream import failure
from assay.evidence.streams import printed
from assay.records import Arm, Dialect, Ended
from assay.sandboxes.base import Exit, ExitRecord, Mount

TEMPLATE = "gpt-5.5"
"""Whose entry of the catalogue a model takes over that Codex does not know."""


class Codex(ToolAgent):
    """Settings: ``effort``, ``retries`` (per request; 1), ``template`` (the known model whose tools others get).

    A variant's system text becomes ``developer_instructions``; profile ``instructions`` become ``AGENTS.md`` and
    sub-agents roles in ``CODEX_HOME``, so that the workspace stays as it was. A sub-agent's list of tools is not
    Codex's to keep: it has no such setting. Its own sandbox and approvals are off: ours is the sandbox.
    """

    name: ClassVar[str] = NAME
    dialects: ClassVar[frozenset[Dialect]] = frozenset({Dialect.RESPONSES})

    def mounts(self, arm: Arm) -> Sequence[Mount]:
        """Its own files, and the start program."""
        return (*super().mounts(arm), Mount(INSIDE, PROGRAMS))

    def launch(self, request: StepRequest) -> Launch:
        """Return the command for one step; later steps resume the session."""
        program = self.tree().command
        again = ("resume", "--last") if request.step else ()
        codex = (program, "exec", *again, "--json", "--skip-git-repo-check")
        unhindered = "--dangerously-bypass-approvals-and-sandbox"
        template = str(request.arm.settings.get("template", TEMPLATE))
        start = (interpreter(request.task), "-I", "-S", "-B", f"{PROGRAMS}/codex_start.py")
        return Launch(
            argv=(
                *start,
                program,
                CATALOGUE,
                template,
                *_models(request),
                "--",
                *codex,
                unhindered,
                "--",
                ask(request),
            ),
            env=_env(request),
            files=config_files(request) if request.step == 0 else {},
            collect=(".codex/sessions/**",),
            grace_s=(2.0, 0.5),
        )

    def read(self, request: StepRequest, output: Path, exit_record: ExitRecord) -> Reading:  # noqa: ARG002 - the seam's signature
        """A turn that failed at the provider is the provider's; what else Codex says is its own crash."""
        if exit_record.reason not in {Exit.EXITED, Exit.SIGNALLED}:
            return Reading()
        failed = failure(output)
        if failed is not None:
            return Reading(Ended.PROVIDER_ERROR if failed.kind == "api" else Ended.AGENT_CRASH, failed.message)
        detail = crash_detail(output, exit_record)
        return Reading(Ended.AGENT_CRASH, _complaint(output) or detail) if detail else Reading()


def _complaint(output: Path) -> str | None:
    """What it says of its configuration takes several lines."""
    said = " ".join("".join(printed(output, fd=2)).split())
    found = said.find("Error loading config")
    return said[found:][:300] if found >= 0 else None


def _models(request: StepRequest) -> tuple[str, ...]:
    """All ids that may be named, each once, the arm's own first."""
    named = (str(agent["model"]) for agent in declared_agents(request.arm) if agent.get("model"))
    return tuple(dict.fromkeys((request.arm.model, *request.models, *named)))


def _env(request: StepRequest) -> Mapping[str, str]:
    attributes = resource_attributes(request)
    told = {"OTEL_RESOURCE_ATTRIBUTES": attributes} if attributes else {}
    batches = {"OTEL_BLRP_SCHEDULE_DELAY": "200", "OTEL_METRIC_EXPORT_INTERVAL": "500"}
    return {"CODEX_HOME": CODEX_HOME, KEY: "dummy"} | (told | batches if request.otlp_url else {})
