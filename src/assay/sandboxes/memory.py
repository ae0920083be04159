"""A scripted double: files in a dictionary, and a function that decides what a run does. For tests."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import secrets
import tarfile
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import ClassVar, Self

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
from assay.sandboxes.collecting import ENTRY_BYTES, matches
from assay.sandboxes.workspace import APART, FORMAT, Entry, compare
from assay.sandboxes.workspace_files import walk

CAPABILITIES = Capabilities(
    isolates_network=False,
    isolates_files=False,
    limits_memory=False,
    limits_processes=False,
    mechanism="memory: nothing is executed",
)


@dataclass(slots=True)
class ScriptedRun:
    """What a script sees and may change: ``files`` by inside path; ``print`` writes the output file."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    deadlines: Deadlines
    door: Path | None
    files: dict[str, bytes]
    lines: list[dict[str, object]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def print(self, text: str, fd: int = 1) -> None:
        """Print text, line by line."""
        for line in text.splitlines(keepends=True):
            self.lines.append({"t": round(time.monotonic() - self.started, 4), "fd": fd, "text": line})


Script = Callable[[ScriptedRun], Awaitable[ExitRecord | int]]


async def succeed(run: ScriptedRun) -> int:
    """The default script: do nothing, exit 0."""
    del run
    return 0


class MemorySandbox:
    """Regular files only. A script that outlasts the ladder is cancelled and recorded as a timeout."""

    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def __init__(self, spec: SandboxSpec, script: Script) -> None:
        self.spec = spec
        self.door_url = DOOR_URL if spec.door is not None else None
        self.workspace = WORKSPACE
        self.files: dict[str, bytes] = {}
        self._script = script
        self._start: dict[str, Entry] = {}
        self._token = f"memory-{secrets.token_hex(8)}"
        self._task: asyncio.Future[ExitRecord | int] | None = None
        self._runs = 0
        self._dead = False
        self._stopped: str | None = None

    async def __aenter__(self) -> Self:
        """Read the start into the dictionary."""
        self.spec.scratch.mkdir(parents=True, exist_ok=True)
        if self.spec.start is not None:
            for found in walk(self.spec.start, skip=APART):
                if found.kind == "file":
                    data = (self.spec.start / found.path).read_bytes()
                    self._start[found.path] = _entry(data)
                    self.files[f"{WORKSPACE}/{found.path}"] = data
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget everything."""
        self.kill()
        while self._runs and not self.spec.keep:
            self.output().unlink(missing_ok=True)
            self._runs -= 1

    async def run(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, deadlines: Deadlines, cwd: str = WORKSPACE
    ) -> ExitRecord:
        """Hand the run to the script."""
        self._runs += 1
        if self._dead:
            self.output().touch()
            return ExitRecord(Exit.KILLED, detail="the sandbox was killed before the run")
        run = ScriptedRun(tuple(argv), dict(env or {}), cwd, deadlines, self.spec.door, self.files)
        self._stopped = None
        self._task = asyncio.ensure_future(self._script(run))
        patience = deadlines.run_s + deadlines.int_grace_s + deadlines.term_grace_s
        done, _ = await asyncio.wait({self._task}, timeout=patience)
        wall = time.monotonic() - run.started
        if not done:
            self._task.cancel()
            await asyncio.wait({self._task})
            record = ExitRecord(Exit.TIMEOUT, signal=9, last_signal=9, wall_s=wall)
        elif self._task.cancelled() and self._stopped is not None and not self._dead:
            record = ExitRecord(Exit.STOPPED, signal=9, last_signal=9, wall_s=wall, detail=self._stopped)
        elif self._task.cancelled():
            record = ExitRecord(Exit.KILLED, signal=9, last_signal=9, wall_s=wall)
        else:
            result = self._task.result()
            record = result if isinstance(result, ExitRecord) else ExitRecord(Exit.EXITED, result, wall_s=wall)
        text = "".join(json.dumps(line) + "\n" for line in run.lines)
        self.output().write_text(text, encoding="utf-8")
        return record

    def output(self) -> Path:
        """Host path of the latest run's output."""
        return self.spec.scratch / f"{self._token}-{self._runs}.jsonl"

    async def read(self, path: str, *, limit: int = 16 << 20) -> bytes:
        """Read from the dictionary."""
        try:
            return self.files[str(PurePosixPath(path))][:limit]
        except KeyError:
            raise FileNotFoundError(path) from None

    async def write(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """Write into the dictionary; modes are not kept."""
        del mode
        inside = PurePosixPath(path)
        if ".." in inside.parts or not any(inside.is_relative_to(place) for place in (WORKSPACE, HOME)):
            raise PermissionError(f"{path} is not below {WORKSPACE} or {HOME}")
        self.files[str(inside)] = data

    async def snapshot(self, into: Path) -> tuple[Change, ...]:
        """Seal the dictionary in the form of ``workspace.seal``."""
        return self._seal(into)

    async def collect(self, patterns: Sequence[str], into: Path, *, limit_bytes: int) -> tuple[str, ...]:
        """Copy from the dictionary."""
        left_out = []
        for path, data in sorted(self.files.items()):
            name = path.removeprefix(f"{HOME}/")
            if name == path or not any(matches(name, pattern) for pattern in patterns):
                continue
            if len(data) + ENTRY_BYTES > limit_bytes:
                left_out.append(name)
                continue
            limit_bytes -= len(data) + ENTRY_BYTES
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            (into / name).write_bytes(data)
        return tuple(left_out)

    def _seal(self, into: Path) -> tuple[Change, ...]:
        prefix = f"{WORKSPACE}/"
        held = {path.removeprefix(prefix): data for path, data in self.files.items() if path.startswith(prefix)}
        after = {path: _entry(data) for path, data in held.items()}
        into.mkdir(parents=True, exist_ok=True)
        changes = []
        with tarfile.open(into / "workspace.tar", "w", format=tarfile.PAX_FORMAT) as tar:
            for path, (change, entry) in compare(self._start, after).items():
                if change == "D":
                    changes.append(Change(path, change, entry.kind))
                    continue
                changes.append(Change(path, change, entry.kind, entry.mode, entry.size, entry.sha256))
                info = tarfile.TarInfo(path)
                info.size, info.mode = entry.size, entry.mode
                tar.addfile(info, io.BytesIO(held[path]))
        sealed = {"format": FORMAT, "changes": [change.to_json() for change in changes]}
        (into / "workspace.json").write_text(json.dumps(sealed) + "\n", encoding="utf-8")
        return tuple(changes)

    def stop(self, reason: str) -> None:
        """Cancel the script: it hears of no signals."""
        if self._task is not None and not self._task.done() and self._stopped is None:
            self._stopped = reason
            self._task.cancel()

    def kill(self) -> None:
        """Cancel the script."""
        self._dead = True
        if self._task is not None and not self._task.done():
            self._task.cancel()


def _entry(data: bytes) -> Entry:
    return Entry("file", 0o644, len(data), hashlib.sha256(data).hexdigest())


class MemorySandboxKind:
    """Sandboxes that run ``script``; the latest ones are kept in ``opened`` for a test to look at."""

    name: ClassVar[str] = "memory"
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def __init__(self, script: Script = succeed) -> None:
        self.script = script
        self.opened: deque[MemorySandbox] = deque(maxlen=100)

    def open(self, spec: SandboxSpec) -> MemorySandbox:
        """Return an unstarted sandbox."""
        sandbox = MemorySandbox(spec, self.script)
        self.opened.append(sandbox)
        return sandbox

    def probe(self) -> str | None:
        """It always works."""
        return None

    def reap(self, scratch: Path, live: frozenset[str]) -> tuple[str, ...]:
        """Nothing outlives the process."""
        del scratch, live
        return ()
