"""A user's own log-in: read on the host, sent as its client sends it, held when its window is used up."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from assay.errors import CredentialError
from assay.gateway.logins import read_login
from assay.gateway.windows import Window, window_reset
from assay.providers import Provider
from assay.records import Dialect
from assay.testing.upstream import Reply, ScriptedUpstream
from assay.testing.wire import question, whole

OLD, NEW = "sk-ant-oat01-old-4b1d", "sk-ant-oat01-new-9c2e"


def claude(url: str) -> Provider:
    prices = {"*": {"input": 1.0, "output": 5.0}}
    return Provider("anthropic", url, (Dialect.MESSAGES,), auth="subscription", prices=prices)


def codex(url: str) -> Provider:
    return Provider("openai", f"{url}/backend-api/codex", (Dialect.RESPONSES,), auth="subscription")


def log_in(folder: Path, token: str, expires_in: float = 3600.0) -> Path:
    path = folder / ".credentials.json"
    oauth = {"accessToken": token, "refreshToken": "r", "expiresAt": int(1000 * (time.time() + expires_in))}
    path.write_text(json.dumps({"claudeAiOauth": oauth}))
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CLAUDE_CODE_OAUTH_TOKEN", raising=False)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("CODEX_HOME", str(tmp_path))
    return tmp_path


async def test_claude_codes_token_goes_out_with_its_beta_and_is_renewed_with_the_file(home: Path, enter: Any) -> None:
    path = log_in(home, OLD)
    asked = json.dumps(question(Dialect.MESSAGES, "small")).encode()
    sent = {"x-api-key": "dummy", "Authorization": "Bearer dummy", "anthropic-beta": "claude-code-20250219"}
    async with ScriptedUpstream(whole(Dialect.MESSAGES, OLD)) as upstream, enter(claude(upstream.url)) as inside:
        _, answer, _ = await inside.send(Dialect.MESSAGES, asked, sent)
        log_in(home, NEW)
        os.utime(path, ns=(1, 1))
        await inside.send(Dialect.MESSAGES, asked, sent)
        await inside.door.close()
        written = b"".join(path.read_bytes() for path in inside.door.visitor.folder.rglob("*") if path.is_file())
    first, second = upstream.requests
    assert first.header("Authorization") == f"Bearer {OLD}"
    assert first.header("anthropic-beta") == "claude-code-20250219,oauth-2025-04-20"
    assert first.header("x-api-key") is None
    assert second.header("Authorization") == f"Bearer {NEW}"
    assert OLD.encode() not in answer
    assert OLD.encode() not in written


async def test_codex_sends_its_account(home: Path, enter: Any) -> None:
    tokens = {"access_token": "eyJ.codex.token", "refresh_token": "r", "account_id": "acc-1"}
    (home / "auth.json").write_text(json.dumps({"OPENAI_API_KEY": None, "tokens": tokens}))
    async with ScriptedUpstream(whole(Dialect.RESPONSES)) as upstream, enter(codex(upstream.url)) as inside:
        await inside.ask(Dialect.RESPONSES)
    received = upstream.requests[0]
    assert received.target == "/backend-api/codex/responses"
    assert received.header("Authorization") == "Bearer eyJ.codex.token"
    assert received.header("ChatGPT-Account-ID") == "acc-1"


def test_the_variable_comes_before_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(home, OLD)
    monkeypatch.setenv("CLAUDE_CODE_OAUTH_TOKEN", NEW)
    assert read_login(claude("http://127.0.0.1:9")).token.reveal() == NEW


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "no log-in of claude-code"), ("{", "holds no log-in"), ('{"claudeAiOauth": {}}', "holds no log-in")],
)
def test_no_log_in_is_one_line_with_the_remedy(content: str | None, says: str, home: Path) -> None:
    if content is not None:
        (home / ".credentials.json").write_text(content)
    with pytest.raises(CredentialError, match=says) as caught:
        read_login(claude("http://127.0.0.1:9"))
    assert "Log in with 'claude'" in str(caught.value)


def test_an_expired_one_is_not_sent(home: Path) -> None:
    log_in(home, OLD, expires_in=-1)
    with pytest.raises(CredentialError, match="has expired") as caught:
        read_login(claude("http://127.0.0.1:9"))
    assert OLD not in str(caught.value)


def test_a_log_in_goes_to_its_maker_only(home: Path) -> None:
    log_in(home, OLD)
    with pytest.raises(CredentialError, match=r"not sent to elsewhere\.example"):
        read_login(claude("https://elsewhere.example"))


ANTHROPIC_LIMIT = {"type": "error", "error": {"type": "rate_limit_error", "message": "usage limit reached"}}


async def test_a_used_up_window_is_passed_on_once_and_then_held(home: Path, enter: Any) -> None:
    log_in(home, OLD)
    opens = int(time.time()) + 3600
    headers = {
        "Content-Type": "application/json",
        "anthropic-ratelimit-unified-status": "rejected",
        "anthropic-ratelimit-unified-reset": str(opens),
    }
    reply = Reply(json.dumps(ANTHROPIC_LIMIT).encode(), 429, headers)
    async with ScriptedUpstream(reply) as upstream, enter(claude(upstream.url)) as inside:
        first, _ = await inside.ask(Dialect.MESSAGES)
        second, said = await inside.ask(Dialect.MESSAGES)
        assert inside.gateway.paused_until() == opens
        totals = await inside.door.close()
    assert (first, second) == (429, 429)
    assert len(upstream.requests) == 1, "nothing more is sent while it is closed"
    assert b"usage window" in said
    assert totals.paused_until == opens
    assert not totals.over_budget


def test_what_counts_as_a_used_up_window() -> None:
    spent = b'{"error": {"type": "usage_limit_reached", "resets_at": 2000, "resets_in_seconds": 5}}'
    waits = b'{"error": {"type": "usage_limit_reached", "resets_in_seconds": 5}}'
    silent = b'{"error": {"type": "usage_limit_reached"}}'
    assert window_reset(429, {}, spent, 1000.0) == 2000.0
    assert window_reset(429, {}, waits, 1000.0) == 1005.0
    assert window_reset(429, {}, silent, 1000.0) == 1300.0
    assert window_reset(429, {"retry-after": "7"}, b'{"error": {"type": "rate_limit_error"}}', 1000.0) is None
    assert window_reset(200, {"anthropic-ratelimit-unified-status": "rejected"}, b"", 1000.0) is None
    assert window_reset(429, {}, b"not json", 1000.0) is None


def test_a_window_opens_by_itself() -> None:
    now = [100.0]
    window = Window(lambda: now[0])
    window.close(160.0)
    window.close(130.0)
    assert window.closed_until == 160.0
    now[0] = 160.0
    assert window.closed_until is None
