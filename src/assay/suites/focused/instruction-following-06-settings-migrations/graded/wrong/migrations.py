"""Settings files of the backup program, brought to the version of today."""

from __future__ import annotations

from documents import Document, DocumentError, dropped, placed, value_at
from registry import STEPS, step

__all__ = ["LATEST", "migrate", "pending", "to_version_2"]

LATEST = 5
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


@step(3)
def to_version_3(document: Document) -> Document:
    """Convert the folders from texts to dictionaries."""
    folders = document.get("folders", [])
    document["folders"] = [{"path": entry.rstrip("/*"), "recursive": not entry.endswith("/*")} for entry in folders]
    return document


@step(4)
def to_version_4(document: Document) -> Document:
    """Convert the server from a text to a dictionary."""
    if "server" in document:
        host, _, port = document["server"].partition(":")
        try:
            number = int(port or 22)
        except ValueError:
            raise DocumentError(f"server: not a port: {port}") from None
        document["server"] = {"host": host, "port": number}
        if "user" in document:
            document["server"]["user"] = document.pop("user")
    return document


@step(5)
def to_version_5(document: Document) -> Document:
    """Convert the copies to keep from a number to a dictionary."""
    if "keep" in document:
        document["keep"] = {"daily": document["keep"], "weekly": 0}
    else:
        document["keep"] = {"daily": 7, "weekly": 4}
    schedule = document.get("schedule", {})
    if schedule.get("hours", 1) % 24 == 0:
        schedule["days"] = schedule.pop("hours") // 24
    return document


def migrate(document: Document, to: int = LATEST) -> Document:
    """Return the document in version ``to``."""
    version = value_at(document, VERSION, 1)
    if version not in range(1, LATEST + 1):
        raise DocumentError(f"version is not known: {version}")
    for target in range(version + 1, to + 1):
        document = placed(STEPS[target](document), VERSION, target)
    return document


def pending(document: Document) -> list[str]:
    """Return one line for each step to the latest version."""
    version = value_at(document, VERSION, 1)
    return [f"{target}: {STEPS[target].__doc__}" for target in range(version + 1, LATEST + 1)]
