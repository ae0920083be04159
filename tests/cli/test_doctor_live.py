"""One tiny call per provider with a key; the transcript shows neither key nor account."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from assay.cli.doctor import doctor
from assay.cli.doctor_live import live
from assay.providers import Provider
from assay.records import Dialect
from assay.run.live import live_calls, redacted
from assay.testing.upstream import Received, Reply, ScriptedUpstream
from assay.testing.wire import whole

KEY = "sk-ant-real-7f3a9c0d1e5b4826"
ORG = "org-Q4kd81mQpz77"
PATHS = {"/messages": Dialect.MESSAGES, "/chat/completions": Dialect.CHAT, "/responses": Dialect.RESPONSES}


def answer(received: Received) -> Reply:
    """Each dialect's own shape, with an account in headers and body."""
    dialect = next(dialect for path, dialect in PATHS.items() if path in received.target)
    reply = whole(dialect, f"OK from {ORG}")
    headers = {"anthropic-organization-id": ORG, "x-ratelimit-limit-requests": "50", "request-id": "req_0123456789"}
    return Reply(reply.body, headers={**reply.headers, **headers})


def refuse(received: Received) -> Reply:
    said = f"Incorrect API key {received.header('Authorization')} in organization {ORG}"
    return Reply(json.dumps({"error": {"message": said}}).encode(), 401)


def providers(url: str) -> dict[str, Provider]:
    made = (
        Provider("anthropic", url, (Dialect.MESSAGES,), auth="x-api-key", key_env="LIVE_ONE"),
        Provider("openai", f"{url}/v1", (Dialect.CHAT, Dialect.RESPONSES), key_env="LIVE_TWO"),
        Provider("google", url, (Dialect.CHAT,), key_env="LIVE_NONE"),
        Provider("lab", "http://127.0.0.1:0", (Dialect.CHAT,), kind="lab", auth="none"),
    )
    return {provider.name: provider for provider in made}


MODELS = {"anthropic": ("claude-tiny",), "openai": ("gpt-tiny",), "google": ("gemini-tiny",)}


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    found = {"LIVE_ONE": KEY, "LIVE_TWO": KEY}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


async def test_every_dialect_is_called_and_the_transcript_is_clean(keys: dict[str, str]) -> None:
    async with ScriptedUpstream(answer) as upstream:
        made, left = await live_calls(providers(upstream.url), MODELS, keys)
    assert [(one.probe.provider, one.probe.dialect.value) for one in made] == [
        ("anthropic", "messages"),
        ("openai", "chat"),
        ("openai", "responses"),
    ]
    assert all(one.probe.ok and one.probe.served == "served-1" for one in made)
    assert made[0].probe.limits == {"requests_per_minute": 50}
    assert {one.provider: one.reason for one in left} == {
        "google": "LIVE_NONE is not set",
        "lab": "simulated: there is nothing to call",
    }
    assert upstream.requests[0].header("x-api-key") == KEY, "the real key went out"
    written = json.dumps([one.to_json() for one in made])
    assert KEY not in written
    assert ORG not in written
    assert made[0].request["model"] == "claude-tiny"
    assert made[0].answer["content"][0]["text"] == "OK from [redacted]"
    assert made[0].headers["anthropic-organization-id"] == "[redacted]"
    assert made[0].headers["x-ratelimit-limit-requests"] == "50"


async def test_a_refused_key_is_a_result_and_not_shown(keys: dict[str, str]) -> None:
    async with ScriptedUpstream(refuse) as upstream:
        made, _ = await live_calls(providers(upstream.url), {"openai": ("gpt-tiny",)}, keys)
    assert [one.probe.status for one in made] == [401, 401]
    assert made[0].probe.remedy == "Check the key"
    written = json.dumps([one.to_json() for one in made])
    assert KEY not in written
    assert ORG not in written


def test_nothing_to_try_fails_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = live((), tmp_path / "t.json", as_json=False, providers=providers("http://127.0.0.1:9"), environ={})
    assert not found
    assert "nothing was tried: no key is set" in capsys.readouterr().out
    assert json.loads((tmp_path / "t.json").read_text())["calls"] == []


def test_an_unreachable_provider_makes_it_fail(tmp_path: Path, keys: dict[str, str]) -> None:
    path = tmp_path / "t.json"
    made = providers("http://127.0.0.1:9")
    assert not live(("anthropic/claude-tiny",), path, as_json=True, providers=made, environ=keys)
    call = json.loads(path.read_text())["calls"][0]
    assert call["probe"]["remedy"] == "Check base_url and that the server runs"


def test_its_options_go_with_live_only() -> None:
    done = CliRunner().invoke(doctor, ["--model", "lab/swift"])
    assert done.exit_code == 2
    assert "go with --live" in done.output


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"x {ORG} y",
        "proj_abcdef12345",
        "me@example.org",
        "0a1b2c3d-0000-4000-8000-0123456789ab",
        "arn:123456789012",
    ],
)
def test_what_tells_of_an_account_is_hidden(text: str) -> None:
    assert "[redacted]" in redacted({"message": text}, None)["message"]
    assert redacted({"id": "anything"}, None) == {"id": "[redacted]"}
