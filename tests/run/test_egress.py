"""An agent that can only talk to its vendor: it reaches the hosts that are named, and its cost is unknown."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from assay.records import Ended
from assay.run.opening import open_run
from assay.run.reporting import read_run, write_reports
from assay.testing.driving import drive_one

AGENT = """
import base64, os, socket, sys, urllib.parse
way = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
token = base64.b64encode(f"{way.username}:{way.password}".encode()).decode()
for place in sys.argv[1:]:
    line = socket.create_connection((way.hostname, way.port), 5)
    heads = [f"CONNECT {place} HTTP/1.1", f"Host: {place}", f"Proxy-Authorization: Basic {token}", "", ""]
    line.sendall("\\r\\n".join(heads).encode())
    said = line.recv(1000).split(b" ")[1].decode()
    if said == "200":
        line.sendall(b"hello")
        said += " " + line.recv(100).decode()
    print(place.split(":")[0], said, flush=True)
"""


@asynccontextmanager
async def vendor() -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"vendor heard " + await reader.read(100))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_named_hosts_are_reached_others_are_not_and_cost_is_unknown(tmp_path: Path) -> None:
    async with vendor() as port:
        driven = await drive_one(
            tmp_path,
            agent="command",
            tasks=["bug-fix-01-last-page"],
            profiles={"own": {"files": {"~/agent.py": AGENT}}},
            settings={
                "command": f"python /home/agent/agent.py localhost:{port} example.org:443",
                "egress": f"localhost:{port}",
            },
        )
    printed = (driven.folder / "steps" / "0" / "stream.jsonl").read_text()
    assert "localhost 200 vendor heard hello" in printed
    assert "example.org 403" in printed
    lines = [json.loads(line) for line in (driven.folder / "egress.jsonl").read_text().splitlines()]
    assert [(line["host"], line["status"]) for line in lines] == [("localhost", 200), ("example.org", 403)]
    assert (driven.attempt.ended, driven.attempt.spent, driven.outcome.cost) == (Ended.COMPLETED, None, None)
    run = await open_run(driven.run)
    try:
        report = write_reports(await read_run(run), driven.run.root)
    finally:
        await run.ledger.close()
    assert "unmetered: their tokens and cost are unknown" in report.read_text()
