"""Telemetry taken in: spans a second through the gateway's door over HTTP, beside ``rotel`` where it installs.

    python benchmarks/otlp.py [--seconds 4] [--json]

Four clients on loopback send protobuf bodies of 512 spans such as Claude Code exports (some 461 bytes each), every body
another one. The gateway checks, hashes and appends each to a file; rotel, a collector in Rust, throws them away.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from assay.gateway import otlp
from assay.gateway.base import Visitor
from assay.gateway.server import GatewayServer
from assay.records import OwnerKind

CLIENTS = 4
SPANS = 512


def body() -> bytes:
    """Return spans with the attributes of ``claude_code.llm_request``."""
    texts = {
        "session.id": "0f0c2a52-6a0c-4f9e-9f5e-9a8b0c1d2e3f",
        "user.id": "a" * 43,
        "model": "claude-opus-4-8",
        "gen_ai.system": "anthropic",
        "gen_ai.request.model": "claude-opus-4-8",
        "stop_reason": "tool_use",
        "terminal.type": "non-interactive",
    }
    numbers = {"input_tokens": 1843, "output_tokens": 512, "cache_read_tokens": 20_311, "ttft_ms": 840, "attempt": 1}
    attributes = [{"key": key, "value": {"string_value": value}} for key, value in texts.items()]
    attributes += [{"key": key, "value": {"int_value": value}} for key, value in numbers.items()]
    spans = [
        {
            "name": "claude_code.llm_request",
            "trace_id": secrets.token_bytes(16),
            "span_id": secrets.token_bytes(8),
            "parent_span_id": secrets.token_bytes(8),
            "start_time_unix_nano": 1_790_000_000_000_000_000 + number,
            "end_time_unix_nano": 1_790_000_000_800_000_000 + number,
            "attributes": attributes,
        }
        for number in range(SPANS)
    ]
    fields: dict[str, Any] = {"resource_spans": [{"scope_spans": [{"spans": spans}]}]}
    return bytes(ExportTraceServiceRequest(**fields).SerializeToString())


async def serve(folder: Path) -> None:
    otlp.MAX_BYTES = 64 << 30  # the cap of one attempt would end the measurement
    gateway = await GatewayServer.start(folder / "g.sock", tcp_port=0)
    door = gateway.open(Visitor(OwnerKind.TRIAL, "trial", "attempt", {}, folder))
    print(json.dumps({"url": door.otlp_url(gateway.tcp_url or "")}), flush=True)
    await asyncio.Event().wait()


def load(url: str, seconds: float) -> None:
    """One client: posts over one connection and prints how many bodies were taken."""
    host, _, path = url.removeprefix("http://").partition("/")
    name, port = host.split(":")
    data = bytearray(body())
    head = f"POST /{path}/v1/traces HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-protobuf\r\n"
    sent = (head.replace("//v1", "/v1") + f"Content-Length: {len(data)}\r\n\r\n").encode()
    at = data.index(b"claude-opus") - 40  # within the user's id: another letter there is another body
    taken = 0
    with socket.create_connection((name, int(port))) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            data[at : at + 8] = b"%08x" % (taken * CLIENTS + os.getpid() % CLIENTS)
            connection.sendall(sent)
            connection.sendall(data)
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += connection.recv(65536)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer.decode("latin-1"))
            taken += 1
    print(taken)


def measure(url: str, seconds: float) -> float:
    """Return spans a second with all clients at once."""
    command = [sys.executable, __file__, "--role", "load", url, str(seconds)]
    clients = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(CLIENTS)]
    taken = sum(int(client.communicate()[0]) for client in clients)
    return taken * SPANS / seconds


@contextmanager
def gateway() -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen([sys.executable, __file__, "--role", "serve", folder], stdout=subprocess.PIPE)
        assert child.stdout is not None
        try:
            yield json.loads(child.stdout.readline())["url"], Path(folder)
        finally:
            child.kill()
            child.wait()


@contextmanager
def rotel() -> Iterator[str | None]:
    """Install rotel into a folder of its own and start it; None where that is not possible."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        install = [f"{folder}/bin/python", "-m", "pip", "install", "-q", "rotel"]
        if subprocess.run(install, check=False, capture_output=True).returncode != 0:
            yield None
            return
        program = shutil.which("rotel", path=f"{folder}/bin") or shutil.which("rotel-agent", path=f"{folder}/bin")
        found = [Path(program)] if program else sorted(Path(folder).rglob("rotel-agent"))
        if not found:
            yield None
            return
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [str(found[0]), "start", "--otlp-http-endpoint", f"127.0.0.1:{port}", "--exporter", "blackhole"]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}" if child.poll() is None else None
        finally:
            child.kill()
            child.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--role", nargs="+", default=[])
    options = parser.parse_args()
    match options.role:
        case ["serve", folder]:
            asyncio.run(serve(Path(folder)))
            return
        case ["load", url, seconds]:
            load(url, float(seconds))
            return
    size = len(body())
    rows: dict[str, float | None] = {"bytes_per_span": size / SPANS}
    with gateway() as (url, folder):
        rows["assay"] = measure(url, options.seconds)
        rows["megabytes_stored"] = (folder / "otlp" / "traces.bin").stat().st_size / 1e6
    with rotel() as address:
        rows["rotel"] = measure(address, options.seconds) if address else None
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    for name, value in rows.items():
        print(f"{name:20}{'not installed' if value is None else f'{value:12,.0f}'}")


if __name__ == "__main__":
    main()
