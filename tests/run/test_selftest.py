"""The self-test of command-line agents: what passes, what is refused, what is remembered."""

from pathlib import Path
from typing import Any

import pytest

from assay.agents.opencode import Opencode
from assay.errors import MachineError
from assay.run import selftest
from assay.run.selftest import SelfTest, require_self_tests, self_test
from assay.testing.driving import missing_agent

PASSED = SelfTest("codex", "1", 1.0, 4, sources={"stream": "agree"}, emits=("requests",), lookups=())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(selftest, "cache_root", lambda: tmp_path)
    monkeypatch.setattr(Opencode, "version", lambda self: "1")
    return tmp_path


def outcome(monkeypatch: pytest.MonkeyPatch, *results: SelfTest) -> list[str]:
    """Let the self-test come out so, one result after another; return the names that were tested."""
    tested: list[str] = []
    left = list(results)

    async def fake(name: str, sandbox: str | None = None) -> SelfTest:
        tested.append(name)
        return left.pop(0)

    monkeypatch.setattr(selftest, "self_test", fake)
    return tested


async def test_what_passed_is_remembered(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = SelfTest("opencode", "1", 2.5, 7, {"stream": "agree"}, ("requests",), ("commits",), ())
    tested = outcome(monkeypatch, passed)
    assert await require_self_tests(["opencode", "api", "nop"]) == (passed,)
    assert await require_self_tests(["opencode"]) == (passed,)
    assert tested == ["opencode"]


async def test_what_failed_is_refused_and_tried_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = SelfTest("opencode", "1", 2.5, 0, failures=("its stream tells no tokens", "it asked for example.org"))
    tested = outcome(monkeypatch, failed, failed)
    for _ in range(2):
        with pytest.raises(MachineError, match=r"tells no tokens; it asked for example\.org.*--no-self-test"):
            await require_self_tests(["opencode"])
    assert tested == ["opencode", "opencode"]


@pytest.mark.parametrize("name", ["claude-code", "codex", "opencode", "gemini-cli", "aider", "mini-swe-agent"])
async def test_the_installed_version_passes(name: str) -> None:
    missing = missing_agent(name)
    if missing:
        pytest.skip(missing)
    done: Any = await self_test(name)
    assert done.failures == ()
    assert done.lookups == ()
    assert {"tokens_total", "cost_usd", "requests", "tool_calls", "agent_wall_s"} <= set(done.emits)
    if name in {"claude-code", "codex", "opencode"}:
        assert done.sub_agents == "attributed"
        assert {"delegations_invoked", "delegated_tokens", "delegated_s"} <= set(done.emits)
