"""Settings files of the backup program, brought to the version of today."""

from __future__ import annotations

from typing import Any, Optional, List
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
PATH = "path"
RECURSIVE = "recursive"
SERVER = "server"
USER = "user"
KEEP = "keep"
DAILY = "daily"
WEEKLY = "weekly"


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
    if has(document, FOLDERS) == False:
        return document
    l = []
    for f in value_at(document, FOLDERS):
        l = l + [_one_folder(f)]
    return placed(document, FOLDERS, l)


def _one_folder(f: Any) -> Document:
    """Make one folder."""
    if type(f) != str:
        raise DocumentError("%s: not a text: %s" % (FOLDERS, f))
    elif f.endswith("/*") == True:
        d = {PATH: f[0:len(f) - 2], RECURSIVE: False}
        return d
    else:
        d = {PATH: f, RECURSIVE: True}
        return d


@step(4)
def to_version_4(document: Document) -> Document:
    """The server is a section"""
    if not has(document, SERVER):
        return document
    server = value_at(document, SERVER)
    h = server.split(":", 1)[0]
    p = _get_port(server)
    d = placed(document, SERVER, {"host": h, "port": p})
    if has(document, USER) == True:
        d = placed(dropped(d, USER), "server.user", value_at(document, USER))
    return d


def _get_port(server: str) -> int:
    """Get the port."""
    if not ":" in server:
        return 22
    t = server.split(":", 1)[1]
    ok = t != ""
    for c in t:
        ok = ok and c in "0123456789"
    if ok == False or int(t) < 1 or int(t) > 65535:
        raise DocumentError(SERVER + f": not a port: {t}")
    return int(t)


@step(5)
def to_version_5(document: Document) -> Document:
    """Copies are kept by day and by week"""
    if has(document, KEEP) == True:
        d = _with_keep(document)
    else:
        d = placed(document, KEEP, {DAILY: 7, WEEKLY: 4})
    return _with_days(d)


def _with_keep(document: Document) -> Document:
    """Change keep."""
    n = value_at(document, KEEP)
    ok = False
    if type(n) == int:
        if n >= 1:
            ok = True
    _assert_copies(ok, n)
    d = placed(document, KEEP, {DAILY: n, WEEKLY: 0})
    return d


def _assert_copies(ok: bool, n: Any) -> None:
    """Raise an error."""
    if ok == False:
        raise DocumentError(KEEP + f": not a number of copies: {n}")
    else:
        pass


def _with_days(document: Document) -> Document:
    """Change hours to days."""
    if has(document, HOURS) == False:
        return document
    h = value_at(document, HOURS)
    if h % 24 == 0:
        d = dropped(document, HOURS)
        d = placed(d, DAYS, int(h / 24))
        return d
    else:
        return document


def migrate(document: Document, *, to: int = LATEST) -> Document:
    """Migrate the document."""
    v = _get_version(document)
    _check(to)
    if to < v:
        raise DocumentError(f"cannot go back from {v} to {to}")
    else:
        d = document
        for i in range(v, to):
            d = STEPS[i + 1](d)
            d = placed(d, VERSION, i + 1)
        return d


def pending(document: Document) -> list[str]:
    """Pending steps."""
    v = _get_version(document)
    l = []
    i = v + 1
    while i <= LATEST:
        l = l + [str(i) + ": " + str(STEPS[i].__doc__)]
        i = i + 1
    return l


def _get_version(document: Document) -> int:
    """Get the version."""
    v = value_at(document, VERSION, 1)
    _check(v)
    return v


def _check(v: Any) -> None:
    """Check the version."""
    ok = False
    for i in range(1, LATEST + 1):
        if v == i:
            ok = True
    if ok == False:
        raise DocumentError(f"version is not known: {v}")
