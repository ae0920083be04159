"""What the checks of a sandbox kind stand on: folders, short ways to open one and to run a program in it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from assay.sandboxes.base import (
    WORKSPACE,
    Capabilities,
    Deadlines,
    ExitRecord,
    Limits,
    Mount,
    Sandbox,
    SandboxKind,
    SandboxSpec,
)

LONG = Deadlines(30.0)


@dataclass(slots=True)
class Bench:
    """One kind under test. ``folder`` is empty at the start of a check and may be filled by it."""

    kind: SandboxKind
    folder: Path
    python: str = "python3"
    opened: int = field(default=0)

    @property
    def scratch(self) -> Path:
        """Where the sandboxes of this check put their files."""
        return self.folder / "scratch"

    def start(self, **files: str) -> Path:
        """Make a start folder; ``__`` in a name stands for a slash."""
        root = self.folder / "start"
        root.mkdir(exist_ok=True)
        for name, text in files.items():
            path = root / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root

    def open(
        self,
        start: Path | None = None,
        *,
        door: Path | None = None,
        limits: Limits | None = None,
        mounts: tuple[Mount, ...] = (),
        keep: bool = False,
        audit_dns: bool = False,
    ) -> Sandbox:
        """Return an unstarted sandbox."""
        self.opened += 1
        label = f"check-{self.opened}"
        return self.kind.open(
            SandboxSpec(label, start, self.scratch, door, mounts, limits or Limits(), keep, audit_dns)
        )

    async def python_in(self, sandbox: Sandbox, code: str, deadlines: Deadlines = LONG) -> ExitRecord:
        """Run a piece of Python in the workspace."""
        return await sandbox.run([self.python, "-c", code], deadlines=deadlines)


Check = Callable[[Bench], Awaitable[None]]


def printed(sandbox: Sandbox, fd: int = 1) -> str:
    """Return what the latest run printed on ``fd``."""
    lines = map(json.loads, sandbox.output().read_text(encoding="utf-8").splitlines())
    return "".join(line["text"] for line in lines if line["fd"] == fd)


async def is_there(sandbox: Sandbox, name: str) -> bool:
    """True when the workspace holds a regular file of that name."""
    try:
        await sandbox.read(f"{WORKSPACE}/{name}")
    except FileNotFoundError:
        return False
    return True


async def until_there(sandbox: Sandbox, name: str, timeout_s: float = 10.0) -> None:
    """Wait for a file that a running program writes when it is ready."""
    deadline = time.monotonic() + timeout_s
    while not await is_there(sandbox, name):
        assert time.monotonic() < deadline, f"the program never wrote {name}"
        await asyncio.sleep(0.01)


def anything(capabilities: Capabilities) -> bool:
    """Every kind must pass."""
    del capabilities
    return True
