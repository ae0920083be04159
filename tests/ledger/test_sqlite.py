import asyncio
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from assay.errors import LedgerError
from assay.ledger.sqlite import LossPolicy, SqliteLedger
from assay.records import Attempt, Ended, Order, Outcome, Progress
from assay.testing.ledger import DONE, LEDGER_CHECKS, MakeLedger, ManualClock, make_trials


@pytest.mark.parametrize("check", LEDGER_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("where", ["memory", "file"])
async def test_conformance(check: Callable[[MakeLedger], Awaitable[None]], where: str, tmp_path: Path) -> None:
    path = ":memory:" if where == "memory" else tmp_path / "ledger.sqlite"
    await check(lambda clock: SqliteLedger(path, "run", clock=clock))


async def test_reopening_keeps_everything(tmp_path: Path) -> None:
    trials = make_trials(3)
    first = SqliteLedger(tmp_path / "ledger.sqlite", "run")
    await first.plan(trials)
    attempt = await first.claim(trials[0].id, "w", 60)
    assert attempt is not None
    await first.settle(attempt, DONE)
    await first.close()
    second = SqliteLedger(tmp_path / "ledger.sqlite", "run")
    assert list(await second.pending()) == [trials[1].id, trials[2].id]
    await second.close()


async def test_a_newer_ledger_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LedgerError, match="newer version"):
        SqliteLedger(path, "run")


async def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"this is not a database, and long enough to be read as one" * 100)
    with pytest.raises(LedgerError, match="refuses"):
        SqliteLedger(path, "run")


async def test_a_full_disk_is_one_clear_error_and_nothing_is_lost(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite", "run")
    await ledger.plan(make_trials(2))
    pages = ledger._db.execute("PRAGMA page_count").fetchone()[0]
    ledger._db.execute(f"PRAGMA max_page_count = {pages}").close()
    with pytest.raises(LedgerError, match="disk"):
        await ledger.plan(make_trials(5000))
    ledger._db.execute("PRAGMA max_page_count = 1000000").close()
    assert len(await ledger.pending()) == 2
    assert await ledger.plan(make_trials(5)) == 3
    await ledger.close()


CLAIMER = """
import asyncio, sys
from assay.ledger.sqlite import SqliteLedger
async def main():
    ledger = SqliteLedger(sys.argv[1], "run")
    for trial in await ledger.pending():
        attempt = await ledger.claim(trial, sys.argv[2], 60)
        if attempt is not None:
            print(trial)
asyncio.run(main())
"""


async def test_two_processes_never_hold_the_same_trial(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = SqliteLedger(path, "run")
    trials = make_trials(60)
    await ledger.plan(trials)
    workers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", CLAIMER, str(path), name, stdout=asyncio.subprocess.PIPE
        )
        for name in ("one", "two", "three")
    ]
    outputs = [(await worker.communicate())[0].decode().split() for worker in workers]
    claimed = [trial for output in outputs for trial in output]
    assert sorted(claimed) == sorted(trial.id for trial in trials)
    await ledger.close()


class Books(RuleBasedStateMachine):
    """Whatever workers, clocks and crashes do: settled once, never unpaid, fences grow."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.ledger = SqliteLedger(":memory:", "run", clock=self.clock, policy=LossPolicy(retries=1, losses=50))
        self.trials = make_trials(3)
        self.held: list[Attempt] = []
        self.spent: dict[str, int] = {}
        self.settled: dict[str, int] = {}
        asyncio.run(self.ledger.plan(self.trials))

    def teardown(self) -> None:
        asyncio.run(self.ledger.close())

    @rule(index=st.integers(0, 2), worker=st.sampled_from(["a/1", "b/1"]), ttl=st.sampled_from([1.0, 30.0]))
    def claim(self, index: int, worker: str, ttl: float) -> None:
        attempt = asyncio.run(self.ledger.claim(self.trials[index].id, worker, ttl))
        if attempt is not None:
            assert attempt.owner not in self.settled
            self.held.append(attempt)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), spent=st.integers(0, 100))
    def beat(self, data: st.DataObject, spent: int) -> None:
        attempt = data.draw(st.sampled_from(self.held))
        order = asyncio.run(self.ledger.heartbeat(attempt, spent, Progress("agent"), 30.0))
        newest = max(a.fence for a in self.held if a.owner == attempt.owner)
        if order is Order.GO_ON:
            assert attempt.fence == newest
            assert attempt.owner not in self.settled

    @precondition(lambda self: self.held)
    @rule(data=st.data(), ended=st.sampled_from([Ended.COMPLETED, Ended.TIMEOUT, Ended.PROVIDER_ERROR]))
    def settle(self, data: st.DataObject, ended: Ended) -> None:
        attempt = data.draw(st.sampled_from(self.held))
        counted = asyncio.run(self.ledger.settle(attempt, Outcome(ended, spent=11)))
        if counted and not ended.is_ours:
            self.settled[attempt.owner] = self.settled.get(attempt.owner, 0) + 1

    @rule(seconds=st.sampled_from([0.5, 2.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(prefix=st.sampled_from(["a/", "b/"]))
    def worker_dies(self, prefix: str) -> None:
        asyncio.run(self.ledger.forfeit(prefix))

    @invariant()
    def every_trial_counts_at_most_once(self) -> None:
        assert all(count == 1 for count in self.settled.values())
        rows = asyncio.run(self.ledger.attempts())
        for owner in self.settled:
            final = [r for r in rows if r.owner == owner and r.ended is not None and not r.ended.is_ours]
            assert len(final) == 1
        assert not set(asyncio.run(self.ledger.pending())) & self.settled.keys()

    @invariant()
    def attempts_are_append_only(self) -> None:
        rows = asyncio.run(self.ledger.attempts())
        assert {r.id for r in rows} >= {a.id for a in self.held}
        for trial in self.trials:
            numbers = [r.number for r in rows if r.owner == trial.id]
            assert numbers == list(range(1, len(numbers) + 1))


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
