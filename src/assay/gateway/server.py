"""The gateway: one HTTP server on a unix socket (and, where asked, on loopback TCP) between sandboxes and models."""

from __future__ import annotations

import asyncio
import resource
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self, TypeAlias

import aiohttp
from aiohttp import web

from assay.errors import MachineError
from assay.evidence.otlp import SIGNALS
from assay.evidence.recording import Cassette
from assay.gateway.admission import MAX_REQUEST_BYTES, admit
from assay.gateway.base import Visitor
from assay.gateway.bodies import BodyStore
from assay.gateway.counting import count_tokens
from assay.gateway.credentials import auth_header, read_key
from assay.gateway.door import LocalDoor, digest
from assay.gateway.egress import no_visitor, pass_through, proxy_token
from assay.gateway.exchange import Exchange
from assay.gateway.forwarding import Forwarder
from assay.gateway.jobs import Link
from assay.gateway.listing import list_models
from assay.gateway.meter import LocalMeter, Meter
from assay.gateway.pacing import Pacer
from assay.gateway.refusals import RefusedError, plain
from assay.gateway.replaying import answer_from
from assay.gateway.signing import signer_for
from assay.gateway.targets import Action, Target, target
from assay.prices import PriceBook
from assay.providers import Provider
from assay.records import Price

OnPrice: TypeAlias = Callable[[Price], Awaitable[Price]]

CONNECT_TIMEOUT_S = 30.0
_SIGNAL_PATHS = {f"otlp/v1/{signal}": signal for signal in SIGNALS}


class GatewayServer:
    """Implements ``Gateway``. One per driver; all doors share its meter, prices, keys and limits."""

    def __init__(self, socket: Path, prices: PriceBook, meter: Meter, on_price: OnPrice | None) -> None:
        """Use ``start``."""
        self.socket = socket
        self.tcp_url: str | None = None
        self.meter = meter
        self._book = prices
        self._on_price = on_price
        self._prices: dict[tuple[str, str, str], Price | None] = {}
        self._price_lock = asyncio.Lock()
        self._links: dict[str, Link] = {}
        self._live: dict[bytes, LocalDoor] = {}
        self._dead: set[bytes] = set()
        self._bodies = BodyStore()
        self._forwarder: Forwarder | None = None
        self._cassette: Cassette | None = None
        self.session = _session()
        server = _Listener(
            self._handle,
            request_factory=_request,
            handler_cancellation=True,
            access_log=None,
            auto_decompress=False,
            lingering_time=2.0,
        )
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=1.0)

    @classmethod
    async def start(
        cls,
        socket: Path,
        *,
        prices: PriceBook | None = None,
        meter: Meter | None = None,
        on_price: OnPrice | None = None,
        tcp_port: int | None = None,
        forward: str | None = None,
        replay: Cassette | None = None,
    ) -> Self:
        """Listen. ``on_price`` freezes a price at first sight and returns the one that counts (the ledger's).

        ``tcp_port`` adds a door on 127.0.0.1 (0 = any free port), whose address is then ``tcp_url``.
        ``forward`` is the OTLP/HTTP address of a back end that gets all telemetry too.
        With ``replay`` every call is answered from that recording; no key is read, and no provider is asked anything.
        Raises ``MachineError`` when the socket cannot be made.
        """
        server = cls(socket, prices or PriceBook(), meter or LocalMeter(), on_price)
        server._cassette = replay
        server._forwarder = None if forward is None else Forwarder(forward, server.session)
        await server._runner.setup()
        try:
            socket.parent.mkdir(parents=True, exist_ok=True)
            await web.UnixSite(server._runner, str(socket)).start()
            _open_to_all(socket)
            if tcp_port is not None:
                await server._listen_tcp(tcp_port)
        except OSError as error:
            await server.stop()
            raise MachineError(
                f"the gateway's socket cannot be made: {error}", where=socket, remedy="Use a short path on a local disk"
            ) from error
        return server

    async def stop(self) -> None:
        """Close every door, then the server. Idempotent."""
        for door in list(self._live.values()):
            await door.close()
        await self._runner.cleanup()
        if self._forwarder is not None:
            await self._forwarder.stop()
        await self.session.close()
        self._bodies.stop()
        self.socket.unlink(missing_ok=True)

    def open(self, visitor: Visitor) -> LocalDoor:
        """See ``Gateway.open``. Raises ``CredentialError`` when a key of one of its providers cannot be read."""
        for upstream in visitor.models.values():
            self.link(upstream.provider)
        door = LocalDoor(visitor, self.meter, self._bodies, self._close_door, self._forwarder)
        self._live[door.digest] = door
        return door

    async def price(self, provider: Provider, model: str) -> Price | None:
        """Return the frozen price of a model, resolved at first sight."""
        key = (provider.name, provider.base_url, model)
        if key not in self._prices:
            async with self._price_lock:
                if key not in self._prices:
                    price = await asyncio.to_thread(self._book.resolve, provider, model)
                    if price is not None and self._on_price is not None:
                        price = await self._on_price(price)
                    self._prices[key] = price
        return self._prices[key]

    @property
    def replays(self) -> bool:
        """True when every call is answered from a recording."""
        return self._cassette is not None

    def _close_door(self, door: LocalDoor) -> None:
        self._live.pop(door.digest, None)
        self._dead.add(door.digest)

    def link(self, provider: Provider) -> Link:
        """Return the provider with its key and limits. Raises ``CredentialError``."""
        link = self._links.get(provider.name)
        if link is None or link.provider != provider:
            live = self._cassette is None
            signer = signer_for(provider) if live else None
            secret = read_key(provider) if live and signer is None else None
            # The system's trust store (or SSL_CERT_FILE) as it is now; reading it takes 40 ms, so only where needed.
            trust = ssl.create_default_context() if provider.base_url.startswith("https:") else True
            link = Link(provider, secret, auth_header(provider, secret), Pacer(provider.limits), trust, signer)
            self._links[provider.name] = link
        return link

    def paused_until(self) -> float | None:
        """When the last used-up usage window of a subscription opens again (epoch seconds); None = all are open."""
        closed = [until for link in self._links.values() if (until := link.window.closed_until) is not None]
        return max(closed, default=None)

    async def _listen_tcp(self, port: int) -> None:
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.tcp_url = f"http://127.0.0.1:{self._runner.addresses[-1][1]}"

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Find the door, then what is asked of it."""
        if request.method == "CONNECT":
            return await self._connect(request)
        path, _, query = request.raw_path.partition("?")
        head, token, rest = _parts(path)
        hashed = digest(token)
        door = self._live.get(hashed) if head == "a" else None
        if door is None:
            return (
                plain(410, "this door is closed") if head == "a" and hashed in self._dead else plain(404, "not found")
            )
        signal = _SIGNAL_PATHS.get(rest)
        if signal is not None:
            return await door.telemetry.take(signal, request) if request.method == "POST" else plain(405, "only POST")
        aim = target(rest)
        if aim is None:
            return plain(404, "not found")
        if request.method != aim.method:
            return plain(405, f"only {aim.method}", allow=aim.method)
        return await self._answer(door, aim, query, request)

    async def _connect(self, request: web.BaseRequest) -> web.StreamResponse:
        token = proxy_token(request.headers.get("Proxy-Authorization"))
        door = None if token is None else self._live.get(digest(token))
        if door is None:
            return no_visitor()
        with door.tunnel():
            return await pass_through(request, door.visitor.egress, door.visitor.folder, door.passed)

    async def _answer(self, door: LocalDoor, aim: Target, query: str, request: web.BaseRequest) -> web.StreamResponse:
        if aim.action is Action.LIST:
            return list_models(aim.dialect, door.visitor.models)
        try:
            with door.visit():
                if aim.action is Action.COUNT:
                    return await count_tokens(self, door, aim, query, request)
                job = await admit(self, door, aim, query, request)
                if self._cassette is not None:
                    return await answer_from(self._cassette, job)
                return await Exchange(job, self.session).run(request)
        except RefusedError as refused:
            return refused.answer(door, aim.dialect)


class _Listener(web.Server):
    """Leaves half of the process's file descriptors to the rest of the driver, whatever a sandbox opens."""

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        if len(self.connections) > resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2:
            transport.abort()


def _open_to_all(socket: Path) -> None:
    """Let sandboxes, which run under other uids, connect: the token in the path is the secret."""
    socket.chmod(0o666)


def _parts(path: str) -> tuple[str, str, str]:
    """Split ``/a/<token>/<rest>``."""
    parts = path.split("/", 3)
    return (parts[1], parts[2], parts[3]) if len(parts) == 4 else ("", "", "")  # noqa: PLR2004 - one is empty


def _request(
    message: aiohttp.http.RawRequestMessage,
    payload: aiohttp.StreamReader,
    protocol: web.RequestHandler,
    writer: aiohttp.abc.AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_REQUEST_BYTES)


def _session() -> aiohttp.ClientSession:
    """A client that adds nothing of its own and keeps connections.

    Proxies are worked out once per address (see ``headers.proxy_for``): aiohttp's own ``trust_env`` would also
    send what it finds in ``.netrc``.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
    )
