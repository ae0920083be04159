"""Opening one SQLite file: for writing where that can be done, else for reading, whatever its log holds."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

MEMORY = ":memory:"
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000")


def connect(path: Path | str) -> tuple[sqlite3.Connection, bool]:
    """Open or create; return the connection and whether it is for reading only. Raises ``sqlite3.Error``.

    A file that cannot be written, or that lies in a folder that cannot (a write-ahead log needs a file beside it), is
    opened for reading: a run that was archived or belongs to somebody else can be read like any other.
    """
    if str(path) != MEMORY and Path(path).exists() and not _writable(Path(path)):
        return _reading(Path(path).absolute()), True
    db = sqlite3.connect(path, isolation_level=None, timeout=30.0)
    for pragma in PRAGMAS:
        db.execute(f"PRAGMA {pragma}").close()
    return db, False


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _reading(path: Path) -> sqlite3.Connection:
    """Read beside a live writer where its log is open; else through a copy with the log; else the bare file."""
    try:
        return _opened(path, "mode=ro")
    except sqlite3.OperationalError:
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            return _copied(path, log)
        return _opened(path, "immutable=1")


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    db = sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, isolation_level=None, timeout=30.0)
    try:
        db.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()  # the file is only looked at now
    except sqlite3.Error:
        db.close()
        raise
    return db


def _copied(path: Path, log: Path) -> sqlite3.Connection:
    """Return the books in memory, with what a killed driver left in the log."""
    books = sqlite3.connect(MEMORY, isolation_level=None)
    with tempfile.TemporaryDirectory(prefix="assay-ledger-") as folder:
        for part in (path, log):
            shutil.copyfile(part, Path(folder) / part.name)
        copy = sqlite3.connect(Path(folder) / path.name)
        try:
            copy.backup(books)
        finally:
            copy.close()
    books.execute("PRAGMA query_only=1").close()
    return books
