"""opencode's database as data. It is copied before it is opened: SQLite writes beside what it reads."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLACE = Path(".local/share/opencode/opencode.db")


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation; those of sub-agents have a ``parent``."""

    id: str
    parent: str | None
    agent: str | None
    version: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class Message:
    """One answer of a model: one request. ``tokens`` as written; None where there are none."""

    session: str
    model: str | None
    agent: str | None
    tokens: Mapping[str, Any] | None
    cost: float | None
    finish: str | None
    error: str | None
    at_ms: int
    ended_ms: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """One use of a tool, as written."""

    session: str
    data: Mapping[str, Any]
    at_ms: int


@dataclass(frozen=True, slots=True)
class Database:
    """All sessions of one HOME."""

    sessions: tuple[Session, ...] = ()
    messages: tuple[Message, ...] = ()
    tools: tuple[Part, ...] = ()
    problems: tuple[str, ...] = ()


def read_database(home: Path) -> Database:
    """Read what is there; a missing or damaged database is a problem, not an error."""
    if not (home / PLACE).is_file():
        return Database(problems=("the session database is missing",))
    try:
        with tempfile.TemporaryDirectory() as folder:
            for path in (home / PLACE).parent.glob(f"{PLACE.name}*"):
                # The index of the log is made anew.
                if not path.name.endswith("-shm"):
                    shutil.copyfile(path, Path(folder) / path.name)
            with closing(sqlite3.connect(Path(folder) / PLACE.name)) as db:
                db.row_factory = sqlite3.Row
                return Database(tuple(_sessions(db)), tuple(_messages(db)), tuple(_tools(db)))
    except (sqlite3.Error, OSError, KeyError, TypeError, ValueError, IndexError) as error:
        return Database(problems=(f"the session database cannot be read: {type(error).__name__}: {error}",))


def _sessions(db: sqlite3.Connection) -> Iterator[Session]:
    for row in db.execute("SELECT * FROM session ORDER BY time_created, id"):
        known = dict(row)
        yield Session(
            known["id"], known.get("parent_id"), known.get("agent"), known.get("version"), known["time_created"]
        )


def _messages(db: sqlite3.Connection) -> Iterator[Message]:
    for row in db.execute("SELECT session_id, data FROM message ORDER BY time_created, id"):
        data = json.loads(row["data"])
        if data.get("role") != "assistant":
            continue
        time = data["time"]
        error = data.get("error")
        yield Message(
            session=row["session_id"],
            model=data.get("modelID"),
            agent=data.get("agent") or data.get("mode"),
            tokens=data.get("tokens"),
            cost=data.get("cost"),
            finish=data.get("finish"),
            error=error.get("name") if isinstance(error, Mapping) else None,
            at_ms=time["created"],
            ended_ms=time.get("completed"),
        )


def _tools(db: sqlite3.Connection) -> Iterator[Part]:
    for row in db.execute("SELECT session_id, time_created, data FROM part ORDER BY time_created, id"):
        data = json.loads(row["data"])
        if data.get("type") == "tool":
            yield Part(row["session_id"], data, row["time_created"])
