"""What the gateway adds to a call: against a direct call and a bare aiohttp proxy, in one run.

    python benchmarks/gateway.py [--seconds 3] [--json]

Three roles in processes of their own: an upstream that answers at once, the proxy, and the load. Upstream and
load are raw asyncio protocols, so that on two cores the proxy is what is measured. The gateway runs as in an
experiment: token in the path, key injected, usage parsed, priced, log and bodies written.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from assay.gateway.base import Upstream, Visitor
from assay.gateway.server import GatewayServer
from assay.prices import PriceBook
from assay.providers import Provider
from assay.records import Dialect, OwnerKind
from assay.testing.wire import question, streamed, whole

TICKS = os.sysconf("SC_CLK_TCK")


# --- upstream -----------------------------------------------------------------------------------------------


class Answering(asyncio.Protocol):
    """Reads requests by Content-Length and answers each with the same bytes; streams when asked to."""

    def __init__(self, plain: bytes, events: bytes) -> None:
        self.plain, self.events, self.buffer = plain, events, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            if len(self.buffer) < end + 4 + length:
                return
            body, self.buffer = self.buffer[end + 4 : end + 4 + length], self.buffer[end + 4 + length :]
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.write(self.events if b'"stream": true' in body else self.plain)


async def serve_upstream(dialect: Dialect) -> None:
    answer = whole(dialect, "word " * 300).body
    assert isinstance(answer, bytes)
    plain = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer)
    pieces = streamed(dialect, "word " * 30).body
    events = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    events += (
        b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if isinstance(piece, bytes)) + b"0\r\n\r\n"
    )
    server = await asyncio.get_running_loop().create_server(lambda: Answering(plain, events), "127.0.0.1", 0)
    print(json.dumps({"url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}), flush=True)
    await server.serve_forever()


# --- proxies ------------------------------------------------------------------------------------------------


async def serve_bare(url: str) -> None:
    """The proxy that one would write on one page: nothing parsed, nothing recorded."""
    session = aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0))

    async def forward(request: web.Request) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name not in {"Host", "Content-Length"}}
        async with session.post(url + request.path_qs, data=await request.read(), headers=headers) as answer:
            response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    app = web.Application()
    app.router.add_post("/{path:.*}", forward)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(json.dumps({"url": f"http://127.0.0.1:{runner.addresses[0][1]}"}), flush=True)
    await asyncio.Event().wait()


async def serve_assay(url: str, folder: Path, keep: str) -> None:
    gateway = await GatewayServer.start(folder / "g.sock", prices=PriceBook(), tcp_port=0)
    os.environ["BENCH_KEY"] = "sk-benchmark-0123456789"
    rates = {"*": {"input": 3.0, "output": 15.0, "cache_read": 0.3}}
    provider = Provider("bench", url, tuple(Dialect), key_env="BENCH_KEY", prices=rates)
    visitor = Visitor(
        OwnerKind.TRIAL, "trial", "attempt", {"model-a": Upstream(provider, "model-a")}, folder, keep_bodies=keep
    )
    door = gateway.open(visitor)
    base = door.base_urls(gateway.tcp_url or "")[Dialect.MESSAGES].rsplit("/", 1)[0]
    print(json.dumps({"url": base, "socket": str(gateway.socket)}), flush=True)
    await asyncio.Event().wait()


@contextmanager
def process(*role: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str], float]]:
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, __file__, "--role", *role], stdout=subprocess.PIPE)
    assert child.stdout is not None
    try:
        hello = json.loads(child.stdout.readline())
        yield child, hello, time.perf_counter() - began
    finally:
        child.kill()
        child.wait()


# --- load ---------------------------------------------------------------------------------------------------


class Asking(asyncio.Protocol):
    """One connection: sends the same request again and again, and times each answer."""

    def __init__(self, request: bytes, until: float) -> None:
        self.request, self.until, self.times = request, until, list[float]()
        self.buffer = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.began = time.perf_counter()
        self.buffer = b""
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.complete():
            return
        now = time.perf_counter()
        if not self.buffer.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(RuntimeError(self.buffer[:300].decode()))
            return
        self.times.append(now - self.began)
        if now < self.until:
            self.ask()
        else:
            self.done.set_result(None)

    def complete(self) -> bool:
        head, _, body = self.buffer.partition(b"\r\n\r\n")
        lower = head.lower()
        if b"chunked" in lower:
            return body.endswith(b"0\r\n\r\n")
        return b"content-length:" in lower and len(body) >= int(lower.split(b"content-length:")[1].split(b"\r\n")[0])

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("closed"))


async def load(url: str, dialect: Dialect, concurrency: int, seconds: float, *, stream: bool, size: int) -> list[float]:
    loop = asyncio.get_running_loop()
    asked = question(dialect, "model-a", stream=stream)
    asked["metadata" if dialect is Dialect.MESSAGES else "user"] = "x" * size
    body = json.dumps(asked).encode()
    host = url.split("/")[2]
    path = "/" + "/".join(url.split("/")[3:])
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nAuthorization: Bearer dummy\r\n"
    head += f"User-Agent: bench\r\nAccept: */*\r\nContent-Length: {len(body)}\r\n\r\n"
    until = time.perf_counter() + seconds
    name, port = host.split(":")
    connections = [
        (await loop.create_connection(lambda: Asking(head.encode() + body, until), name, int(port)))[1]
        for _ in range(concurrency)
    ]
    await asyncio.gather(*(connection.done for connection in connections))
    for connection in connections:
        connection.transport.close()
    return [taken for connection in connections for taken in connection.times]


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


PATHS = {Dialect.MESSAGES: "/v1/messages", Dialect.CHAT: "/v1/chat/completions", Dialect.RESPONSES: "/v1/responses"}


def measure(name: str, url: str, pid: int | None, dialect: Dialect, seconds: float) -> dict[str, float | str]:
    """One contestant: latency alone, throughput at 16, streams at 4, a large body alone."""
    row: dict[str, float | str] = {"name": name}
    asyncio.run(load(url, dialect, 4, 0.3, stream=False, size=4096))
    alone = asyncio.run(load(url, dialect, 1, seconds, stream=False, size=4096))
    row["p50_ms"] = 1000 * statistics.median(alone)
    row["p99_ms"] = 1000 * statistics.quantiles(alone, n=100)[98]
    before = cpu_s(pid) if pid else 0.0
    began = time.perf_counter()
    many = asyncio.run(load(url, dialect, 16, seconds, stream=False, size=4096))
    row["calls_per_s"] = len(many) / (time.perf_counter() - began)
    if pid:
        row["cpu_ms_per_call"] = 1000 * (cpu_s(pid) - before) / len(many)
    streams = asyncio.run(load(url, dialect, 4, seconds / 2, stream=True, size=4096))
    row["stream_p50_ms"] = 1000 * statistics.median(streams)
    large = asyncio.run(load(url, dialect, 1, seconds / 2, stream=False, size=400_000))
    row["p50_400kb_ms"] = 1000 * statistics.median(large)
    if pid:
        row["rss_mb"] = rss_mb(pid)
    return row


def compare(dialect: Dialect, seconds: float) -> list[dict[str, float | str]]:
    path = PATHS[dialect]
    rows = []
    with process("upstream", dialect.value) as (_, upstream, _):
        url = upstream["url"]
        rows.append(measure("direct", url + path, None, dialect, seconds))
        with process("bare", url) as (child, hello, start_s):
            rows.append(
                measure("bare aiohttp proxy", hello["url"] + path, child.pid, dialect, seconds) | {"start_s": start_s}
            )
        for keep in ("all", "none"):
            with (
                tempfile.TemporaryDirectory() as folder,
                process("assay", url, folder, keep) as (child, hello, start_s),
            ):
                address = f"{hello['url']}/{dialect.value}{path}"
                row = measure(f"assay gateway, bodies {keep}", address, child.pid, dialect, seconds)
                rows.append(row | {"start_s": start_s})
    return rows


def show(rows: list[dict[str, float | str]]) -> None:
    columns = [
        "p50_ms",
        "p99_ms",
        "calls_per_s",
        "cpu_ms_per_call",
        "stream_p50_ms",
        "p50_400kb_ms",
        "rss_mb",
        "start_s",
    ]
    print(f"{'':32}" + "".join(f"{column:>17}" for column in columns))
    for row in rows:
        cells = (f"{row[column]:17.2f}" if column in row else f"{'-':>17}" for column in columns)
        print(f"{row['name']:32}" + "".join(cells))
    added = float(rows[2]["p50_ms"]) - float(rows[0]["p50_ms"])
    print(
        f"added latency, p50: {added:.2f} ms (bare proxy: {float(rows[1]['p50_ms']) - float(rows[0]['p50_ms']):.2f} ms)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--dialect", type=Dialect, default=Dialect.MESSAGES)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--role", nargs="+", default=[])
    options = parser.parse_args()
    match options.role:
        case ["upstream", dialect]:
            asyncio.run(serve_upstream(Dialect(dialect)))
        case ["bare", url]:
            asyncio.run(serve_bare(url))
        case ["assay", url, folder, keep]:
            asyncio.run(serve_assay(url, Path(folder), keep))
        case _:
            rows = compare(options.dialect, options.seconds)
            if options.json:
                print(json.dumps(rows, indent=2))
            else:
                show(rows)


if __name__ == "__main__":
    main()
