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
