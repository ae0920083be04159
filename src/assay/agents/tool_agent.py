"""What all command-line agents from a tool tree have in common: version, files, prompt, telemetry's attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import quote

from assay.agents.base import StepRequest
from assay.agents.catalogue import TOOLS
from assay.agents.installed import ToolTree, tool_tree
from assay.records import Arm
from assay.sandboxes.base import HOME, Mount

PROMPT = f"{HOME}/.assay/prompt.md"
# One argument holds 128 KiB at most. The shell becomes the agent, so that signals reach it.
_START = 'exec "$0" "$@" < "$HOME"/.assay/prompt.md'


class ToolAgent:
    """Base of agents whose program is in a tool tree; ``version`` None = the one that was tested."""

    name: ClassVar[str]

    def __init__(self, version: str | None = None) -> None:
        self._version = version

    def version(self) -> str:
        """The installed version. Raises ``MachineError`` when it is not there."""
        return self.tree().version

    def mounts(self, arm: Arm) -> Sequence[Mount]:  # noqa: ARG002 - the seam's signature
        """Its own files."""
        return (self.tree().mount,)

    def tree(self) -> ToolTree:
        """Its installed files. Raises ``MachineError`` when they are not there."""
        return tool_tree(TOOLS[self.name], self._version)


def with_prompt_as_input(*command: str) -> tuple[str, ...]:
    """Return the command with the file ``PROMPT`` as its standard input."""
    return ("/bin/sh", "-c", _START, *command)


def resource_attributes(request: StepRequest) -> str:
    """Return the trial's names as ``OTEL_RESOURCE_ATTRIBUTES`` wants them: percent-encoded, with commas between."""
    return ",".join(f"{name}={quote(value, safe='')}" for name, value in request.attributes.items())
