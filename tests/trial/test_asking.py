import asyncio
import json
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from assay.gateway.base import Visitor
from assay.gateway.door import LocalDoor
from assay.gateway.server import GatewayServer
from assay.identity import Json
from assay.records import Arm, Ended
from assay.testing.agent import ScriptedAgent
from assay.trial.environment import TrialLimits

if TYPE_CHECKING:
    from tests.trial.conftest import Bench

KEEPS = (
    "mkdir -p ~/.agent/day; echo one > ~/.agent/day/s.jsonl; echo no > ~/.agent/cache; ln -s s.jsonl ~/.agent/l.jsonl"
)


@pytest.mark.parametrize(
    ("script", "ended"),
    [
        (KEEPS, Ended.COMPLETED),
        (f"{KEEPS}; exit 3", Ended.AGENT_CRASH),
        (f"{KEEPS}; trap '' INT TERM; sleep 60 & wait; sleep 60", Ended.TIMEOUT),
    ],
)
async def test_session_files_become_evidence_however_it_ended(bench: "Bench", script: str, ended: Ended) -> None:
    double = ScriptedAgent(script=script, collect=(".agent/**/*.jsonl",), grace_s=(0.1, 0.1))
    attempt = await bench.live(Arm("scripted", "0", "", ""), double=double, limits=TrialLimits(time_s=1.0))
    assert attempt.ended is ended
    home = bench.evidence(attempt) / "home"
    assert [path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()] == [".agent/day/s.jsonl"]
    assert (home / ".agent/day/s.jsonl").stat().st_mode & 0o222 == 0, "it is sealed with the rest"


async def test_an_agent_is_told_who_it_is_and_where(bench: "Bench") -> None:
    double = ScriptedAgent()
    attempt = await bench.live(Arm("scripted", "0", "always", "lab"), double=double)
    (request,) = double.requests
    assert request.otlp_url is not None
    assert request.otlp_url.startswith("http://127.0.0.1:8400/a/")
    assert request.otlp_url.endswith("/otlp")
    assert request.attributes["assay.attempt"] == attempt.id
    assert request.attributes["assay.step"] == "0"
    assert uuid.UUID(request.session).version == 5
    assert request.models == ("always",)
    assert request.workspace == "/workspace"


async def test_what_the_lab_is_told_of_an_arm(bench: "Bench", monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Mapping[str, str]] = []
    opening = GatewayServer.open

    def note(gateway: GatewayServer, visitor: Visitor) -> LocalDoor:
        seen.append(visitor.labels)
        return opening(gateway, visitor)

    monkeypatch.setattr(GatewayServer, "open", note)
    settings: dict[str, Json] = {"lab_script": {"turns": [{"say": "hello"}]}, "lab_fault": "none"}
    profile: dict[str, Json] = {"agents": [{"name": "reviewer"}, {"name": "tester"}]}
    arm = Arm("scripted", "0", "always", "lab", variant={"system": "Be brief."}, profile=profile, settings=settings)
    await bench.live(arm, double=ScriptedAgent())
    await bench.live(Arm("scripted", "0", "always", "lab"), double=ScriptedAgent())
    told, plain = seen
    assert (told["agent"], told["system"], told["delegates"]) == ("scripted", "yes", "reviewer,tester")
    assert json.loads(told["script"]) == settings["lab_script"]
    assert told["fault"] == "none"
    assert not {"system", "delegates", "script", "fault"} & plain.keys()


async def test_names_that_an_agent_looks_up_are_on_record(bench: "Bench") -> None:
    script = "/opt/toolchain/bin/python -c \"import socket; socket.gethostbyname('update.example.org')\""
    attempt = await bench.live(Arm("scripted", "0", "always", "lab"), double=ScriptedAgent(script=script))
    status = json.loads((bench.evidence(attempt) / "steps" / "0" / "status.json").read_text())
    assert status["exit"]["lookups"] == ["update.example.org"]
    ours = await bench.live(Arm("api", "0", "always", "lab"))
    status = json.loads((bench.evidence(ours) / "steps" / "0" / "status.json").read_text())
    assert status["exit"]["lookups"] is None


async def test_an_agent_that_talks_to_its_vendor_costs_an_unknown_sum(bench: "Bench") -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nanswer!")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    (bench.task.start / "vendor.py").write_text(
        "import base64, http.client, os, sys, urllib.parse\n"
        "proxy = urllib.parse.urlsplit(os.environ['HTTPS_PROXY'])\n"
        "login = base64.b64encode(f'{proxy.username}:{proxy.password}'.encode()).decode()\n"
        "for target in sys.argv[1:]:\n"
        "  link = http.client.HTTPConnection(proxy.hostname, proxy.port)\n"
        "  link.set_tunnel(target, headers={'Proxy-Authorization': 'Basic ' + login})\n"
        "  try: link.request('GET', '/'); print(link.getresponse().read().decode())\n"
        "  except OSError as error: print(error)\n"
    )
    script = f"/opt/toolchain/bin/python vendor.py {host} 127.0.0.1:9"
    arm = Arm("scripted", "0", "", "", settings={"egress": [host]})
    async with server:
        attempt = await bench.live(arm, double=ScriptedAgent(script=script))
    assert attempt.ended is Ended.COMPLETED
    assert (attempt.spent, attempt.spent_is_lower_bound) == (None, True)
    evidence = bench.evidence(attempt)
    printed = (evidence / "steps" / "0" / "stream.jsonl").read_text()
    assert "answer!" in printed
    assert "403" in printed
    lines = [json.loads(line) for line in (evidence / "egress.jsonl").read_text().splitlines()]
    assert [line["status"] for line in lines] == [200, 403]
