"""The table of known providers."""

from urllib.parse import urlsplit

from assay.providers import CLOUDS, KNOWN, NEEDS, Provider, cloud_address
from assay.records import Dialect


def test_every_known_provider_is_complete() -> None:
    for name, provider in KNOWN.items():
        assert provider.name == name
        assert provider.dialects
        assert urlsplit(provider.base_url).hostname
        local = urlsplit(provider.base_url).hostname == "127.0.0.1"
        assert (provider.auth == "none") == local, "what is far away needs a key, what is here does not"
        assert (provider.key_env is not None) == (not local)
        assert provider.base_url.startswith("http://" if local else "https://")
        assert provider.prices == {}, "prices come from the tables or from the user"


def test_only_the_lab_is_simulated() -> None:
    assert [name for name, provider in KNOWN.items() if provider.simulated] == ["lab"]


def test_a_cloud_is_addressed_by_its_region_or_resource() -> None:
    assert set(CLOUDS) == set(NEEDS) == {"azure", "bedrock", "vertex"}
    assert not set(CLOUDS) & set(KNOWN)
    assert cloud_address("bedrock", {"region": "eu-west-1"}) == "https://bedrock-runtime.eu-west-1.amazonaws.com"
    assert cloud_address("vertex", {"project": "p"}) == "https://aiplatform.googleapis.com"
    assert cloud_address("vertex", {"region": "us-east5"}) == "https://us-east5-aiplatform.googleapis.com"
    assert cloud_address("azure", {"resource": "ours"}) == "https://ours.openai.azure.com/openai/v1"
    versioned = cloud_address("azure", {"resource": "ours", "api_version": "2024-10-21"})
    assert versioned == "https://ours.openai.azure.com/openai"


def test_who_pays_how_follows_from_the_way_to_log_in() -> None:
    made = {auth: Provider("x", "http://x", (Dialect.CHAT,), auth=auth).billing for auth in ("bearer", "none")}
    assert made == {"bearer": "api", "none": "none"}
    assert Provider("x", "http://x", (Dialect.MESSAGES,), auth="subscription").billing == "subscription"


def test_a_provider_shows_no_key() -> None:
    provider = Provider("x", "http://x", (Dialect.CHAT,), key_env="SOME_KEY")
    assert set(provider.to_json()) >= {"key_env", "key_file"}
    assert "key" not in {name for name in provider.to_json() if not name.startswith("key_")}
