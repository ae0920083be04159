"""``ScriptedUpstream``: a model's server on loopback that says what it was told to, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeAlias

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Received:
    """One request, as it came over the wire."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of that name, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def data(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. ``body`` is sent as given; a sequence is sent piece by piece, chunked.

    ``delay_s`` comes before the headers, ``pause_s`` between pieces. ``cut`` breaks the connection after the last
    piece, ``hang`` keeps it open without an end, ``silent`` breaks it before any byte.
    """

    body: bytes | Sequence[bytes] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    delay_s: float = 0.0
    pause_s: float = 0.0
    cut: bool = False
    hang: bool = False
    silent: bool = False


Script: TypeAlias = Reply | Iterable[Reply] | Callable[[Received], Reply]


class ScriptedUpstream:
    """An async context manager; ``url`` is its address, ``requests`` what came. The last reply of a list repeats."""

    def __init__(self, script: Script) -> None:
        self._replies = [script] if isinstance(script, Reply) else None if callable(script) else list(script)
        self._choose = script if callable(script) else None
        self.requests: list[Received] = []
        self.url = ""
        self.open_now = 0
        self.most_open = 0
        self.connections: set[int] = set()
        self._runner: web.ServerRunner | None = None
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        """Listen on a free port of 127.0.0.1."""
        server = web.Server(self._handle, access_log=None, auto_decompress=False, handler_cancellation=True)
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def arrived(self, count: int, timeout_s: float = 5.0) -> None:
        """Return once that many requests have come. Raises ``TimeoutError``."""
        await self._until(lambda: len(self.requests) >= count, timeout_s)

    async def idle(self, timeout_s: float = 5.0) -> None:
        """Return once no request is being answered. Raises ``TimeoutError``."""
        await self._until(lambda: self.open_now == 0, timeout_s)

    async def _until(self, holds: Callable[[], bool], timeout_s: float) -> None:
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(holds)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        self.connections.add(id(request.transport))
        try:
            body = await request.content.read()  # without the size limit of read()
            received = Received(request.method, request.raw_path, tuple(request.headers.items()), body)
            self.requests.append(received)
            await self._tell()
            return await self._reply(self._next(received), request)
        finally:
            self.open_now -= 1
            await self._tell()

    def _next(self, received: Received) -> Reply:
        if self._choose is not None:
            return self._choose(received)
        assert self._replies
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    async def _reply(self, reply: Reply, request: web.BaseRequest) -> web.StreamResponse:
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        if reply.silent:
            return _break_off(request, web.Response())
        if isinstance(reply.body, bytes) and not reply.cut and not reply.hang:
            return web.Response(status=reply.status, body=reply.body, headers=reply.headers)
        response = web.StreamResponse(status=reply.status, headers=reply.headers)
        await response.prepare(request)
        for piece in [reply.body] if isinstance(reply.body, bytes) else reply.body:
            await response.write(piece)
            await asyncio.sleep(reply.pause_s)
        if reply.hang:
            await asyncio.Event().wait()
        if reply.cut:
            return _break_off(request, response)
        await response.write_eof()
        return response


def _break_off(request: web.BaseRequest, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response
