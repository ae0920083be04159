"""One SQLite file with its migrations, transactions and the books that are only written to once."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from assay.errors import LedgerError
from assay.ledger.connect import connect
from assay.ledger.migrations import MIGRATIONS
from assay.ledger.rows import price_from_row, score_from_row, score_to_row
from assay.records import Price, Score

_FULL = "Free some disk space, then give the same command again"
_CLOSED = "Give a run folder that can be written"

_RECORD_SCORE = (
    "INSERT INTO scores VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT (run_id,attempt,step,scorer_hash,metric) DO UPDATE SET value=excluded.value, reason=excluded.reason,"
    " lower_bound=excluded.lower_bound, upper_bound=excluded.upper_bound, higher_is_better=excluded.higher_is_better,"
    " recorded=excluded.recorded"
)


def now_ms() -> int:
    """UTC milliseconds: the ledger's clock."""
    return time.time_ns() // 1_000_000


class SqliteStore:
    """Connection, schema, scores, prices and journal of one run."""

    def __init__(
        self,
        path: Path | str,
        run_id: str,
        *,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """Open or create; ``clock`` is replaced in tests of leases.

        What cannot be written is opened for reading (``read_only``); a change then raises ``LedgerError``.
        """
        self.run_id = run_id
        self._path = path
        self._clock = clock
        with self._errors():
            self._db, self.read_only = connect(path)
            self._migrate()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            full, closed = "full" in str(error), "readonly" in str(error)
            remedy = _FULL if full else _CLOSED if closed else None
            raise LedgerError(f"the ledger refuses: {error}", where=str(self._path), remedy=remedy) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.rollback()
                raise
            self._db.execute("COMMIT")

    def _migrate(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > len(MIGRATIONS):
            raise LedgerError(
                f"was written by a newer version of Assay (ledger format {version})",
                where=str(self._path),
                remedy="Upgrade Assay",
            )
        if self.read_only and version < len(MIGRATIONS):
            raise LedgerError(
                f"was written by an older version of Assay (ledger format {version}), and cannot be updated here",
                where=str(self._path),
                remedy="Copy the run folder to where it can be written",
            )
        for number in range(version, len(MIGRATIONS)):
            with self._transaction() as db:
                for statement in MIGRATIONS[number]:
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {number + 1}")

    async def record_scores(self, scores: Sequence[Score]) -> None:
        """See ``Ledger.record_scores``."""
        recorded = self._clock()
        with self._transaction() as db:
            for score in scores:
                if self._may_record(db, score):
                    db.execute(_RECORD_SCORE, (self.run_id, *score_to_row(score), recorded))

    def _may_record(self, db: sqlite3.Connection, score: Score) -> bool:
        """True for a first score, and for a result where an instrument had failed."""
        row = db.execute(
            "SELECT value, reason FROM scores WHERE run_id=? AND attempt=? AND step=? AND scorer_hash=? AND metric=?",
            (self.run_id, score.attempt, score.step, score.scorer_hash, score.metric),
        ).fetchone()
        if row is None:
            return True
        stored = replace(score, value=row[0], reason=row[1])
        return stored.is_instrument_failure and not score.is_instrument_failure

    async def scores(self) -> Sequence[Score]:
        """See ``Ledger.scores``."""
        with self._errors():
            rows = self._db.execute(
                "SELECT attempt,step,scorer,scorer_hash,metric,value,reason,lower_bound,upper_bound,higher_is_better"
                " FROM scores WHERE run_id=? ORDER BY recorded, attempt, step, scorer_hash, metric",
                (self.run_id,),
            )
            return [score_from_row(row) for row in rows]

    async def evidence(self) -> Mapping[str, str]:
        """See ``Ledger.evidence``."""
        with self._errors():
            rows = self._db.execute(
                "SELECT id, evidence FROM attempts WHERE run_id=? AND evidence IS NOT NULL"
                " ORDER BY kind, owner, number",
                (self.run_id,),
            )
            return dict(rows.fetchall())

    async def record_price(self, price: Price) -> Price:
        """See ``Ledger.record_price``."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO prices VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING",
                (self.run_id, price.provider, price.model, json.dumps(price.to_json()), self._clock()),
            )
            row = db.execute(
                "SELECT body FROM prices WHERE run_id=? AND provider=? AND model=?",
                (self.run_id, price.provider, price.model),
            ).fetchone()
        return price_from_row(row)

    async def prices(self) -> Sequence[Price]:
        """See ``Ledger.prices``."""
        with self._errors():
            rows = self._db.execute("SELECT body FROM prices WHERE run_id=? ORDER BY provider, model", (self.run_id,))
            return [price_from_row(row) for row in rows]

    async def note(self, kind: str, body: Mapping[str, Any]) -> None:
        """See ``Ledger.note``."""
        with self._transaction() as db:
            number = db.execute(
                "SELECT COALESCE(MAX(number), 0) + 1 FROM journal WHERE run_id=?", (self.run_id,)
            ).fetchone()[0]
            db.execute(
                "INSERT INTO journal VALUES (?,?,?,?,?)",
                (self.run_id, number, self._clock(), kind, json.dumps(body, sort_keys=True)),
            )

    async def notes(self, kind: str | None = None) -> Sequence[Mapping[str, Any]]:
        """See ``Ledger.notes``."""
        with self._errors():
            rows = self._db.execute("SELECT at, kind, body FROM journal WHERE run_id=? ORDER BY number", (self.run_id,))
            return [{"at": at, "kind": k, **json.loads(body)} for at, k, body in rows if kind in {None, k}]

    async def close(self) -> None:
        """See ``Ledger.close``."""
        with self._errors():
            self._db.close()
