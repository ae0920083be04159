"""A way out for agents that talk only to their vendor: CONNECT to named hosts, through the sandbox's one door.

Encryption stays between agent and vendor: hosts, bytes and times are on record (``egress.jsonl`` beside the gateway's
log), tokens and cost are not known. The token of the attempt is the password of the proxy.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from aiohttp import web

from assay.gateway.refusals import plain

LOG_NAME = "egress.jsonl"
USER = "assay"
HTTPS_PORT = 443
CHUNK = 1 << 16
CONNECT_S = 30.0


@dataclass(slots=True)
class Tunnel:
    """One line of ``egress.jsonl``; ``status`` as answered: 200, 403 (host not named), 502 (host not reached)."""

    host: str
    port: int
    started: int
    status: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    duration_ms: float = 0.0


def proxy_token(authorization: str | None) -> str | None:
    """Return the token that a ``Proxy-Authorization`` header carries as its password."""
    scheme, _, code = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, token = base64.b64decode(code, validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return token if user == USER else None


def no_visitor() -> web.Response:
    """Return the answer to a caller without a token of an attempt that runs."""
    headers = {"Proxy-Authenticate": "Basic"}
    return web.Response(status=407, text="this proxy is for attempts only\n", headers=headers)


def is_named(host: str, port: int, hosts: Sequence[str]) -> bool:
    """Tell whether a list names a host: ``host`` stands for port 443, ``host:port`` for another."""
    return f"{host}:{port}" in hosts or (port == HTTPS_PORT and host in hosts)


async def pass_through(
    request: web.BaseRequest, hosts: Sequence[str], folder: Path, passed: Callable[[int], None]
) -> web.StreamResponse:
    """Join the agent with the host that it asks for, to the end of either; ``passed`` hears of every chunk."""
    host, _, port = request.raw_path.rpartition(":")
    if not host or not port.isdecimal():
        return plain(400, "CONNECT wants host:port")
    tunnel = Tunnel(host.lower().strip("[]"), int(port), time.time_ns() // 1_000_000)
    began = time.perf_counter()
    try:
        return await _join(request, hosts, tunnel, passed)
    finally:
        tunnel.duration_ms = round(1000 * (time.perf_counter() - began), 3)
        with (folder / LOG_NAME).open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(tunnel)) + "\n")


async def _join(
    request: web.BaseRequest, hosts: Sequence[str], tunnel: Tunnel, passed: Callable[[int], None]
) -> web.StreamResponse:
    if not is_named(tunnel.host, tunnel.port, hosts):
        tunnel.status = 403
        return plain(403, f"{tunnel.host}:{tunnel.port} is not among the hosts of 'egress'")
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(tunnel.host, tunnel.port)
    except OSError as error:
        tunnel.status = 502
        return plain(502, f"{tunnel.host}:{tunnel.port} cannot be reached: {error}")
    tunnel.status = 200
    response = web.StreamResponse(status=200, reason="Connection established")
    response.force_close()

    async def send(data: bytes) -> None:
        writer.write(data)
        await writer.drain()
        tunnel.sent_bytes += len(data)
        passed(len(data))

    async def receive(data: bytes) -> None:
        await response.write(data)
        tunnel.received_bytes += len(data)
        passed(len(data))

    try:
        await response.prepare(request)
        agent = _Raw.of(request).reader
        await _until_one_ends(_copy(lambda: agent.read(CHUNK), send), _copy(lambda: reader.read(CHUNK), receive))
    finally:
        writer.close()
    return response


class _Raw:
    """Takes what follows the request's head as it comes; aiohttp hands it over as to a reader of web sockets."""

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader(CHUNK)

    @classmethod
    def of(cls, request: web.BaseRequest) -> Self:
        """Take over a connection whose CONNECT has been answered; a slow vendor slows the agent."""
        raw = cls()
        if request.transport is not None:
            raw.reader.set_transport(request.transport)
        request.protocol.set_parser(raw)  # type: ignore[arg-type]  # two methods of it are used
        return raw

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take a chunk; nothing of it is left over."""
        self.reader.feed_data(data)
        return False, b""

    def feed_eof(self) -> None:
        """The agent has hung up."""
        self.reader.feed_eof()


async def _copy(read: Callable[[], Awaitable[bytes]], write: Callable[[bytes], Awaitable[None]]) -> None:
    try:
        while data := await read():
            await write(data)
    except ConnectionError:
        return


async def _until_one_ends(*ways: Awaitable[None]) -> None:
    """Run both ways; when one has ended the other is of no use: TLS ends a conversation as a whole."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
