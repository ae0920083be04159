"""Accounts and clouds as an experiment file writes them."""

from pathlib import Path
from typing import Any

import pytest

from assay.errors import ExperimentError
from assay.experiment.load import experiment_from
from assay.providers import Provider
from assay.records import Dialect


def provider(name: str, **entry: Any) -> Provider:
    experiment = experiment_from(suite="focused", models=["lab/swift"], providers={name: entry}, folder=Path("/here"))
    return experiment.all_providers()[name]


def test_old_words_for_how_a_key_travels_still_work() -> None:
    assert provider("own", base_url="http://x/v1", key="env:K", auth="x-api-key").auth == "x-api-key"
    assert provider("own", base_url="http://x/v1", key="env:K").auth == "bearer"
    assert provider("anthropic", key="env:K").auth == "x-api-key"
    assert provider("anthropic", auth="none").billing == "none"


def test_key_means_the_providers_own_way() -> None:
    made = provider("anthropic", auth="key")
    assert (made.auth, made.key_env, made.billing) == ("x-api-key", "ANTHROPIC_API_KEY", "api")


def test_a_subscription_has_its_own_address_and_dialect() -> None:
    made = provider("openai", auth="subscription")
    assert (made.base_url, made.dialects) == ("https://chatgpt.com/backend-api/codex", (Dialect.RESPONSES,))
    assert (made.billing, made.key_env) == ("subscription", None)
    own = provider("anthropic", auth="subscription", key="file:login.json")
    assert (own.base_url, own.key_file) == ("https://api.anthropic.com", "/here/login.json")
    with pytest.raises(ExperimentError, match="no log-in fits it"):
        provider("google", auth="subscription")


@pytest.mark.parametrize(
    ("name", "entry", "url"),
    [
        ("bedrock", {"region": "eu-west-1"}, "https://bedrock-runtime.eu-west-1.amazonaws.com"),
        ("ours", {"kind": "vertex", "project": "p"}, "https://aiplatform.googleapis.com"),
        ("azure", {"resource": "r", "api_version": "2024-10-21"}, "https://r.openai.azure.com/openai"),
    ],
)
def test_clouds_are_addressed_by_what_they_need(name: str, entry: dict[str, str], url: str) -> None:
    assert provider(name, **entry).base_url == url


@pytest.mark.parametrize(("name", "lacks"), [("bedrock", "'region'"), ("vertex", "'project'"), ("azure", "'resource'")])
def test_what_a_cloud_lacks_is_named(name: str, lacks: str) -> None:
    with pytest.raises(ExperimentError, match=lacks):
        provider(name, concurrency=2)


def test_an_azure_of_ones_own_address_is_as_before() -> None:
    made = provider("azure", base_url="https://r.openai.azure.com/openai/v1", auth="api-key", key="env:K")
    assert (made.kind, made.auth, made.key_env) == ("http", "api-key", "K")
