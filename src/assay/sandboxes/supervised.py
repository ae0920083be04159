"""One supervised run, seen from the driver: start, wait, read the record; and end it from anywhere."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, BinaryIO

from assay.sandboxes import low_ports
from assay.sandboxes.base import DOOR_PORT, Deadlines, Exit, ExitRecord, Limits
from assay.sandboxes.unprivileged import as_user

# The supervisor keeps the time; this much later the driver no longer believes in it.
BACKSTOP_S = 20.0
# Besides, a workspace may take this long to be sealed at the deadline.
SEALING_S = 60.0
WANTS_NAMES = b"n"
NAME_PORT = 53

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What a supervisor is told. Paths are as the supervisor sees them.

    ``roots`` are watched for disk use, ``tmpfs`` for memory. ``limits`` holds None for what must not be
    applied here. ``listener`` is an inherited listening socket in place of ``DOOR_PORT``. With ``audit`` the names
    that are looked up are on record.
    """

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    deadlines: Deadlines
    limits: Mapping[str, float | None]
    isolated: bool
    roots: Sequence[str]
    tmpfs: Sequence[str] = ()
    door: str | None = None
    listener: int | None = None
    audit: bool = False

    def to_json(self, output: int, control: int, notice: int) -> bytes:
        """Encode for ``inside.supervisor``."""
        run = self.deadlines.run_s
        term = run + self.deadlines.int_grace_s
        kill = term + self.deadlines.term_grace_s
        told: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        told["deadlines"] = [(run, signal.SIGINT), (term, signal.SIGTERM), (kill, signal.SIGKILL)]
        told |= {"output": output, "control": control, "notice": notice, "port": DOOR_PORT}
        return json.dumps(told).encode()


def limits_of(limits: Limits, *, processes: int | None) -> dict[str, float | None]:
    """Return the limits as the supervisor takes them; None for ``processes`` = not applied."""
    return {**{each.name: getattr(limits, each.name) for each in fields(limits)}, "processes": processes}


class Supervised:
    """A run in progress. ``command`` starts the supervisor, under the user id ``uid`` unless that is None.

    ``on_deadline`` is called in a thread at the deadline, while everything inside is stopped; what it raises ends
    the run.
    """

    def __init__(self, command: Sequence[str], request: Request, output: Path, uid: int | None) -> None:
        self.on_deadline: Callable[[], object] | None = None
        self._command = command
        self._request = request
        self._output = output
        self._uid = uid
        self._process: subprocess.Popen[bytes] | None = None
        self._control: int | None = None
        self._notice: int | None = None
        self._killed = False
        self._stopped: str | None = None

    def stop(self, reason: str) -> None:
        """Begin the ladder now; ``reason`` becomes the record's detail. Once the ladder has begun it does nothing."""
        if self._control is not None and self._stopped is None:
            self._stopped = reason
            # A supervisor that has just ended reads no more: its record is on its way.
            with suppress(BrokenPipeError):
                os.write(self._control, b"s")

    def kill(self) -> None:
        """End it now. Closing the control pipe ends also what has no pid namespace to fall with."""
        self._killed = True
        self._let_go()

    def _let_go(self) -> None:
        control, self._control = self._control, None
        if control is not None:
            os.close(control)

    async def run(self, *, pass_fds: Sequence[int] = ()) -> ExitRecord:
        """Start, wait for the end, return the record. Cancelling kills, waits, and then is cancelled."""
        begun = time.monotonic()
        with ExitStack() as files:
            try:
                status, complaints = (files.enter_context(_memory_file(name)) for name in ("status", "complaints"))
                self._start(status, complaints, pass_fds)
            except OSError as error:
                self._let_go()
                return ExitRecord(Exit.NOT_STARTED, detail=f"{error.strerror}: {error.filename}")
            sealing = asyncio.create_task(self._serve_notices())
            try:
                late = await self._wait()
            finally:
                self._let_go()
                await self._sealed(sealing)
            status.seek(0)
            complaints.seek(0)
            wall = time.monotonic() - begun
            return self._read(status.read(), complaints.read().decode("utf-8", "replace"), wall, late=late)

    def _start(self, status: BinaryIO, complaints: BinaryIO, pass_fds: Sequence[int]) -> None:
        control, self._control = os.pipe()
        self._notice, notice = os.pipe()
        output = os.open(self._output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with _memory_file("request") as request:
                request.write(self._request.to_json(output, control, notice))
                request.seek(0)
                self._process = subprocess.Popen(
                    [*as_user(self._uid), *self._command],
                    stdin=request,
                    stdout=status,
                    stderr=complaints,
                    pass_fds=[output, control, notice, *pass_fds],
                    env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                    cwd="/",
                    # Ctrl-C in the driver's terminal is for the driver.
                    start_new_session=True,
                )
        finally:
            os.close(control)
            os.close(notice)
            os.close(output)

    async def _serve_notices(self) -> None:
        """Answer what the supervisor asks for until it ends: port 53, and the sealing at the deadline."""
        while (notice := await self._notified()) != b"":
            try:
                if notice == WANTS_NAMES:
                    await asyncio.to_thread(self._open_port)
                elif self.on_deadline is not None:
                    await asyncio.to_thread(self.on_deadline)
            except BaseException:
                self._let_go()
                raise
            if self._control is not None:
                with suppress(BrokenPipeError):
                    os.write(self._control, b"!")

    async def _notified(self) -> bytes:
        """Wait for a byte of the supervisor's; empty when it has ended."""
        assert self._notice is not None
        loop = asyncio.get_running_loop()
        noticed: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._notice, _settle, noticed)
        try:
            await noticed
        finally:
            loop.remove_reader(self._notice)
        return os.read(self._notice, 1)

    def _open_port(self) -> None:
        """Let the supervisor, bubblewrap's only child, listen on port 53; where that fails names are not audited."""
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        command = [sys.executable, "-I", "-S", low_ports.__file__, *children[:1], str(NAME_PORT)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            log.info("names are not audited: %s", done.stderr.strip().rpartition("\n")[2])

    async def _sealed(self, sealing: asyncio.Task[None]) -> None:
        """End the watch on the deadline; a sealing that is under way is waited for."""
        await asyncio.gather(sealing, return_exceptions=True)
        notice, self._notice = self._notice, None
        if notice is not None:
            os.close(notice)

    async def _wait(self) -> bool:
        """Wait for the process; True when it had to be killed because its own clock had failed."""
        deadlines = self._request.deadlines
        patience = deadlines.run_s + deadlines.int_grace_s + deadlines.term_grace_s + SEALING_S + BACKSTOP_S
        try:
            await asyncio.wait_for(self._exited(), patience)
        except TimeoutError:
            self._destroy()
            await self._exited()
            return True
        except asyncio.CancelledError:
            self.kill()
            await asyncio.shield(self.gone())
            raise
        return False

    async def gone(self) -> None:
        """Wait until a killed run is gone; destroy what does not go by itself."""
        try:
            await asyncio.wait_for(self._exited(), BACKSTOP_S)
        except TimeoutError:
            self._destroy()
            await self._exited()

    def _destroy(self) -> None:
        if self._process is not None:
            self._process.kill()

    async def _exited(self) -> None:
        """Wait for the exit without a thread where the kernel offers it."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        try:
            descriptor = os.pidfd_open(process.pid)
        except (AttributeError, OSError):
            await asyncio.to_thread(process.wait)
            return
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        loop.add_reader(descriptor, _settle, ended)
        try:
            await ended
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        process.wait()

    def _read(self, status: bytes, complaints: str, wall: float, *, late: bool) -> ExitRecord:
        """Make the record from what the supervisor said; its silence is never a success."""
        lines = status.splitlines()
        said = complaints.strip().splitlines()
        last_words = said[-1] if said else None
        if len(lines) > 1:
            return self._from_record(json.loads(lines[1]))
        if late:
            return ExitRecord(Exit.TIMEOUT, last_signal=signal.SIGKILL, wall_s=wall, detail="the supervisor hung")
        record = ExitRecord(Exit.KILLED, signal=signal.SIGKILL, wall_s=wall)
        if self._killed:
            return replace(record, detail="the driver ended it")
        if lines:
            return replace(record, detail=f"the supervisor died: {last_words or 'no last words'}")
        return ExitRecord(Exit.NOT_STARTED, wall_s=wall, detail=last_words or "the sandbox ended without a word")

    def _from_record(self, said: dict[str, Any]) -> ExitRecord:
        reason = Exit(said["reason"])
        lookups = None if said["lookups"] is None else tuple(said["lookups"])
        detail = said["detail"] or (self._stopped if reason is Exit.STOPPED else None)
        return ExitRecord(**{**said, "reason": reason, "lookups": lookups, "detail": detail})


def _settle(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)


def _memory_file(name: str) -> BinaryIO:
    """Return an anonymous file: it has no path, and a full disk does not touch it."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create(name), "w+b")
    return tempfile.TemporaryFile()
