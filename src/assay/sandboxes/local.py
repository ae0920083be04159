"""What all sandboxes on this machine share: folders, files, runs one after another, and the end."""

from __future__ import annotations

import asyncio
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import ClassVar, Self

from assay.errors import InternalError
from assay.sandboxes.base import (
    DOOR_URL,
    HOME,
    WORKSPACE,
    Capabilities,
    Change,
    Deadlines,
    Exit,
    ExitRecord,
    SandboxSpec,
)
from assay.sandboxes.box import Box, keep_box, make_box, remove_box
from assay.sandboxes.collecting import collect_files
from assay.sandboxes.supervised import Supervised
from assay.sandboxes.workspace import Manifest, copy_tree, seal
from assay.sandboxes.workspace_files import read_file, write_file

PLAIN_ENV = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": HOME,
    "USER": "agent",
    "LOGNAME": "agent",
    "SHELL": "/bin/sh",
    "LANG": "C.UTF-8",
    "TMPDIR": "/tmp",  # noqa: S108  # the sandbox's own
    "TZ": "UTC",
}


class LocalSandbox(ABC):
    """A sandbox whose files lie on this machine. Subclasses say how a run is started."""

    capabilities: ClassVar[Capabilities]
    separate_user: ClassVar[bool]

    def __init__(self, spec: SandboxSpec) -> None:
        self.spec = spec
        self.door_url = DOOR_URL if spec.door is not None else None
        self.workspace = WORKSPACE
        self._box: Box | None = None
        self._start: Manifest = {}
        self._current: Supervised | None = None
        self._runs = 0
        self._dead = False
        self._at_deadline: tuple[Change, ...] | None = None

    @property
    def box(self) -> Box:
        """The folders on the host; only between enter and exit."""
        if self._box is None:
            raise InternalError("a sandbox is used outside its context")
        return self._box

    async def __aenter__(self) -> Self:
        """Make workspace and HOME, copy the start."""
        self._box = make_box(self.spec, separate_user=self.separate_user)
        try:
            await asyncio.to_thread(self._furnish)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(remove_box, self._box))
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill and remove; a cancelled exit still removes."""
        self.kill()
        if self._current is not None:
            await asyncio.shield(self._current.gone())
        box, self._box = self.box, None
        if self.spec.keep:
            keep_box(box)
        else:
            await asyncio.shield(asyncio.to_thread(remove_box, box))

    def _furnish(self) -> None:
        if self.spec.start is not None:
            self._start = copy_tree(self.spec.start, self.box.workspace, self.box.uid)

    @abstractmethod
    def supervised(
        self, argv: Sequence[str], env: Mapping[str, str], deadlines: Deadlines, cwd: str
    ) -> tuple[Supervised, Sequence[int]]:
        """Return the run to start, and the descriptors that it needs beyond its own."""

    async def run(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, deadlines: Deadlines, cwd: str = WORKSPACE
    ) -> ExitRecord:
        """Run one command; see ``Sandbox.run``."""
        if self._current is not None:
            raise InternalError("a sandbox runs one command at a time")
        if self._dead:
            return ExitRecord(Exit.KILLED, detail="the sandbox was killed before the run")
        self._runs += 1
        try:
            self.output().touch(mode=0o600)
        except OSError as error:
            return ExitRecord(Exit.NOT_STARTED, detail=f"no place for the output: {error.strerror}")
        run, descriptors = self.supervised(argv, dict(env or {}), deadlines, cwd)
        run.on_deadline = self._seal_at_deadline
        self._current, self._at_deadline = run, None
        try:
            return await run.run(pass_fds=descriptors)
        finally:
            self._current = None

    def output(self) -> Path:
        """Host path of the latest run's output."""
        return self.box.folder / f"output-{self._runs}.jsonl"

    def _below(self, path: str) -> tuple[Path, PurePosixPath] | None:
        """Split an inside path into a host folder and what is below it; None for any other place."""
        inside = PurePosixPath(path)
        if ".." in inside.parts:
            return None
        for prefix, root in ((WORKSPACE, self.box.workspace), (HOME, self.box.home)):
            if inside.is_relative_to(prefix) and inside != PurePosixPath(prefix):
                return root, inside.relative_to(prefix)
        return None

    async def read(self, path: str, *, limit: int = 16 << 20) -> bytes:
        """Return at most ``limit`` bytes of a regular file of the workspace or of HOME."""
        place = self._below(path)
        if place is None:
            raise FileNotFoundError(f"{path} is not below {WORKSPACE} or {HOME}")
        return read_file(*place, limit)

    async def write(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """Write a file. What is written counts as a change against the start. Raises ``OSError``."""
        place = self._below(path)
        if place is None:
            raise PermissionError(f"{path} is not below {WORKSPACE} or {HOME}")
        write_file(*place, data, mode, self.box.uid)

    async def snapshot(self, into: Path) -> tuple[Change, ...]:
        """Seal the workspace against the start: as it stands, or, after a timeout, as it stood at the deadline."""
        if self._at_deadline is None:
            return await asyncio.to_thread(seal, self._start, self.box.workspace, into)
        await asyncio.to_thread(shutil.copytree, self._deadline_folder, into, dirs_exist_ok=True)
        return self._at_deadline

    async def collect(self, patterns: Sequence[str], into: Path, *, limit_bytes: int) -> tuple[str, ...]:
        """Copy files below HOME out; see ``Sandbox.collect``. Raises ``EvidenceError``."""
        if not patterns:
            return ()
        return await asyncio.to_thread(collect_files, self.box.home, tuple(patterns), into, limit_bytes)

    @property
    def _deadline_folder(self) -> Path:
        return self.box.folder / "at-deadline"

    def _seal_at_deadline(self) -> None:
        """Called while everything inside is stopped. Raises ``EvidenceError``, and then the run is ended."""
        self._at_deadline = seal(self._start, self.box.workspace, self._deadline_folder)

    def stop(self, reason: str) -> None:
        """End the run early, by the ladder; see ``Sandbox.stop``."""
        if self._current is not None:
            self._current.stop(reason)

    def kill(self) -> None:
        """End the run and refuse further ones."""
        self._dead = True
        if self._current is not None:
            self._current.kill()
