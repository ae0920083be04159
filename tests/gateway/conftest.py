"""A gateway on a short socket, doors to scripted upstreams, and a client that goes through them."""

import io
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import pytest

from assay.evidence.recording import Cassette
from assay.gateway.base import Budget, Upstream, Visitor
from assay.gateway.door import LocalDoor
from assay.gateway.meter import LocalMeter
from assay.gateway.server import GatewayServer
from assay.providers import Limits, Provider
from assay.records import Dialect, OwnerKind
from assay.testing.wire import model_path, question

RATES = {"*": {"input": 1.0, "output": 5.0, "cache_read": 0.1, "cache_write_5m": 1.25, "cache_write_1h": 2.0}}


@dataclass
class Inside:
    """What a program in a sandbox can do: speak to its door's address over the socket."""

    gateway: GatewayServer
    door: LocalDoor
    session: aiohttp.ClientSession

    def url(self, dialect: Dialect, *, model: str = "small", stream: bool = False) -> str:
        base = self.door.base_urls("http://127.0.0.1:8400")[dialect]
        return base + model_path(dialect, model, stream=stream)

    async def send(
        self,
        dialect: Dialect,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        model: str = "small",
        stream: bool = False,
    ) -> tuple[int, bytes, Mapping[str, str]]:
        sent = {"Content-Type": "application/json", **(headers or {})}
        async with self.session.post(
            self.url(dialect, model=model, stream=stream), data=io.BytesIO(body), headers=sent, allow_redirects=False
        ) as answer:
            return answer.status, await answer.read(), answer.headers

    async def ask(
        self, dialect: Dialect, *, model: str = "small", stream: bool = False, **more: Any
    ) -> tuple[int, bytes]:
        body = json.dumps({**question(dialect, model, stream=stream), **more}).encode()
        status, answer, _ = await self.send(dialect, body, model=model, stream=stream)
        return status, answer


Enter: TypeAlias = Callable[..., AbstractAsyncContextManager[Inside]]


@pytest.fixture
def provider() -> Callable[..., Provider]:
    def make(url: str, **changes: Any) -> Provider:
        standard: dict[str, Any] = {"auth": "none", "prices": RATES, "limits": Limits()}
        return Provider("made-up", url, tuple(Dialect), **{**standard, **changes})

    return make


@pytest.fixture
def enter(tmp_path: Path) -> Enter:
    """``async with enter(provider, ...) as inside``: a gateway, a door for model ``small``, and a client."""

    @asynccontextmanager
    async def opened(
        provider: Provider,
        *,
        model: str = "small",
        models: Mapping[str, Upstream] | None = None,
        budget: Budget | None = None,
        meter: LocalMeter | None = None,
        strict: bool = True,
        keep_bodies: str = "all",
        labels: Mapping[str, str] | None = None,
        on_price: Any = None,
        forward: str | None = None,
        replay: Cassette | None = None,
        folder: str = "evidence",
    ) -> AsyncIterator[Inside]:
        visitor = Visitor(
            OwnerKind.TRIAL,
            "trial-1",
            "attempt-1",
            models or {"small": Upstream(provider, model)},
            tmp_path / folder,
            budget or Budget(),
            labels or {},
            strict,
            keep_bodies,
        )
        with tempfile.TemporaryDirectory(prefix="gw-") as short:
            gateway = await GatewayServer.start(
                Path(short) / "g.sock", meter=meter, on_price=on_price, forward=forward, replay=replay
            )
            try:
                door = gateway.open(visitor)
                async with aiohttp.ClientSession(
                    connector=aiohttp.UnixConnector(str(gateway.socket)), auto_decompress=False
                ) as session:
                    yield Inside(gateway, door, session)
            finally:
                await gateway.stop()

    return opened
