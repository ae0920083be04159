"""The table of known providers."""

from urllib.parse import urlsplit

from assay.providers import KNOWN, NEEDS_ADDRESS, Provider
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


def test_those_that_need_an_address_say_how_to_give_it() -> None:
    assert set(NEEDS_ADDRESS) == {"azure", "bedrock", "vertex"}
    assert not set(NEEDS_ADDRESS) & set(KNOWN)
    for remedy in NEEDS_ADDRESS.values():
        assert "base_url" in remedy
        assert "\n" not in remedy


def test_a_provider_shows_no_key() -> None:
    provider = Provider("x", "http://x", (Dialect.CHAT,), key_env="SOME_KEY")
    assert set(provider.to_json()) >= {"key_env", "key_file"}
    assert "key" not in {name for name in provider.to_json() if not name.startswith("key_")}
