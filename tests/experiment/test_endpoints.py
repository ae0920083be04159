from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assay.errors import ExperimentError
from assay.experiment.endpoints import ProviderEntry, resolve_model
from assay.experiment.model import Experiment
from assay.providers import KNOWN, Limits
from assay.records import Dialect

Load = Callable[..., Experiment]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lab/swift", ("lab", "swift")),
        ("openrouter/meta-llama/llama-3", ("openrouter", "meta-llama/llama-3")),
        ("claude-haiku-4-5", ("anthropic", "claude-haiku-4-5")),
        ("gpt-5.1", ("openai", "gpt-5.1")),
        ("o3", ("openai", "o3")),
        ("o4-mini", ("openai", "o4-mini")),
        ("gemini-3-pro", ("google", "gemini-3-pro")),
        ("ollama/qwen3:8b", ("ollama", "qwen3:8b")),
    ],
)
def test_a_model_id_says_where_it_lives(text: str, expected: tuple[str, str]) -> None:
    assert resolve_model(text, KNOWN) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("swift", "Write provider/model, for example openrouter/swift"),
        ("opus", "nobody knows which provider"),
        ("lab/", "names the provider 'lab'"),
        ("meta-llama/llama-3", "Write openrouter/meta-llama/llama-3, or add 'meta-llama' to 'providers'"),
        ("antropic/claude", "Did you mean 'anthropic/claude'?"),
    ],
)
def test_an_unknown_one_says_how_to_write_it(text: str, message: str) -> None:
    with pytest.raises(ExperimentError, match=message.replace("?", r"\?")):
        resolve_model(text, KNOWN)


def test_a_provider_of_ones_own(load: Load) -> None:
    text = """
model: own/m
providers:
  own:
    base_url: https://models.example.com/v1/
    dialect: [chat, responses]
    key: env:OWN_KEY
    price: {m: {input: 1, output: 2}, "*": 0}
    concurrency: 4
    requests_per_minute: 60
    max_queue_s: 5
    headers: {X-Team: evals}
"""
    own = load(text).all_providers()["own"]
    assert own.base_url == "https://models.example.com/v1"
    assert own.dialects == (Dialect.CHAT, Dialect.RESPONSES)
    assert (own.auth, own.key_env, own.key_file) == ("bearer", "OWN_KEY", None)
    assert own.prices["m"] == {"input": 1, "output": 2}
    assert own.prices["*"]["cache_read"] == 0
    assert (own.limits.concurrency, own.limits.requests_per_minute, own.limits.max_queue_s) == (4, 60, 5)
    assert own.headers == {"X-Team": "evals"}


def test_a_known_provider_keeps_what_the_file_does_not_change(load: Load) -> None:
    text = "model: claude-x\nproviders: {anthropic: {base_url: 'https://gateway.example.com', concurrency: 2}}\n"
    changed, known = load(text).all_providers()["anthropic"], KNOWN["anthropic"]
    assert changed.base_url == "https://gateway.example.com"
    assert (changed.auth, changed.key_env, changed.dialects) == (known.auth, known.key_env, known.dialects)
    assert changed.limits.concurrency == 2


def test_a_local_server_needs_no_key(load: Load) -> None:
    text = "model: own/m\nproviders: {own: {base_url: 'http://127.0.0.1:8080/v1', key: none, price: 0}}\n"
    own = load(text).all_providers()["own"]
    assert (own.auth, own.key_env, own.key_file) == ("none", None, None)
    assert set(own.prices["*"].values()) == {0}


def test_a_key_file_in_the_home_is_found_there(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    text = "model: lab/swift\nproviders: {openai: {key: 'file:~/key'}}\n"
    assert load(text).all_providers()["openai"].key_file == str(Path("/somewhere/key"))


def test_limits_of_a_provider_are_taken_over() -> None:
    entry = ProviderEntry(concurrency="auto", requests_per_minute=50, tokens_per_minute=40_000, max_queue_s=5)
    made = entry.provider("anthropic", Path())
    assert made.limits == Limits(None, 50, 5, tokens_per_minute=40_000, adaptive=True)
    assert ProviderEntry(concurrency=3).provider("openai", Path()).limits == Limits(3)
    assert ProviderEntry().provider("openai", Path()).limits == Limits()


@pytest.mark.parametrize("limits", [{"concurrency": "many"}, {"concurrency": 0}, {"tokens_per_minute": 0}])
def test_limits_that_are_none_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ProviderEntry(**limits)


def test_telemetry_is_forwarded_to_an_http_address_only(load: Load) -> None:
    assert load("seed: 1").telemetry.forward is None
    assert load("telemetry: {forward: 'http://127.0.0.1:4318/'}\n").telemetry.forward == "http://127.0.0.1:4318"
    with pytest.raises(ExperimentError, match="http or https"):
        load("telemetry: {forward: 'ftp://h'}\n")
