import pytest
from documents import DocumentError
from migrations import LATEST, migrate


def test_to_version_2():
    assert migrate({"interval": "6h"})["schedule"] == {"hours": 6}


def test_interval_that_is_no_number():
    with pytest.raises(DocumentError, match="interval: not a number of hours: daily"):
        migrate({"interval": "daily"})


def test_version_that_is_not_known():
    with pytest.raises(DocumentError, match="version is not known: 99"):
        migrate({"version": 99})


def test_document_is_not_changed():
    document = {"interval": "6h", "note": "keep me"}
    assert migrate(document)["version"] == LATEST
    assert document == {"interval": "6h", "note": "keep me"}


def test_to_version_3():
    folders = migrate({"version": 2, "folders": ["/home/*", "/etc"]})["folders"]
    assert folders == [{"path": "/home", "recursive": False}, {"path": "/etc", "recursive": True}]


def test_to_version_4():
    document = migrate({"version": 3, "server": "box:2222", "user": "eva"}, to=4)
    assert document == {"version": 4, "server": {"host": "box", "port": 2222, "user": "eva"}}


def test_to_version_5():
    document = migrate({"version": 4, "keep": 3, "schedule": {"hours": 48}})
    assert document == {"version": 5, "keep": {"daily": 3, "weekly": 0}, "schedule": {"days": 2}}
