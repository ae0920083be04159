"""Storing bodies without holding up calls: small ones at once, large ones in a thread."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assay.evidence.bodies import NAME, encode_body

MAX_BODY_BYTES = 32 << 20
MAX_PENDING_BYTES = 8 << 20
"""With more than this waiting for the thread, callers compress for themselves: memory stays flat."""
SMALL_BYTES = 64 << 10
"""Up to here compressing takes less than half a millisecond: cheaper than waking a thread."""


@dataclass(slots=True)
class BodyFile:
    """The bodies of one attempt. ``error`` says why some are missing, if so."""

    folder: Path
    error: str | None = None
    _descriptor: int | None = None
    _size: int = 0

    def append(self, frame: bytes) -> None:
        """Append with one system call; what does not fit is taken back whole."""
        try:
            if self._descriptor is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._descriptor = os.open(self.folder / NAME, flags, 0o644)
                self._size = os.fstat(self._descriptor).st_size
            if os.write(self._descriptor, frame) != len(frame):
                os.ftruncate(self._descriptor, self._size)
                self.error = "the disk is full"
            else:
                self._size += len(frame)
        except OSError as error:
            self.error = error.strerror

    def close(self) -> None:
        """Release the file."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None


class BodyStore:
    """Compresses and appends. One per gateway; ``flush`` before a file is closed."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._pending = 0

    def put(self, file: BodyFile, seq: int, request: bytes, answer: bytes) -> None:
        """Store both bodies of a call, each cut at ``MAX_BODY_BYTES``."""
        size = len(request) + len(answer)
        if size <= SMALL_BYTES or self._pending > MAX_PENDING_BYTES:
            self._append(file, seq, request, answer)
            return
        with self._lock:
            self._pending += size
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="assay-bodies", daemon=True)
            self._thread.start()
        self._queue.put(partial(self._append_later, file, seq, request, answer))

    async def flush(self) -> None:
        """Return when everything put so far is with the system."""
        if self._thread is None:
            return
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        self._queue.put(lambda: loop.call_soon_threadsafe(done.set))
        await done.wait()

    def stop(self) -> None:
        """Write what is left and end the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _append_later(self, file: BodyFile, seq: int, request: bytes, answer: bytes) -> None:
        self._append(file, seq, request, answer)
        with self._lock:
            self._pending -= len(request) + len(answer)

    def _append(self, file: BodyFile, seq: int, request: bytes, answer: bytes) -> None:
        requested, answered = request[:MAX_BODY_BYTES], answer[:MAX_BODY_BYTES]
        frames = encode_body(seq, "request", requested) + encode_body(seq, "response", answered)
        with self._lock:
            file.append(frames)

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            job()
