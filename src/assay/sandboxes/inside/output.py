"""The output pump: what the command prints becomes time-stamped JSON lines, up to a cap."""

from __future__ import annotations

import os
import time
from _json import encode_basestring_ascii  # the public module loads re and enum

from .loop import READ, Loop

CHUNK = 65536
MAX_LINE = 65536
CONTINUATION = 0xC0
TAIL_OF_CHARACTER = 0x80


class Output:
    """Writes ``{"t": s, "fd": 1|2, "text": str}`` per line, its newline included.

    The texts of one descriptor, joined, are what was printed; lines over ``MAX_LINE`` come in pieces. Bytes that
    are not UTF-8 are replaced.

    The file never grows beyond ``cap`` bytes. What comes later is read, counted and dropped, so that the
    command neither blocks nor fills the disk.
    """

    def __init__(self, loop: Loop, file: int, cap: int) -> None:
        self._loop = loop
        self._file = file
        self._left = cap
        self._start = time.monotonic()
        self._held: dict[int, bytes] = {}
        self.open = 0
        self.total = 0
        self.truncated = False
        self.error: str | None = None

    def attach(self, pipe: int, fd: int) -> None:
        """Pump ``pipe`` as the command's descriptor ``fd``."""
        os.set_blocking(pipe, False)
        self._held[fd] = b""
        self.open += 1
        self._loop.watch(pipe, READ, lambda _events: self._read(pipe, fd))

    def _read(self, pipe: int, fd: int) -> None:
        try:
            data = os.read(pipe, CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._loop.forget(pipe)
            os.close(pipe)
            self.open -= 1
            self._held[fd] = self._emit(fd, self._held[fd], final=True)
            return
        self.total += len(data)
        if not self.truncated:
            self._held[fd] = self._emit(fd, self._held[fd] + data, final=False)

    def finish(self) -> None:
        """Write what is held without a newline, for pipes that never closed."""
        for fd, held in self._held.items():
            self._held[fd] = self._emit(fd, held, final=True)

    def _emit(self, fd: int, data: bytes, *, final: bool) -> bytes:
        """Write the complete lines of ``data``; return the rest."""
        lines = data.split(b"\n")
        rest = lines.pop()
        head = f'{{"t": {time.monotonic() - self._start:.4f}, "fd": {fd}, "text": '
        written = [head + _quoted(line)[:-1] + '\\n"}\n' for line in lines]
        while len(rest) >= MAX_LINE:
            piece, rest = _cut(rest)
            written.append(head + _quoted(piece) + "}\n")
        if final and rest:
            written.append(head + _quoted(rest) + "}\n")
            rest = b""
        self._write(written)
        return rest

    def _write(self, written: list[str]) -> None:
        if self.truncated:
            return
        fitting = []
        for line in written:
            if len(line) > self._left:
                self.truncated = True
                break
            self._left -= len(line)
            fitting.append(line)
        data = memoryview("".join(fitting).encode("ascii"))
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            self.truncated = True
            self.error = f"output could not be written: {error.strerror}"


def _quoted(line: bytes) -> str:
    return encode_basestring_ascii(line.decode("utf-8", "replace"))


def _cut(data: bytes) -> tuple[bytes, bytes]:
    """Split at ``MAX_LINE`` bytes or up to three before, so that no character is torn."""
    end = MAX_LINE
    while end > MAX_LINE - 4 and end < len(data) and data[end] & CONTINUATION == TAIL_OF_CHARACTER:
        end -= 1
    return data[:end], data[end:]
