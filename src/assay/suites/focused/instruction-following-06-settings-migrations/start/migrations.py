"""Settings files of the backup program, brought to the version of today."""

from __future__ import annotations

from documents import Document, DocumentError, dropped, placed, value_at
from registry import STEPS, step

__all__ = ["LATEST", "migrate", "to_version_2"]

LATEST = 2
VERSION = "version"
INTERVAL = "interval"
HOURS = "schedule.hours"


@step(2)
def to_version_2(document: Document) -> Document:
    """The interval is a number of hours"""
    hours = str(value_at(document, INTERVAL, "24h")).removesuffix("h")
    if not (hours.isascii() and hours.isdigit()):
        raise DocumentError(f"{INTERVAL}: not a number of hours: {hours}")
    return placed(dropped(document, INTERVAL), HOURS, int(hours))


def migrate(document: Document) -> Document:
    """Return the document in the latest version."""
    version = value_at(document, VERSION, 1)
    if version not in range(1, LATEST + 1):
        raise DocumentError(f"version is not known: {version}")
    for target in range(version + 1, LATEST + 1):
        document = placed(STEPS[target](document), VERSION, target)
    return document
