"""Bodies of requests and answers, compressed beside the log by a thread of their own."""

from __future__ import annotations

import asyncio
import queue
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MAX_PENDING_BYTES = 64 << 20
MAX_BODY_BYTES = 32 << 20
_GZIP = 31  # zlib's window bits for a gzip container


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    data: bytes
    failed: Callable[[OSError], None]


class BodyStore:
    """Writes ``<path>.gz`` files in the order given. With too much pending it writes at once, in the caller."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[_File | Callable[[], object] | None] = queue.SimpleQueue()
        self._pending = 0
        self._thread = threading.Thread(target=self._work, name="assay-bodies", daemon=True)
        self._thread.start()

    def put(self, path: Path, data: bytes, failed: Callable[[OSError], None]) -> None:
        """Store one body soon. ``failed`` hears of an error, in the writing thread."""
        file = _File(path, data[:MAX_BODY_BYTES], failed)
        if self._pending > MAX_PENDING_BYTES:
            _write(file)
            return
        self._pending += len(file.data)
        self._queue.put(file)

    async def flush(self) -> None:
        """Return when everything put so far is on disk."""
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        self._queue.put(lambda: loop.call_soon_threadsafe(done.set))
        await done.wait()

    def stop(self) -> None:
        """Write what is left and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, _File):
                _write(item)
                self._pending -= len(item.data)
            else:
                item()


def _write(file: _File) -> None:
    compressor = zlib.compressobj(1, wbits=_GZIP)
    packed = compressor.compress(file.data) + compressor.flush()
    try:
        try:
            file.path.write_bytes(packed)
        except FileNotFoundError:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            file.path.write_bytes(packed)
    except OSError as error:
        file.failed(error)
