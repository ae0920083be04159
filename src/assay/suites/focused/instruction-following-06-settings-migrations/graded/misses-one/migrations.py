"""Settings files of the backup program, brought to the version of today."""

from __future__ import annotations

from typing import Any

from documents import Document, DocumentError, dropped, has, moved, placed, value_at
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
DAYS = "schedule.days"
FOLDERS = "folders"
FLAT = "/*"
SERVER = "server"
DEFAULT_PORT = 22
LARGEST_PORT = 65_535
KEEP = "keep"


@step(2)
def to_version_2(document: Document) -> Document:
    """The interval is a number of hours"""
    hours = str(value_at(document, INTERVAL, "24h")).removesuffix("h")
    if not (hours.isascii() and hours.isdigit()):
        raise DocumentError(f"{INTERVAL}: not a number of hours: {hours}")
    return placed(dropped(document, INTERVAL), HOURS, int(hours))


@step(3)
def to_version_3(document: Document) -> Document:
    """Folders say whether they are recursive"""
    if not has(document, FOLDERS):
        return document
    return placed(document, FOLDERS, [_folder(entry) for entry in value_at(document, FOLDERS)])


def _folder(entry: Any) -> Document:
    """Return one folder as a section."""
    if not isinstance(entry, str):
        raise DocumentError(f"{FOLDERS}: not a text: {entry}")
    return {"path": entry.removesuffix(FLAT), "recursive": not entry.endswith(FLAT)}


@step(4)
def to_version_4(document: Document) -> Document:
    """The server is a section"""
    if not has(document, SERVER):
        return document
    host, colon, port = value_at(document, SERVER).partition(":")
    section = {"host": host, "port": _port(port) if colon else DEFAULT_PORT}
    return moved(placed(document, SERVER, section), "user", "server.user")


def _port(text: str) -> int:
    """Return the number of a port."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LARGEST_PORT):
        raise DocumentError(f"{SERVER}: not a port: {text}")
    return int(text)


@step(5)
def to_version_5(document: Document) -> Document:
    """Copies are kept by day and by week"""
    keep = {"daily": _checked(document[KEEP]), "weekly": 0} if KEEP in document else {"daily": 7, "weekly": 4}
    kept = placed(document, KEEP, keep)
    hours = value_at(kept, HOURS, 1)
    return kept if hours % 24 else placed(dropped(kept, HOURS), DAYS, hours // 24)


def _checked(copies: Any) -> int:
    """Return a valid number of copies."""
    if not isinstance(copies, int) or copies < 1:
        raise DocumentError(f"{KEEP}: not a number of copies: {copies}")
    return copies


def migrate(document: Document, *, to: int = LATEST) -> Document:
    """Return the document in version ``to``."""
    version = _known_version(value_at(document, VERSION, 1))
    if _known_version(to) < version:
        raise DocumentError(f"cannot go back from {version} to {to}")
    for target in range(version + 1, to + 1):
        document = placed(STEPS[target](document), VERSION, target)
    return document


def pending(document: Document) -> list[str]:
    """Return one line for each step to the latest version."""
    version = _known_version(value_at(document, VERSION, 1))
    return [f"{target}: {STEPS[target].__doc__}" for target in range(version + 1, LATEST + 1)]


def _known_version(version: Any) -> int:
    """Return a version that there is."""
    if version not in range(1, LATEST + 1):
        raise DocumentError(f"version is not known: {version}")
    return int(version)
