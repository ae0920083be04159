"""Numbered, append-only migrations: portable SQL only, so that the same schema lives in any database."""

from __future__ import annotations

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE trials (
            run_id TEXT NOT NULL, id TEXT NOT NULL, arm TEXT NOT NULL, task TEXT NOT NULL, task_hash TEXT NOT NULL,
            repetition INTEGER NOT NULL, position INTEGER NOT NULL, requires TEXT NOT NULL,
            PRIMARY KEY (run_id, id))""",
        """CREATE TABLE items (
            run_id TEXT NOT NULL, kind TEXT NOT NULL, owner TEXT NOT NULL, position INTEGER NOT NULL,
            state TEXT NOT NULL, fence INTEGER NOT NULL, attempt TEXT, lease_until BIGINT,
            requires TEXT NOT NULL, PRIMARY KEY (run_id, kind, owner))""",
        "CREATE INDEX items_by_state ON items (run_id, kind, state, position)",
        """CREATE TABLE attempts (
            run_id TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, owner TEXT NOT NULL, number INTEGER NOT NULL,
            fence INTEGER NOT NULL, worker TEXT NOT NULL, started BIGINT NOT NULL, finished BIGINT, ended TEXT,
            detail TEXT, spent BIGINT, lower_bound INTEGER NOT NULL, simulated INTEGER NOT NULL, lost INTEGER NOT NULL,
            stage TEXT, calls INTEGER, tokens BIGINT, evidence TEXT,
            PRIMARY KEY (run_id, id), UNIQUE (run_id, kind, owner, number))""",
        "CREATE INDEX attempts_by_owner ON attempts (run_id, kind, owner)",
        """CREATE TABLE scores (
            run_id TEXT NOT NULL, attempt TEXT NOT NULL, step INTEGER NOT NULL, scorer TEXT NOT NULL,
            scorer_hash TEXT NOT NULL, metric TEXT NOT NULL, value DOUBLE PRECISION, reason TEXT,
            lower_bound DOUBLE PRECISION, upper_bound DOUBLE PRECISION, higher_is_better INTEGER NOT NULL,
            recorded BIGINT NOT NULL, PRIMARY KEY (run_id, attempt, step, scorer_hash, metric))""",
        """CREATE TABLE prices (
            run_id TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, body TEXT NOT NULL,
            recorded BIGINT NOT NULL, PRIMARY KEY (run_id, provider, model))""",
        """CREATE TABLE journal (
            run_id TEXT NOT NULL, number INTEGER NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
            PRIMARY KEY (run_id, number))""",
    ),
)
