"""Books that cannot be written are read, whatever state their log was left in."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assay.errors import LedgerError
from assay.ledger import connect as opening
from assay.ledger.sqlite import SqliteLedger
from assay.testing.ledger import make_trials


@pytest.fixture(autouse=True)
def nothing_is_writable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write anywhere: the question is answered for it. Real file systems: tests/cli/test_read_only.py."""
    monkeypatch.setattr(opening, "_writable", lambda path: "closed" not in str(path))


def place(folder: Path) -> Path:
    folder.mkdir()
    return folder / "ledger.sqlite"


async def books(path: Path) -> Path:
    ledger = SqliteLedger(path, "run")
    await ledger.plan(make_trials(3))
    await ledger.close()
    return path


@contextmanager
def sealed_off(folder: Path) -> Iterator[None]:
    """Nobody but root could make a file here now."""
    before = sorted(path.name for path in folder.iterdir())
    folder.chmod(0o555)
    yield
    folder.chmod(0o755)
    assert sorted(path.name for path in folder.iterdir()) == before


async def test_reads_everything_and_refuses_every_change(tmp_path: Path) -> None:
    path = await books(place(tmp_path / "closed"))
    ledger = SqliteLedger(path, "run")
    assert ledger.read_only
    assert len(await ledger.trials()) == 3
    with pytest.raises(LedgerError, match="readonly"):
        await ledger.note("x", {})
    await ledger.close()


async def test_what_a_killed_driver_left_in_the_log_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = tmp_path / "live"
    await books(place(live))
    writer = SqliteLedger(live / "ledger.sqlite", "run")
    await writer.note("late", {"in": "the log"})
    shutil.copytree(live, tmp_path / "closed")
    await writer.close()
    (tmp_path / "closed" / "ledger.sqlite-shm").unlink()
    opened = opening._opened

    def as_for_anybody_else(path: Path, mode: str) -> sqlite3.Connection:
        if mode == "mode=ro":  # root could make the missing file
            raise sqlite3.OperationalError("unable to open database file")
        return opened(path, mode)

    monkeypatch.setattr(opening, "_opened", as_for_anybody_else)
    with sealed_off(tmp_path / "closed"):
        ledger = SqliteLedger(tmp_path / "closed" / "ledger.sqlite", "run")
        assert [note["in"] for note in await ledger.notes("late")] == ["the log"]
        with pytest.raises(LedgerError, match="readonly"):
            await ledger.note("x", {})
        await ledger.close()


async def test_a_live_run_is_read_beside_its_writer(tmp_path: Path) -> None:
    path = await books(place(tmp_path / "closed"))
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL").close()
    reader = SqliteLedger(path, "run")
    writer.execute("INSERT INTO journal VALUES ('run', 1, 1, 'new', '{}')").close()
    assert len(await reader.notes("new")) == 1, "what is written after the reader came is seen"
    writer.close()
    await reader.close()


def test_an_ordinary_user_reads_a_closed_folder(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    with_books = tmp_path / "closed"
    path = asyncio.run(books(place(with_books)))
    for folder in (with_books, *with_books.parents):
        if folder == Path(folder.anchor) or folder == Path("/tmp"):
            break
        folder.chmod(0o755)
    program = (
        "import os; from pathlib import Path; from assay.ledger.connect import connect;"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534);"
        f"db, closed = connect(Path({str(path)!r})); n = db.execute('SELECT COUNT(*) FROM trials').fetchone()[0];"
        "print(closed, n)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["True", "3"], done.stderr
