"""What the visible tests say, for a follow-up step: the agent sees its own tests' outcome, never the hidden ones'."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from assay.sandboxes.base import Deadlines, Sandbox

FEEDBACK_CHARACTERS = 6000
FEEDBACK_SECONDS = 60.0


class Feedback(NamedTuple):
    """What the agent is told of the visible tests, and whether there are some and all of them pass."""

    text: str
    passing: bool


async def visible_test_feedback(sandbox: Sandbox, toolchain_env: Mapping[str, str]) -> Feedback:
    """Run pytest over the workspace, inside the agent's own sandbox, and return the end of what it prints."""
    exit_record = await sandbox.run(
        ("/opt/toolchain/bin/python", "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider", "."),
        env={**toolchain_env, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        deadlines=Deadlines(run_s=FEEDBACK_SECONDS),
    )
    text = output_text(sandbox.output())[-FEEDBACK_CHARACTERS:]
    told = f"The visible tests ended with exit code {exit_record.exit_code}:\n{text}"
    return Feedback(told, exit_record.exit_code == 0)


def output_text(path: Path) -> str:
    """Return the text of an output file (see ``Sandbox.output``); lines that are not JSON are left out."""
    parts = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            parts.append(str(json.loads(line)["text"]))
        except (ValueError, KeyError, TypeError):
            continue
    return "\n".join(part.rstrip("\n") for part in parts)
