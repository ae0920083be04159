"""No isolation at all, by explicit name only: the command runs as us, on this machine, with its network.

For machines where namespaces are forbidden and the programs are our own, such as the demo's. The same
supervisor keeps deadlines, memory, disk and output; a tree is followed by descent, not by namespace.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import ClassVar, Self

from assay.errors import SandboxError
from assay.sandboxes.base import HOME, WORKSPACE, Capabilities, Deadlines, Exit, ExitRecord, SandboxSpec
from assay.sandboxes.library import inside_library, start_command
from assay.sandboxes.local import PLAIN_ENV, LocalSandbox
from assay.sandboxes.reaper import kill_by_token, reap_boxes
from assay.sandboxes.supervised import Request, Supervised, limits_of

CAPABILITIES = Capabilities(
    isolates_network=False,
    isolates_files=False,
    limits_memory=True,
    limits_processes=False,
    mechanism="none: the command runs on the host as the user who runs Assay; memory and disk are polled",
)
BACKLOG = 128


class UnsafeHostSandbox(LocalSandbox):
    """Inside paths in the command line, the environment and ``cwd`` are rewritten to host paths.

    Only whole words and prefixes followed by ``/`` can be rewritten; a script that names ``/workspace`` in
    its text finds nothing there.
    """

    capabilities: ClassVar[Capabilities] = CAPABILITIES
    separate_user: ClassVar[bool] = False

    def __init__(self, spec: SandboxSpec) -> None:
        super().__init__(spec)
        self._listener: socket.socket | None = None

    async def __aenter__(self) -> Self:
        """Make the folders; open the door on a free port of the loopback."""
        await super().__aenter__()
        self.workspace = str(self.box.workspace)
        if self.spec.door is not None:
            self._listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
            self.door_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the door, kill, remove."""
        if self._listener is not None:
            self._listener.close()
        await super().__aexit__(kind, error, trace)

    async def run(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, deadlines: Deadlines, cwd: str = WORKSPACE
    ) -> ExitRecord:
        """Run one command; without a namespace a murdered supervisor leaves orphans, which are hunted by token."""
        record = await super().run(argv, env=env, deadlines=deadlines, cwd=cwd)
        if record.reason is Exit.KILLED:
            await asyncio.to_thread(kill_by_token, self.box.token)
        return record

    def _below(self, path: str) -> tuple[Path, PurePosixPath] | None:
        """Know the workspace by both of its names."""
        host = PurePosixPath(self.workspace)
        if ".." not in path and PurePosixPath(path).is_relative_to(host):
            path = str(WORKSPACE / PurePosixPath(path).relative_to(host))
        return super()._below(path)

    def _furnish(self) -> None:
        super()._furnish()
        if any(mount.writable for mount in self.spec.mounts):
            raise SandboxError("unsafe-host shows no writable mounts", remedy="Use another sandbox kind")

    def _translate(self, text: str) -> str:
        """Return the host path for an inside path; any other text as it is."""
        places = [(WORKSPACE, self.box.workspace), (HOME, self.box.home)]
        places += [(mount.inside, mount.host) for mount in self.spec.mounts]
        if not text.startswith("/"):
            return text
        path = PurePosixPath(text)
        for inside, host in sorted(places, key=lambda place: len(place[0]), reverse=True):
            if path.is_relative_to(inside):
                return str(host / path.relative_to(inside))
        return text

    def supervised(
        self, argv: Sequence[str], env: Mapping[str, str], deadlines: Deadlines, cwd: str
    ) -> tuple[Supervised, Sequence[int]]:
        """Start the supervisor on the host itself."""
        listener = None if self._listener is None else self._listener.fileno()
        everything = {**PLAIN_ENV, "PATH": os.environ.get("PATH", os.defpath), **env}
        translated = {
            name: os.pathsep.join(map(self._translate, value.split(os.pathsep))) if value.startswith("/") else value
            for name, value in everything.items()
        }
        request = Request(
            argv=[self._translate(word) for word in argv],
            # The token lets the reaper find what outlived a supervisor.
            env={**translated, "ASSAY_SANDBOX": self.box.token},
            cwd=self._translate(cwd),
            deadlines=deadlines,
            limits=limits_of(self.spec.limits, processes=None),  # it would count all processes of the user
            isolated=False,
            roots=(str(self.box.workspace), str(self.box.home)),
            door=None if self.spec.door is None else str(self.spec.door),
            listener=listener,
        )
        python = Path(sys.executable)
        command = start_command(str(python), str(inside_library(python)), self.box.token)
        descriptors = () if listener is None else (listener,)
        return Supervised(command, request, self.output(), None), descriptors


class UnsafeHostKind:
    """Never chosen by itself."""

    name: ClassVar[str] = "unsafe-host"
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def open(self, spec: SandboxSpec) -> UnsafeHostSandbox:
        """Return an unstarted sandbox."""
        return UnsafeHostSandbox(spec)

    def probe(self) -> str | None:
        """It works wherever processes can be followed."""
        return None if Path("/proc/self/stat").exists() else "unsafe-host needs /proc, which only Linux has"

    def reap(self, scratch: Path, live: frozenset[str]) -> tuple[str, ...]:
        """Kill and remove what earlier drivers left."""
        return reap_boxes(scratch, live)
