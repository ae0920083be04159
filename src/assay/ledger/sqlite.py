"""The ledger in one SQLite file (WAL, fully synchronous): the default, good for one machine and 10^5 trials.

Calls are short and made on the event loop's thread: a claim or settle with its fsync takes well under a
millisecond on a disk of today, less than handing it to another thread and back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.errors import LedgerError
from assay.identity import content_id
from assay.ledger.rows import attempt_from_row, trial_from_row
from assay.ledger.store import SqliteStore, now_ms
from assay.records import Attempt, NanoUSD, Order, Outcome, OwnerKind, Progress, Trial, TrialId

_TRIALS = "SELECT id,run_id,arm,task,task_hash,repetition,position,requires FROM trials"
_ATTEMPTS = (
    "SELECT id,run_id,kind,owner,number,fence,worker,started,finished,ended,detail,spent,lower_bound,simulated,lost"
    " FROM attempts"
)


@dataclass(frozen=True, slots=True)
class LossPolicy:
    """What ``claim`` and ``settle`` do with failures that are ours; never chosen by what an attempt produced.

    ``retries``: further attempts after an outcome that is ours. ``losses``: how often a worker may vanish
    with a trial before the trial is closed unsettled (a trial that kills its driver must not run for ever).
    """

    retries: int = 1
    losses: int = 10


class SqliteLedger(SqliteStore):
    """``Ledger`` over one SQLite file; ``:memory:`` gives the double that tests use.

    Raises ``LedgerError`` when the file is damaged, from a newer version, or the disk is full.
    """

    def __init__(
        self,
        path: Path | str,
        run_id: str,
        *,
        policy: LossPolicy | None = None,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """Open or create; ``clock`` is replaced in tests of leases."""
        super().__init__(path, run_id, clock=clock)
        self.policy = policy or LossPolicy()

    async def plan(self, trials: Iterable[Trial]) -> int:
        """See ``Ledger.plan``."""
        rows = list(trials)
        with self._transaction() as db:
            before = db.total_changes
            db.executemany(
                "INSERT INTO trials VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
                [
                    (self.run_id, t.id, t.arm, t.task, t.task_hash, t.repetition, t.order, json.dumps(t.requires))
                    for t in rows
                ],
            )
            added = db.total_changes - before
            db.executemany(
                "INSERT INTO items VALUES (?,?,?,?,'owed',0,NULL,NULL,?) ON CONFLICT DO NOTHING",
                [(self.run_id, OwnerKind.TRIAL, t.id, t.order, json.dumps(t.requires)) for t in rows],
            )
        return added

    async def pending(self) -> Sequence[TrialId]:
        """See ``Ledger.pending``."""
        with self._errors():
            rows = self._db.execute(
                "SELECT owner FROM items WHERE run_id=? AND kind=? AND"
                " (state='owed' OR (state='leased' AND lease_until<=?)) ORDER BY position, owner",
                (self.run_id, OwnerKind.TRIAL, self._clock()),
            )
            return [row[0] for row in rows]

    async def open_item(self, kind: OwnerKind, owner: str) -> None:
        """See ``Ledger.open_item``."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO items VALUES (?,?,?,0,'owed',0,NULL,NULL,'[]') ON CONFLICT DO NOTHING",
                (self.run_id, kind, owner),
            )

    async def claim(
        self,
        owner: str,
        worker: str,
        ttl: float,
        *,
        kind: OwnerKind = OwnerKind.TRIAL,
        offers: frozenset[str] = frozenset(),
    ) -> Attempt | None:
        """See ``Ledger.claim``."""
        now = self._clock()
        with self._transaction() as db:
            row = db.execute(
                "SELECT state, fence, attempt, lease_until, requires FROM items WHERE run_id=? AND kind=? AND owner=?",
                (self.run_id, kind, owner),
            ).fetchone()
            if row is None or row[0] == "settled" or (row[0] == "leased" and row[3] > now):
                return None
            if not set(json.loads(row[4])) <= offers:
                return None
            if row[0] == "leased" and not self._lose(db, kind, owner, row[2]):
                return None
            number = db.execute(
                "SELECT COALESCE(MAX(number), 0) + 1 FROM attempts WHERE run_id=? AND kind=? AND owner=?",
                (self.run_id, kind, owner),
            ).fetchone()[0]
            attempt = Attempt(
                id=content_id("attempt", [self.run_id, kind, owner, number]),
                run_id=self.run_id,
                owner_kind=kind,
                owner=owner,
                number=number,
                fence=row[1] + 1,
                worker=worker,
                started=now,
            )
            db.execute(
                "INSERT INTO attempts (run_id,id,kind,owner,number,fence,worker,started,lower_bound,simulated,lost)"
                " VALUES (?,?,?,?,?,?,?,?,0,0,0)",
                (self.run_id, attempt.id, kind, owner, number, attempt.fence, worker, now),
            )
            db.execute(
                "UPDATE items SET state='leased', fence=?, attempt=?, lease_until=?"
                " WHERE run_id=? AND kind=? AND owner=?",
                (attempt.fence, attempt.id, now + int(ttl * 1000), self.run_id, kind, owner),
            )
        return attempt

    def _lose(self, db: sqlite3.Connection, kind: str, owner: str, attempt: str) -> bool:
        """Mark an attempt lost; True while the item may be tried again."""
        db.execute("UPDATE attempts SET lost=1, lower_bound=1 WHERE run_id=? AND id=?", (self.run_id, attempt))
        losses = db.execute(
            "SELECT COUNT(*) FROM attempts WHERE run_id=? AND kind=? AND owner=? AND lost=1 AND detail IS NULL",
            (self.run_id, kind, owner),
        ).fetchone()[0]
        again = bool(losses < self.policy.losses)
        db.execute(
            "UPDATE items SET state=?, lease_until=NULL, fence=fence+1 WHERE run_id=? AND kind=? AND owner=?",
            ("owed" if again else "settled", self.run_id, kind, owner),
        )
        return again

    async def heartbeat(self, attempt: Attempt, spent: NanoUSD | None, progress: Progress, ttl: float) -> Order:
        """See ``Ledger.heartbeat``."""
        with self._transaction() as db:
            db.execute(
                "UPDATE attempts SET spent=COALESCE(?, spent), stage=?, calls=?, tokens=?"
                " WHERE run_id=? AND id=? AND finished IS NULL",
                (spent, progress.stage, progress.calls, progress.tokens, self.run_id, attempt.id),
            )
            held = db.execute(
                "UPDATE items SET lease_until=? WHERE run_id=? AND kind=? AND owner=? AND fence=? AND state='leased'",
                (self._clock() + int(ttl * 1000), self.run_id, attempt.owner_kind, attempt.owner, attempt.fence),
            ).rowcount
        return Order.GO_ON if held else Order.STOP

    async def settle(self, attempt: Attempt, outcome: Outcome) -> bool:
        """See ``Ledger.settle``."""
        with self._transaction() as db:
            held = db.execute(
                "SELECT 1 FROM items WHERE run_id=? AND kind=? AND owner=? AND fence=? AND state='leased'",
                (self.run_id, attempt.owner_kind, attempt.owner, attempt.fence),
            ).fetchone()
            closed = db.execute(
                "UPDATE attempts SET finished=?, ended=?, detail=?, spent=?, lower_bound=?, simulated=?, evidence=?"
                " WHERE run_id=? AND id=? AND finished IS NULL AND lost=0",
                (
                    self._clock(),
                    outcome.ended,
                    outcome.detail,
                    outcome.spent,
                    int(outcome.spent_is_lower_bound),
                    int(outcome.simulated),
                    outcome.evidence,
                    self.run_id,
                    attempt.id,
                ),
            ).rowcount
            if not closed:  # fenced off: what it spent is still true
                db.execute(
                    "UPDATE attempts SET spent=MAX(COALESCE(spent, 0), ?) WHERE run_id=? AND id=? AND lost=1 AND ? > 0",
                    (outcome.spent or 0, self.run_id, attempt.id, outcome.spent or 0),
                )
            if held:
                again = outcome.ended.is_ours and self._failures(db, attempt) <= self.policy.retries
                db.execute(
                    "UPDATE items SET state=?, lease_until=NULL WHERE run_id=? AND kind=? AND owner=?",
                    ("owed" if again else "settled", self.run_id, attempt.owner_kind, attempt.owner),
                )
        return bool(held)

    def _failures(self, db: sqlite3.Connection, attempt: Attempt) -> int:
        rows = db.execute(
            "SELECT ended FROM attempts WHERE run_id=? AND kind=? AND owner=? AND ended IS NOT NULL",
            (self.run_id, attempt.owner_kind, attempt.owner),
        )
        return sum(ended in {"provider_error", "infrastructure", "harness_error"} for (ended,) in rows)

    async def release(self, attempt: Attempt, outcome: Outcome) -> None:
        """See ``Ledger.release``."""
        with self._transaction() as db:
            held = db.execute(
                "SELECT 1 FROM items WHERE run_id=? AND kind=? AND owner=? AND fence=? AND state='leased'",
                (self.run_id, attempt.owner_kind, attempt.owner, attempt.fence),
            ).fetchone()
            if held:
                db.execute(
                    "UPDATE attempts SET detail=? WHERE run_id=? AND id=?",
                    (outcome.detail or "given back", self.run_id, attempt.id),
                )
                self._lose(db, attempt.owner_kind, attempt.owner, attempt.id)
        await self.reconcile(attempt.id, outcome.spent, lower_bound=True, simulated=outcome.simulated)

    async def forfeit(self, worker_prefix: str = "") -> Sequence[Attempt]:
        """See ``Ledger.forfeit``."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT i.kind, i.owner, i.attempt FROM items i JOIN attempts a ON a.run_id=i.run_id AND a.id=i.attempt"
                " WHERE i.run_id=? AND i.state='leased' AND substr(a.worker, 1, ?)=?",
                (self.run_id, len(worker_prefix), worker_prefix),
            ).fetchall()
            for kind, owner, attempt in rows:
                self._lose(db, kind, owner, attempt)
        lost = {row[2] for row in rows}
        return [attempt for attempt in await self.attempts() if attempt.id in lost]

    async def reconcile(
        self, attempt_id: str, spent: NanoUSD | None, *, lower_bound: bool, simulated: bool | None = None
    ) -> None:
        """See ``Ledger.reconcile``."""
        with self._transaction() as db:
            if simulated is not None:
                db.execute(
                    "UPDATE attempts SET simulated=? WHERE run_id=? AND id=?",
                    (int(simulated), self.run_id, attempt_id),
                )
            if spent is not None:
                db.execute(
                    "UPDATE attempts SET spent=MAX(COALESCE(spent, 0), ?), lower_bound=MAX(lower_bound, ?)"
                    " WHERE run_id=? AND id=?",
                    (spent, int(lower_bound), self.run_id, attempt_id),
                )

    async def unsettled(self) -> Sequence[TrialId]:
        """See ``Ledger.unsettled``."""
        with self._errors():
            rows = self._db.execute(
                "SELECT owner FROM items WHERE run_id=? AND kind=? AND state!='settled' ORDER BY position, owner",
                (self.run_id, OwnerKind.TRIAL),
            )
            return [row[0] for row in rows]

    async def attempts(self) -> Sequence[Attempt]:
        """See ``Ledger.attempts``."""
        with self._errors():
            rows = self._db.execute(f"{_ATTEMPTS} WHERE run_id=? ORDER BY kind, owner, number", (self.run_id,))
            return [attempt_from_row(row) for row in rows]

    async def latest_attempt(self, kind: OwnerKind, owner: str) -> Attempt | None:
        """See ``Ledger.latest_attempt``."""
        with self._errors():
            row = self._db.execute(
                f"{_ATTEMPTS} WHERE run_id=? AND kind=? AND owner=? ORDER BY number DESC LIMIT 1",
                (self.run_id, kind, owner),
            ).fetchone()
            return attempt_from_row(row) if row else None

    async def is_owed(self, trial: TrialId) -> bool:
        """See ``Ledger.is_owed``."""
        with self._errors():
            row = self._db.execute(
                "SELECT state, lease_until FROM items WHERE run_id=? AND kind=? AND owner=?",
                (self.run_id, OwnerKind.TRIAL, trial),
            ).fetchone()
        return row is not None and (row[0] == "owed" or (row[0] == "leased" and row[1] <= self._clock()))

    async def trials(self) -> Sequence[Trial]:
        """See ``Ledger.trials``."""
        with self._errors():
            rows = self._db.execute(f"{_TRIALS} WHERE run_id=? ORDER BY position, id", (self.run_id,))
            return [trial_from_row(row) for row in rows]

    async def trial(self, trial: TrialId) -> Trial:
        """See ``Ledger.trial``."""
        with self._errors():
            row = self._db.execute(f"{_TRIALS} WHERE run_id=? AND id=?", (self.run_id, trial)).fetchone()
        if row is None:
            raise LedgerError(f"trial {trial} is not in the plan", where=str(self._path))
        return trial_from_row(row)
