"""Settings files of the backup program, brought to the version of today."""

from __future__ import annotations

from documents import Document, DocumentError, dropped, moved, placed, value_at
from registry import STEPS, step

__all__ = [
    "LATEST",
    "migrate",
    "pending",
    "to_version_2",
    "to_version_3",
    "to_version_4",
    "to_version_5",
]

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
    """Folders say whether they are recursive."""
    if "folders" not in document:
        return document
    folders = []
    for entry in document["folders"]:
        if not isinstance(entry, str):
            raise DocumentError(f"folders: not a text: {entry}")
        folders.append({"path": entry.removesuffix("/*"), "recursive": not entry.endswith("/*")})
    return placed(document, "folders", folders)


@step(4)
def to_version_4(document: Document) -> Document:
    """The server is a section."""
    if "server" not in document:
        return document
    host, colon, port = document["server"].partition(":")
    if not colon:
        port = "22"
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise DocumentError(f"server: not a port: {port}")
    document = placed(document, "server", {"host": host, "port": int(port)})
    return moved(document, "user", "server.user")


@step(5)
def to_version_5(document: Document) -> Document:
    """Copies are kept by day and by week."""
    keep = {"daily": 7, "weekly": 4}
    if "keep" in document:
        copies = document["keep"]
        if not isinstance(copies, int) or copies < 1:
            raise DocumentError(f"keep: not a number of copies: {copies}")
        keep = {"daily": copies, "weekly": 0}
    document = placed(document, "keep", keep)
    hours = value_at(document, HOURS)
    if hours is not None and hours % 24 == 0:
        document = placed(dropped(document, HOURS), "schedule.days", hours // 24)
    return document


def migrate(document: Document, *, to: int = LATEST) -> Document:
    """Return the document in version ``to``."""
    version = _known(value_at(document, VERSION, 1))
    if _known(to) < version:
        raise DocumentError(f"cannot go back from {version} to {to}")
    for target in range(version + 1, to + 1):
        document = placed(STEPS[target](document), VERSION, target)
    return document


def pending(document: Document) -> list[str]:
    """Return one line for each step to the latest version."""
    version = _known(value_at(document, VERSION, 1))
    return [f"{target}: {(STEPS[target].__doc__ or '').rstrip('.')}" for target in range(version + 1, LATEST + 1)]


def _known(version: int) -> int:
    """Return a version that there is."""
    if version not in range(1, LATEST + 1):
        raise DocumentError(f"version is not known: {version}")
    return version
