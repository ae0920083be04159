import pytest
from layered import Settings, SettingsError, merge


def defaults():
    return {"mail": {"sender": "noreply", "retries": 3, "hosts": ["a", "b"]}, "theme": "light"}


def test_reported_case():
    settings = Settings(defaults())
    settings.override("north", "mail.sender", "north-desk")
    settings.clone("north", "south")
    settings.override("south", "mail.sender", "south-desk")
    assert settings.get("north", "mail.sender") == "north-desk"
    assert settings.get("south", "mail.sender") == "south-desk"


def test_change_of_the_source_after_cloning():
    settings = Settings(defaults())
    settings.override("north", "mail.sender", "north-desk")
    settings.clone("north", "south")
    settings.override("north", "mail.sender", "changed")
    assert settings.get("south", "mail.sender") == "north-desk"


def test_unset_on_a_clone_leaves_the_source():
    settings = Settings(defaults())
    settings.override("north", "mail.sender", "north-desk")
    settings.clone("north", "south")
    assert settings.unset("south", "mail.sender")
    assert settings.get("north", "mail.sender") == "north-desk"


def test_resolved_settings_belong_to_the_caller():
    settings = Settings(defaults())
    settings.override("north", "mail.sender", "north-desk")
    resolved = settings.resolve("north")
    resolved["mail"]["sender"] = "changed"
    resolved["mail"]["hosts"].append("c")
    assert settings.get("north", "mail.sender") == "north-desk"
    assert settings.get("south", "mail.hosts") == ["a", "b"]


def test_resolved_defaults_belong_to_the_caller():
    settings = Settings(defaults())
    settings.resolve("anyone")["mail"]["retries"] = 99
    assert settings.get("north", "mail.retries") == 3


def test_value_from_get_belongs_to_the_caller():
    settings = Settings(defaults())
    settings.get("north", "mail.hosts").append("c")
    settings.get("north", "mail")["retries"] = 99
    assert settings.resolve("south") == defaults()


def test_defaults_handed_in_may_change_later():
    given = defaults()
    settings = Settings(given)
    given["mail"]["retries"] = 99
    given["theme"] = "dark"
    assert settings.resolve("north") == defaults()


def test_value_handed_in_may_change_later():
    settings = Settings(defaults())
    hosts = ["x"]
    mail = {"sender": "desk"}
    settings.override("north", "mail.hosts", hosts)
    settings.override("south", "mail", mail)
    hosts.append("y")
    mail["sender"] = "changed"
    assert settings.get("north", "mail.hosts") == ["x"]
    assert settings.get("south", "mail.sender") == "desk"


def test_one_value_handed_in_for_two_tenants():
    settings = Settings({})
    shared = {"sender": "desk"}
    settings.override("north", "mail", shared)
    settings.override("south", "mail", shared)
    settings.override("south", "mail.sender", "south-desk")
    assert settings.get("north", "mail.sender") == "desk"
    assert shared == {"sender": "desk"}


def test_snapshot_is_not_changed_by_later_overrides():
    settings = Settings(defaults())
    settings.override("north", "mail.sender", "before")
    snapshot = settings.snapshot()
    settings.override("north", "mail.sender", "after")
    settings.override("north", "mail.retries", 9)
    settings.restore(snapshot)
    assert settings.resolve("north")["mail"] == {"sender": "before", "retries": 3, "hosts": ["a", "b"]}


def test_snapshot_can_be_restored_twice():
    settings = Settings(defaults())
    settings.override("north", "mail.sender", "before")
    snapshot = settings.snapshot()
    for attempt in ("first", "second"):
        settings.restore(snapshot)
        settings.override("north", "mail.sender", attempt)
    settings.restore(snapshot)
    assert settings.get("north", "mail.sender") == "before"


def test_snapshot_handed_out_belongs_to_the_caller():
    settings = Settings(defaults())
    settings.override("north", "mail.sender", "desk")
    settings.snapshot()["north"]["mail"]["sender"] = "changed"
    assert settings.get("north", "mail.sender") == "desk"


def test_clone_replaces_what_the_target_had():
    settings = Settings(defaults())
    settings.override("south", "theme", "dark")
    settings.clone("north", "south")
    assert settings.resolve("south") == defaults()


def test_clone_onto_itself_changes_nothing():
    settings = Settings(defaults())
    settings.override("north", "mail.sender", "desk")
    settings.clone("north", "north")
    assert settings.get("north", "mail.sender") == "desk"


def test_override_replaces_dictionaries_by_plain_values_and_back():
    settings = Settings(defaults())
    settings.override("north", "mail", None)
    assert settings.get("north", "mail", "absent") is None
    assert settings.get("north", "mail.sender", "absent") == "absent"
    settings.override("north", "mail", {"sender": "desk"})
    assert settings.get("north", "mail.retries") == 3


def test_path_through_a_plain_override_is_refused():
    settings = Settings(defaults())
    settings.override("north", "theme", "dark")
    with pytest.raises(SettingsError):
        settings.override("north", "theme.colour", "red")
    assert settings.get("north", "theme") == "dark"


def test_unset_of_what_is_not_there():
    settings = Settings(defaults())
    settings.override("north", "mail.sender", "desk")
    assert not settings.unset("north", "mail.retries")
    assert not settings.unset("north", "mail.sender.name")
    assert not settings.unset("nobody", "theme")


def test_merge_leaves_its_arguments_alone():
    base, over = {"a": {"b": [1]}}, {"a": {"c": 2}}
    merged = merge(base, over)
    assert merged == {"a": {"b": [1], "c": 2}}
    assert (base, over) == ({"a": {"b": [1]}}, {"a": {"c": 2}})
