import pytest
from layered import Settings, SettingsError, merge


def test_override_wins_over_default():
    settings = Settings({"mail": {"sender": "noreply", "retries": 3}})
    settings.override("north", "mail.sender", "desk")
    assert settings.resolve("north") == {"mail": {"sender": "desk", "retries": 3}}
    assert settings.resolve("south") == {"mail": {"sender": "noreply", "retries": 3}}


def test_clone_copies_overrides():
    settings = Settings({"theme": "light"})
    settings.override("north", "theme", "dark")
    settings.clone("north", "south")
    assert settings.get("south", "theme") == "dark"


def test_unset_returns_to_the_default():
    settings = Settings({"theme": "light"})
    settings.override("north", "theme", "dark")
    assert settings.unset("north", "theme")
    assert settings.get("north", "theme") == "light"
    assert not settings.unset("north", "theme")


def test_path_through_a_plain_value():
    settings = Settings({})
    settings.override("north", "theme", "dark")
    with pytest.raises(SettingsError):
        settings.override("north", "theme.colour", "red")


def test_restore():
    settings = Settings({"theme": "light"})
    before = settings.snapshot()
    settings.override("north", "theme", "dark")
    settings.restore(before)
    assert settings.get("north", "theme") == "light"


def test_merge_replaces_what_is_not_a_dictionary():
    assert merge({"a": [1], "b": {"c": 1}}, {"a": [2], "b": {"d": 2}}) == {"a": [2], "b": {"c": 1, "d": 2}}
