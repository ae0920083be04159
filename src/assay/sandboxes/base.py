"""The seam ``Sandbox``: where one attempt, or one verification, runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Protocol, Self

from assay.records import Record

WORKSPACE = "/workspace"
HOME = "/home/agent"
DOOR_PORT = 8400
DOOR_URL = f"http://127.0.0.1:{DOOR_PORT}"


@dataclass(frozen=True, slots=True)
class Limits(Record):
    """What one sandbox may use. They bind when run as root too."""

    memory_bytes: int = 2 << 30
    processes: int = 512
    cpu_s: float | None = None
    file_bytes: int = 512 << 20
    disk_bytes: int = 1 << 30
    inodes: int = 100_000
    output_bytes: int = 16 << 20


@dataclass(frozen=True, slots=True)
class Deadlines(Record):
    """The ladder, in seconds: INT after ``run_s``, TERM ``int_grace_s`` later, KILL ``term_grace_s`` after that.

    The grace is for telemetry to be flushed. What is written to the workspace after ``run_s``, or after ``stop``, does
    not count: a snapshot then shows the workspace as it stood at the deadline, or at the stop.
    """

    run_s: float
    int_grace_s: float = 2.0
    term_grace_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Mount:
    """A host path shown at ``inside``, read-only unless said otherwise."""

    host: Path
    inside: str
    writable: bool = False


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """What a sandbox is made from.

    ``start`` is copied into a fresh workspace; ``door`` is the gateway's unix socket, or None for no
    door at all. ``label`` names the attempt, for the reaper. ``scratch`` is a folder that the sandbox
    may fill and must empty. With ``audit_dns`` the names that are looked up inside are on record, where the
    kind isolates the network (``ExitRecord.lookups``).
    """

    label: str
    start: Path | None
    scratch: Path
    door: Path | None = None
    mounts: tuple[Mount, ...] = ()
    limits: Limits = field(default_factory=Limits)
    keep: bool = False
    audit_dns: bool = False


class Exit(StrEnum):
    """Why a process tree in a sandbox came to its end."""

    EXITED = "exited"
    SIGNALLED = "signalled"
    TIMEOUT = "timeout"
    STOPPED = "stopped"
    MEMORY = "memory"
    DISK = "disk"
    CPU = "cpu"
    OUTPUT = "output"
    KILLED = "killed"
    NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True)
class ExitRecord(Record):
    """How one ``run`` ended. ``NOT_STARTED`` is the only one that is infrastructure.

    ``last_signal`` is the rung of the ladder that was reached. ``children_left`` counts processes that
    were still alive when the main one had gone; none survives the record. ``output_truncated`` says
    that output went over the cap: the run may go on, the rest is dropped (``OUTPUT`` when it was ended
    for it). ``lookups`` are the distinct names that were asked of the name server inside, None = not audited. Times in
    seconds, memory in bytes.
    """

    reason: Exit
    exit_code: int | None = None
    signal: int | None = None
    last_signal: int | None = None
    wall_s: float = 0.0
    user_s: float | None = None
    system_s: float | None = None
    max_memory_bytes: int | None = None
    children_left: int = 0
    output_bytes: int = 0
    output_truncated: bool = False
    detail: str | None = None
    lookups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Change(Record):
    """One path that differs from the start: ``change`` A | M | D | T, ``kind`` file | link | dir | other."""

    path: str
    change: str
    kind: str
    mode: int | None = None
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Capabilities(Record):
    """What an adapter promises; ``mechanism`` names how, for the lock and ``doctor``."""

    isolates_network: bool
    isolates_files: bool
    limits_memory: bool
    limits_processes: bool
    mechanism: str


class Sandbox(Protocol):
    """An async context manager. After exit nothing that ran in it is alive.

    ``run`` may be called several times, one after another, on the same workspace. Output of run k lies in
    ``output(k)``: JSON lines ``{"t": seconds since start, "fd": 1|2, "text": str}``, a line with its newline each;
    the texts of one ``fd``, joined, are what was printed. ``workspace`` is where the workspace lies for a program
    inside: ``WORKSPACE``, but for kinds that cannot show a folder under another name.
    """

    capabilities: ClassVar[Capabilities]
    door_url: str | None
    workspace: str

    async def __aenter__(self) -> Self:
        """Make workspace and HOME. Raises ``SandboxError`` when the machine cannot."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill everything and, unless ``spec.keep``, remove every file."""
        ...

    async def run(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, deadlines: Deadlines, cwd: str = WORKSPACE
    ) -> ExitRecord:
        """Run one command to its end, or to the end of the ladder. Never raises for what the command does."""
        ...

    def output(self) -> Path:
        """Host path of the latest run's output file (stream.jsonl). After the run the caller may move it away."""
        ...

    async def read(self, path: str, *, limit: int = 16 << 20) -> bytes:
        """Read one regular file by its inside path, without following links. Raises ``FileNotFoundError``."""
        ...

    async def write(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """Write one file by its inside path (below the workspace or HOME), making folders."""
        ...

    async def snapshot(self, into: Path) -> tuple[Change, ...]:
        """Seal the workspace into a folder: ``workspace.json`` (all changes), ``workspace.tar`` (changed paths)."""
        ...

    async def collect(self, patterns: Sequence[str], into: Path, *, limit_bytes: int) -> tuple[str, ...]:
        """Copy regular files below HOME that match a glob (``**`` for any depth); return what matched and was left out.

        Links are not followed. Between runs only. A file is taken whole or, beyond ``limit_bytes`` in all, not.
        """
        ...

    def stop(self, reason: str) -> None:
        """End the run that is under way by the ladder, as at its deadline; it becomes ``STOPPED``, detail ``reason``.

        Synchronous, idempotent; nothing without a run, or once its ladder has begun. Further runs are allowed.
        """
        ...

    def kill(self) -> None:
        """End everything now. Synchronous, idempotent, callable from a signal handler."""
        ...


class SandboxKind(Protocol):
    """Makes sandboxes of one kind: the thing that is chosen by name."""

    name: ClassVar[str]
    capabilities: ClassVar[Capabilities]

    def open(self, spec: SandboxSpec) -> Sandbox:
        """Return an unstarted sandbox."""
        ...

    def probe(self) -> str | None:
        """None when sandboxes of this kind work here, else one line: what is missing and the remedy."""
        ...

    def reap(self, scratch: Path, live: frozenset[str]) -> tuple[str, ...]:
        """Kill and remove what earlier drivers left in ``scratch`` but for the labels in ``live``; return labels."""
        ...
