"""Telemetry passed on to a back end of the user's: the same bytes, in the background, and never in anybody's way.

A bounded queue; what does not fit, or is not taken at once, is dropped and counted. Nothing is sent twice.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote

import aiohttp

MAX_PENDING_BYTES = 32 << 20
WORKERS = 4
TIMEOUT_S = 10.0
GRACE_S = 1.0
"""How long the end of an attempt waits for its last bodies to be passed on."""
HEADERS_VARIABLE = "OTEL_EXPORTER_OTLP_HEADERS"


@dataclass(slots=True)
class Lane:
    """One attempt's share: what was sent, what was dropped, what waits."""

    sent: int = 0
    dropped: int = 0
    pending: int = 0
    closed: bool = False
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def done(self, *, sent: bool) -> None:
        """Count a body that left the queue."""
        if self.closed:
            return
        self.pending -= 1
        self.sent += sent
        self.dropped += not sent
        if not self.pending:
            self.idle.set()


@dataclass(frozen=True, slots=True)
class _Body:
    lane: Lane
    signal: str
    headers: Mapping[str, str]
    data: bytes


class Forwarder:
    """Posts bodies to ``<url>/v1/<signal>``; headers for the back end come from OTEL_EXPORTER_OTLP_HEADERS."""

    def __init__(self, url: str, session: aiohttp.ClientSession, headers: Mapping[str, str] | None = None) -> None:
        self._url = url.rstrip("/")
        self._session = session
        self._headers = headers_from_environment() if headers is None else headers
        self._queue: deque[_Body] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._tasks = [asyncio.create_task(self._work()) for _ in range(WORKERS)]

    def offer(self, lane: Lane, signal: str, kind: str, encoding: str, data: bytes) -> None:
        """Queue a body, or drop it; returns at once."""
        if self._bytes + len(data) > MAX_PENDING_BYTES:
            lane.dropped += 1
            return
        headers = {**self._headers, "Content-Type": kind}
        if encoding not in {"", "identity"}:
            headers["Content-Encoding"] = encoding
        lane.pending += 1
        lane.idle.clear()
        self._bytes += len(data)
        self._queue.append(_Body(lane, signal, headers, data))
        self._wake.set()

    async def finish(self, lane: Lane) -> None:
        """Wait for a lane's last bodies, ``GRACE_S`` at most; what is left then counts as dropped."""
        if lane.pending:
            with suppress(TimeoutError):
                await asyncio.wait_for(lane.idle.wait(), GRACE_S)
        lane.closed = True
        lane.dropped += lane.pending
        lane.pending = 0

    async def stop(self) -> None:
        """Drop what waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            while not self._queue:
                self._wake.clear()
                await self._wake.wait()
            body = self._queue.popleft()
            sent = not body.lane.closed and await self._post(body)
            self._bytes -= len(body.data)
            body.lane.done(sent=sent)

    async def _post(self, body: _Body) -> bool:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        url = f"{self._url}/v1/{body.signal}"
        try:
            async with self._session.post(url, data=body.data, headers=body.headers, timeout=timeout) as answer:
                return answer.ok
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return False


def headers_from_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Read ``name=value,name=value``, values percent-encoded, as OpenTelemetry defines it."""
    given = (os.environ if environ is None else environ).get(HEADERS_VARIABLE, "")
    pairs = (part.partition("=") for part in given.split(",") if "=" in part)
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs}
