"""One attempt of two steps for each installed agent, with everything marked that an arm can say; run once."""

import asyncio
import contextlib
import ipaddress
import itertools
import json
import socket
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from assay.sandboxes.base import DOOR_PORT
from assay.testing.agent_cases import Case, Seen, drive_cases
from assay.testing.driving import missing_agent
from assay.testing.tasks import make_task

KEY = "sk-real-key-of-this-test-4711"
PROBE = "/opt/toolchain/bin/python -I probe.py"
SCRIPT = {"turns": [{"do": [{"run": PROBE}]}, {"text": "SAID-BY-THE-MODEL"}]}
# Every knob that has a place in a request, for each agent those that it has.
KNOBS: Mapping[str, Mapping[str, Any]] = {
    "claude-code": {"effort": "high"},
    "codex": {"effort": "high"},
    "opencode": {"effort": "high", "temperature": 0.25, "dialect": "chat"},
    "gemini-cli": {"effort": "high", "temperature": 0.25},
    "aider": {"effort": "high", "temperature": 0.25},
    "mini-swe-agent": {"effort": "high", "temperature": 0.25},
}
VISIBLE = 'def test_seen():\n    assert "".join(["MARK-OF-", "FEEDBACK"]) == ""\n'
MARKED = {
    "prefix": "PREFIX-MARK ",
    "suffix": " SUFFIX-MARK",
    "system": "SYSTEM-MARK",
    "follow_ups": ["FOLLOW-MARK {test_results}"],
}
# aider's model has no tools; what aider runs by itself is a test command.
RULED = {
    "instructions": "INSTRUCTIONS-MARK",
    "settings": {"aider": {"auto-test": True, "test-cmd": PROBE}},
}


@pytest.fixture(scope="session")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Seen]:
    """Return the marked attempt of an agent; skips for one that is not installed."""
    missing = {agent: missing_agent(agent) for agent in KNOBS}
    cases = [
        Case(agent, "marked", SCRIPT, knobs, profile="ruled", variant="marked")
        for agent, knobs in KNOBS.items()
        if missing[agent] is None
    ]
    root = tmp_path_factory.mktemp("marked")
    with _ports() as ports:
        _prepare(root, ports)
        given = {
            "suite": str(root / "suite"),
            "tasks": ["tiny"],
            "models": {"main": "lab/always"},
            "providers": {"lab": {"key": f"file:{root / 'key'}", "auth": "bearer"}},
            "variants": {"marked": MARKED},
            "profiles": {"ruled": RULED},
        }
        found = asyncio.run(drive_cases(root, cases, concurrency=3, **given)) if cases else {}

    def get(agent: str) -> Seen:
        if missing[agent] is not None:
            pytest.skip(str(missing[agent]))
        return found[agent, "marked"]

    return get


@pytest.fixture(scope="session")
def reached(marked: Callable[[str], Seen]) -> Callable[[str], Mapping[str, Any]]:
    """Return what a program of the agent's tools reached and read; it lies in the workspace's snapshot."""

    def get(agent: str) -> Mapping[str, Any]:
        with tarfile.open(marked(agent).driven.folder / "steps" / "0" / "workspace.tar") as tar:
            member = tar.extractfile("reached.json")
            assert member is not None
            result: Mapping[str, Any] = json.loads(member.read())
            return result

    return get


def _prepare(root: Path, ports: list[int]) -> None:
    make_task(root / "suite")
    start = root / "suite" / "tiny" / "start"
    knocks = [(host, port) for host in sorted(_own_addresses()) for port in (*_open_ports(), *ports)]
    knocks += [("1.1.1.1", 443), ("192.0.2.1", 80), ("2606:4700:4700::1111", 443), ("127.0.0.1", 53)]
    knocks.append(("127.0.0.1", DOOR_PORT))
    told = {"tcp": knocks, "udp": ["1.1.1.1", "192.0.2.1", "2606:4700:4700::1111"], "key": KEY[::-1]}
    (start / "test_seen.py").write_text(VISIBLE)
    (start / "probe.json").write_text(json.dumps(told))
    (start / "probe.py").write_text(Path(__file__).with_name("probe.py").read_text())
    (root / "key").write_text(KEY)


@contextlib.contextmanager
def _ports() -> Iterator[list[int]]:
    """Listen on this machine, on every address."""
    with socket.create_server(("0.0.0.0", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [one.getsockname()[1], two.getsockname()[1]]
        for port in ports:
            socket.create_connection(("127.0.0.1", port)).close()
        yield ports


def _own_addresses() -> set[str]:
    """Addresses of this machine, as its kernel lists them."""
    found = {"127.0.0.1", "::1"}
    with contextlib.suppress(OSError):
        lines = Path("/proc/net/fib_trie").read_text().splitlines()
        local = (line for line, after in itertools.pairwise(lines) if "/32 host LOCAL" in after)
        found |= {line.split()[-1] for line in local}
    with contextlib.suppress(OSError):
        packed = (bytes.fromhex(line.split()[0]) for line in Path("/proc/net/if_inet6").read_text().splitlines())
        found |= {str(ipaddress.IPv6Address(address)) for address in packed}
    return found


def _open_ports() -> list[int]:
    """Ports on which this machine listens; none where it does not say."""
    with contextlib.suppress(OSError):
        rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return sorted({int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A"} - {DOOR_PORT})[:40]
    return []
