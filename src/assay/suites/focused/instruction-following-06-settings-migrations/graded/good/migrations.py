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
NOT_RECURSIVE = "/*"
SERVER = "server"
DEFAULT_PORT = 22
SMALLEST_PORT = 1
LARGEST_PORT = 65_535
KEEP = "keep"
DEFAULT_DAILY = 7
DEFAULT_WEEKLY = 4
HOURS_PER_DAY = 24


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
    folders = value_at(document, FOLDERS)
    if folders is None:
        return document
    new_folders = [_convert_folder(folder) for folder in folders]
    return placed(document, FOLDERS, new_folders)


def _convert_folder(folder: Any) -> Document:
    """Convert one folder to a dictionary."""
    if not isinstance(folder, str):
        raise DocumentError(f"folders: not a text: {folder}")
    if folder.endswith(NOT_RECURSIVE):
        return _folder_entry(folder[: -len(NOT_RECURSIVE)], recursive=False)
    return _folder_entry(folder, recursive=True)


def _folder_entry(path: str, *, recursive: bool) -> Document:
    """Build the dictionary of one folder."""
    return {"path": path, "recursive": recursive}


@step(4)
def to_version_4(document: Document) -> Document:
    """The server is a section"""
    if not has(document, SERVER):
        return document
    server = value_at(document, SERVER)
    host, separator, port_text = server.partition(":")
    port = DEFAULT_PORT
    if separator:
        port = _parse_port(port_text)
    result = placed(document, SERVER, {"host": host, "port": port})
    return moved(result, "user", "server.user")


def _parse_port(text: str) -> int:
    """Parse the port of the server."""
    if text.isascii() and text.isdigit():
        port = int(text)
        if port >= SMALLEST_PORT and port <= LARGEST_PORT:
            return port
    raise DocumentError(f"server: not a port: {text}")


@step(5)
def to_version_5(document: Document) -> Document:
    """Copies are kept by day and by week"""
    return _convert_schedule(_convert_keep(document))


def _convert_keep(document: Document) -> Document:
    """Convert the number of copies to a section."""
    daily = DEFAULT_DAILY
    weekly = DEFAULT_WEEKLY
    if has(document, KEEP):
        daily = _parse_copies(value_at(document, KEEP))
        weekly = 0
    return placed(document, KEEP, {"daily": daily, "weekly": weekly})


def _parse_copies(copies: Any) -> int:
    """Check the number of copies."""
    if not isinstance(copies, int):
        raise DocumentError(f"keep: not a number of copies: {copies}")
    if copies < 1:
        raise DocumentError(f"keep: not a number of copies: {copies}")
    return copies


def _convert_schedule(document: Document) -> Document:
    """Convert hours to days where possible."""
    if not has(document, HOURS):
        return document
    hours = value_at(document, HOURS)
    if hours % HOURS_PER_DAY != 0:
        return document
    without_hours = dropped(document, HOURS)
    return placed(without_hours, DAYS, hours // HOURS_PER_DAY)


def migrate(document: Document, *, to: int = LATEST) -> Document:
    """Return the document in the version that is asked for."""
    version = _version_of(document)
    _check_version(to)
    if to < version:
        raise DocumentError(f"cannot go back from {version} to {to}")
    for target in range(version + 1, to + 1):
        converted = STEPS[target](document)
        document = placed(converted, VERSION, target)
    return document


def pending(document: Document) -> list[str]:
    """Return the steps that are still to be made."""
    lines: list[str] = []
    version = _version_of(document)
    for target in range(version + 1, LATEST + 1):
        description = STEPS[target].__doc__
        lines = [*lines, f"{target}: {description}"]
    return lines


def _version_of(document: Document) -> int:
    """Return the version of a document."""
    version = value_at(document, VERSION, 1)
    _check_version(version)
    return version


def _check_version(version: Any) -> None:
    """Check that a version is known."""
    if not isinstance(version, int):
        raise DocumentError(f"version is not known: {version}")
    if version < 1 or version > LATEST:
        raise DocumentError(f"version is not known: {version}")
