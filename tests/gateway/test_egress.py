import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from assay.gateway.base import Visitor
from assay.gateway.egress import is_named, proxy_token
from assay.gateway.server import GatewayServer
from assay.records import OwnerKind


@asynccontextmanager
async def vendor() -> AsyncIterator[str]:
    """A server that no gateway understands: it says every byte back, backwards."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data[::-1])
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def visitor(folder: Path, *hosts: str) -> Visitor:
    return Visitor(OwnerKind.TRIAL, "trial", "attempt", {}, folder, egress=hosts)


async def connect(socket: Path, host: str, proxy: str) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    login = base64.b64encode(proxy.partition("://")[2].partition("@")[0].encode()).decode()
    writer.write(f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nProxy-Authorization: Basic {login}\r\n\r\n".encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    return head, reader, writer


def log(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "egress.jsonl").read_text().splitlines()]


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[GatewayServer]:
    server = await GatewayServer.start(tmp_path / "g.sock")
    yield server
    await server.stop()


async def test_a_named_host_is_reached_and_on_record(gateway: GatewayServer, tmp_path: Path) -> None:
    async with vendor() as host:
        door = gateway.open(visitor(tmp_path, host))
        head, reader, writer = await connect(gateway.socket, host, door.egress_url("http://127.0.0.1:8400"))
        assert head.startswith(b"HTTP/1.1 200 ")
        assert b"chunked" not in head.lower()
        for said in (b"\x16\x03\x01hello", b"again", b"GET / HTTP/1.1\r\n\r\n"):
            writer.write(said)
            assert await asyncio.wait_for(reader.readexactly(len(said)), 5) == said[::-1]
        writer.close()
        await asyncio.sleep(0.1)
        (line,) = log(tmp_path)
        assert (line["status"], line["sent_bytes"], line["received_bytes"]) == (200, 31, 31)
        assert f"{line['host']}:{line['port']}" == host
        assert door.activity().bytes_passed == 62
        assert (await door.close()).calls == 0


async def test_any_other_host_is_refused(gateway: GatewayServer, tmp_path: Path) -> None:
    async with vendor() as host:
        door = gateway.open(visitor(tmp_path, "api.vendor.test"))
        head, _, writer = await connect(gateway.socket, host, door.egress_url("http://x"))
        assert head.startswith(b"HTTP/1.1 403 ")
        writer.close()
        assert [line["status"] for line in log(tmp_path)] == [403]


@pytest.mark.parametrize("proxy", ["http://assay:guess@x", "http://assay@x", "http://other:guess@x", ""])
async def test_without_a_token_there_is_no_way_out(gateway: GatewayServer, tmp_path: Path, proxy: str) -> None:
    async with vendor() as host:
        gateway.open(visitor(tmp_path, host))
        head, _, writer = await connect(gateway.socket, host, proxy)
        assert head.startswith(b"HTTP/1.1 407 ")
        writer.close()
    assert not (tmp_path / "egress.jsonl").exists()


async def test_a_closed_door_ends_what_is_under_way(gateway: GatewayServer, tmp_path: Path) -> None:
    async with vendor() as host:
        door = gateway.open(visitor(tmp_path, host))
        proxy = door.egress_url("http://x")
        _, reader, writer = await connect(gateway.socket, host, proxy)
        writer.write(b"x")
        assert await reader.readexactly(1) == b"x"
        await door.close()
        assert await asyncio.wait_for(reader.read(), 5) == b""
        assert [line["status"] for line in log(tmp_path)] == [200]
        head, _, other = await connect(gateway.socket, host, proxy)
        assert head.startswith(b"HTTP/1.1 407 ")
        for each in (writer, other):
            each.close()


async def test_a_host_that_does_not_answer_is_said(gateway: GatewayServer, tmp_path: Path) -> None:
    async with vendor() as host:
        pass
    door = gateway.open(visitor(tmp_path, host))
    head, _, writer = await connect(gateway.socket, host, door.egress_url("http://x"))
    assert head.startswith(b"HTTP/1.1 502 ")
    writer.close()


def test_a_name_stands_for_https_alone() -> None:
    assert is_named("api.vendor.test", 443, ["api.vendor.test"])
    assert not is_named("api.vendor.test", 80, ["api.vendor.test"])
    assert is_named("api.vendor.test", 80, ["api.vendor.test:80"])
    assert not is_named("evil-api.vendor.test", 443, ["api.vendor.test"])


@pytest.mark.parametrize("header", [None, "", "Basic", "Basic !!", "Bearer YTpi", "Basic /////w=="])
def test_what_is_no_login_is_none(header: str | None) -> None:
    assert proxy_token(header) is None
