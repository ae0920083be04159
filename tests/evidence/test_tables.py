from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from assay.errors import RunError
from assay.evidence.lock import read_lock
from assay.evidence.tables import read_tables, write_tables
from assay.testing.facts import make_facts


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    facts, lock = make_facts(1)
    write_tables(tmp_path, lock, [], [], facts)
    again = read_tables(tmp_path)
    assert again.cells == tuple(sorted(facts.cells, key=lambda cell: (cell.task, cell.arm)))
    assert replace(again, cells=facts.cells) == facts


def test_empty_tables_have_their_columns(tmp_path: Path) -> None:
    facts, lock = make_facts(1)
    write_tables(tmp_path, lock, [], [], facts)
    with duckdb.connect() as db:
        columns = {row[0] for row in db.execute(f"DESCRIBE SELECT * FROM '{tmp_path}/llm_calls.parquet'").fetchall()}
    assert {"input_uncached", "cache_write_1h", "cost_usd", "in_flight_at_kill"} <= columns


@pytest.mark.parametrize("damage", ["missing", "cut", "version"])
def test_unreadable_facts_are_one_error_with_a_remedy(tmp_path: Path, damage: str) -> None:
    facts, lock = make_facts(1)
    write_tables(tmp_path, lock, [], [], facts)
    if damage == "missing":
        (tmp_path / "cells.parquet").unlink()
    elif damage == "cut":
        (tmp_path / "cells.parquet").write_bytes(b"PAR1")
    else:
        manifest = tmp_path / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"version": 3', '"version": 7'))
    with pytest.raises(RunError, match="assay facts") as caught:
        read_tables(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_lock_is_written_once_and_read_back(tmp_path: Path) -> None:
    _, lock = make_facts(1)
    path = tmp_path / "lock.json"
    lock.write(path)
    lock.write(path)
    assert read_lock(path) == lock
    _, other = make_facts(2, n_tasks=3)
    with pytest.raises(RunError, match="never changes"):
        other.write(path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 99}', '{"version": 1}'])
def test_a_bad_lock_is_one_clear_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lock.json"
    path.write_text(text)
    with pytest.raises(RunError) as caught:
        read_lock(path)
    assert "\n" not in str(caught.value)
