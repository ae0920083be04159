"""Conformance of a ledger: what any store must keep, run by our tests and by those who write another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from assay.ledger.base import Ledger
from assay.records import Ended, Order, Outcome, OwnerKind, Price, Progress, Score, Trial, trial_id


@dataclass
class ManualClock:
    """A clock that stands until it is moved; milliseconds."""

    now: int = field(default=1_700_000_000_000)

    def __call__(self) -> int:
        """Return the time that was set."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.now += int(seconds * 1000)


def make_trials(count: int, run_id: str = "run", requires: tuple[str, ...] = ()) -> list[Trial]:
    """Trials of one arm over ``count`` tasks."""
    return [
        Trial(trial_id("arm", f"hash-{k}", 0), run_id, "arm", f"task-{k}", f"hash-{k}", 0, k, requires)
        for k in range(count)
    ]


DONE = Outcome(ended=Ended.COMPLETED, spent=5)
BROKEN = Outcome(ended=Ended.INFRASTRUCTURE, detail="the sandbox did not start", spent=1)
WORKING = Progress(stage="agent", calls=1, tokens=10)

MakeLedger = Callable[[ManualClock], Ledger]


async def plan_is_idempotent(make: MakeLedger) -> None:
    """The same trials again add nothing; more trials extend, in plan order."""
    ledger = make(ManualClock())
    trials = make_trials(4)
    assert await ledger.plan(trials[:3]) == 3
    assert await ledger.plan(trials) == 1
    assert list(await ledger.pending()) == [trial.id for trial in trials]
    assert list(await ledger.trials()) == trials
    await ledger.close()


async def claim_is_exclusive(make: MakeLedger) -> None:
    """One holder at a time; settled trials are never claimed again; unknown ones never at all."""
    ledger = make(ManualClock())
    (trial,) = make_trials(1)
    await ledger.plan([trial])
    attempt = await ledger.claim(trial.id, "w1", 60)
    assert attempt is not None
    assert attempt.number == 1
    assert await ledger.claim(trial.id, "w2", 60) is None
    assert not await ledger.pending()
    assert await ledger.settle(attempt, DONE)
    assert await ledger.claim(trial.id, "w2", 60) is None
    assert await ledger.claim("unknown", "w2", 60) is None
    (row,) = await ledger.attempts()
    assert (row.ended, row.spent, row.lost) == (Ended.COMPLETED, 5, False)
    await ledger.close()


async def expired_leases_are_lost(make: MakeLedger) -> None:
    """A lease that runs out makes the trial owed; the old holder is fenced, and its spend stays."""
    clock = ManualClock()
    ledger = make(clock)
    (trial,) = make_trials(1)
    await ledger.plan([trial])
    first = await ledger.claim(trial.id, "w1", 10)
    assert first is not None
    assert await ledger.heartbeat(first, 7, WORKING, 10) is Order.GO_ON
    clock.advance(9)
    assert await ledger.claim(trial.id, "w2", 10) is None
    clock.advance(2)
    assert list(await ledger.pending()) == [trial.id]
    second = await ledger.claim(trial.id, "w2", 10)
    assert second is not None
    assert second.number == first.number + 1
    assert second.fence > first.fence
    assert await ledger.heartbeat(first, 9, WORKING, 10) is Order.STOP
    assert not await ledger.settle(first, Outcome(ended=Ended.COMPLETED, spent=9))
    assert await ledger.settle(second, DONE)
    lost, kept = await ledger.attempts()
    assert (lost.lost, lost.ended, lost.spent, lost.spent_is_lower_bound) == (True, None, 9, True)
    assert (kept.lost, kept.ended) == (False, Ended.COMPLETED)
    await ledger.close()


async def heartbeats_keep_a_lease(make: MakeLedger) -> None:
    """A holder that beats is never taken over."""
    clock = ManualClock()
    ledger = make(clock)
    (trial,) = make_trials(1)
    await ledger.plan([trial])
    attempt = await ledger.claim(trial.id, "w1", 10)
    assert attempt is not None
    for _ in range(5):
        clock.advance(8)
        assert await ledger.heartbeat(attempt, None, WORKING, 10) is Order.GO_ON
        assert await ledger.claim(trial.id, "w2", 10) is None
    assert await ledger.settle(attempt, DONE)
    await ledger.close()


async def failures_of_ours_are_retried_once(make: MakeLedger) -> None:
    """An infrastructure outcome makes the trial owed once more, then it stays settled; both attempts stay."""
    ledger = make(ManualClock())
    (trial,) = make_trials(1)
    await ledger.plan([trial])
    for _ in range(2):
        attempt = await ledger.claim(trial.id, "w", 60)
        assert attempt is not None
        assert await ledger.settle(attempt, BROKEN)
    assert await ledger.claim(trial.id, "w", 60) is None
    assert [row.ended for row in await ledger.attempts()] == [Ended.INFRASTRUCTURE] * 2
    await ledger.close()


async def model_failures_are_never_retried(make: MakeLedger) -> None:
    """A timeout or crash of the agent is a result."""
    ledger = make(ManualClock())
    for trial, ended in zip(make_trials(3), (Ended.TIMEOUT, Ended.AGENT_CRASH, Ended.REFUSED), strict=True):
        await ledger.plan([trial])
        attempt = await ledger.claim(trial.id, "w", 60)
        assert attempt is not None
        assert await ledger.settle(attempt, Outcome(ended=ended))
    assert not await ledger.pending()
    await ledger.close()


async def dead_workers_forfeit(make: MakeLedger) -> None:
    """Leases of workers known to be dead end at once, others are left alone; without a name, all are dead."""
    ledger = make(ManualClock())
    trials = make_trials(2)
    await ledger.plan(trials)
    await ledger.claim(trials[0].id, "here/1", 600)
    await ledger.claim(trials[1].id, "there/1", 600)
    assert [attempt.owner for attempt in await ledger.forfeit("here/")] == [trials[0].id]
    assert list(await ledger.pending()) == [trials[0].id]
    assert [attempt.owner for attempt in await ledger.forfeit()] == [trials[1].id]
    await ledger.close()


async def released_items_are_owed_again(make: MakeLedger) -> None:
    """What we end for reasons of our own is no outcome: lost, with its spend, and owed without using up a retry."""
    ledger = make(ManualClock())
    (trial,) = make_trials(1)
    await ledger.plan([trial])
    for _ in range(12):
        attempt = await ledger.claim(trial.id, "w", 60)
        assert attempt is not None
        assert list(await ledger.unsettled()) == [trial.id]
        await ledger.release(attempt, Outcome(Ended.OVER_BUDGET, "the run's limit", 4, simulated=True))
        assert not await ledger.settle(attempt, DONE)
    last = await ledger.claim(trial.id, "w", 60)
    assert last is not None
    assert await ledger.settle(last, DONE)
    rows = await ledger.attempts()
    assert [row.lost for row in rows] == [True] * 12 + [False]
    assert all(row.spent is not None and row.spent >= 4 for row in rows)
    assert all(row.simulated for row in rows[:12])
    assert not await ledger.unsettled()
    await ledger.close()


async def a_trial_that_kills_its_worker_ends(make: MakeLedger) -> None:
    """Losses are bounded: a trial is not paid for for ever."""
    ledger = make(ManualClock())
    (trial,) = make_trials(1)
    await ledger.plan([trial])
    for _ in range(100):
        if await ledger.claim(trial.id, "here/1", 600) is None:
            break
        await ledger.forfeit("here/")
    attempts = await ledger.attempts()
    assert 1 < len(attempts) < 100
    assert all(attempt.lost for attempt in attempts)
    assert not await ledger.pending()
    await ledger.close()


async def requirements_are_respected(make: MakeLedger) -> None:
    """A worker gets only what it can run."""
    ledger = make(ManualClock())
    (trial,) = make_trials(1, requires=("docker",))
    await ledger.plan([trial])
    assert await ledger.claim(trial.id, "w", 60) is None
    assert await ledger.claim(trial.id, "w", 60, offers=frozenset({"docker", "gpu"})) is not None
    await ledger.close()


async def spend_is_reconciled_upwards_only(make: MakeLedger) -> None:
    """Evidence may raise a recorded spend, never lower it."""
    ledger = make(ManualClock())
    (trial,) = make_trials(1)
    await ledger.plan([trial])
    attempt = await ledger.claim(trial.id, "here/1", 60)
    assert attempt is not None
    await ledger.forfeit("here/")
    await ledger.reconcile(attempt.id, 30, lower_bound=True)
    await ledger.reconcile(attempt.id, 20, lower_bound=True)
    await ledger.reconcile(attempt.id, None, lower_bound=True)
    (row,) = await ledger.attempts()
    assert (row.spent, row.spent_is_lower_bound, row.lost) == (30, True, True)
    await ledger.close()


async def other_work_items_are_claimed_alike(make: MakeLedger) -> None:
    """Probes and judgements go through the same claim, and are not trials."""
    ledger = make(ManualClock())
    await ledger.open_item(OwnerKind.PROBE, "lab/swift")
    await ledger.open_item(OwnerKind.PROBE, "lab/swift")
    assert not await ledger.pending()
    attempt = await ledger.claim("lab/swift", "w", 60, kind=OwnerKind.PROBE)
    assert attempt is not None
    assert await ledger.claim("lab/swift", "w", 60, kind=OwnerKind.PROBE) is None
    assert await ledger.settle(attempt, DONE)
    await ledger.close()


async def books_keep_the_first_entry(make: MakeLedger) -> None:
    """Scores and prices: the first one stays; the journal keeps its order."""
    ledger = make(ManualClock())
    score = Score("a", 0, "tests", "h", "solved", 1.0)
    await ledger.record_scores([score, Score("a", 0, "tests", "h2", "solved", None, reason="why")])
    await ledger.record_scores([Score("a", 0, "tests", "h", "solved", 0.0)])
    assert {(s.scorer_hash, s.value) for s in await ledger.scores()} == {("h", 1.0), ("h2", None)}
    price = Price("p1", "lab", "swift", 500, 2500)
    assert await ledger.record_price(price) == price
    assert await ledger.record_price(Price("p2", "lab", "swift", 1, 1)) == price
    assert list(await ledger.prices()) == [price]
    await ledger.note("amendment", {"n": 1})
    await ledger.note("drain", {})
    await ledger.note("amendment", {"n": 2})
    assert [note["n"] for note in await ledger.notes("amendment")] == [1, 2]
    assert [note["kind"] for note in await ledger.notes()] == ["amendment", "drain", "amendment"]
    await ledger.close()


async def a_failed_instrument_is_not_the_last_word(make: MakeLedger) -> None:
    """A null of the machine or of the scorer gives way to the first result, which then stays; no other null does."""
    ledger = make(ManualClock())
    reasons = ("infrastructure", "executed failed: OSError: no space", "score is missing: infrastructure", "no_answer")
    metrics = {f"m{number}": reason for number, reason in enumerate(reasons)}
    await ledger.record_scores([Score("a", 0, "x", "h", name, None, reason) for name, reason in metrics.items()])
    await ledger.record_scores([Score("a", 0, "x", "h", "m0", None, "x failed: again")])
    assert [(s.metric, s.value, s.reason) for s in await ledger.scores()] == [(m, None, r) for m, r in metrics.items()]
    await ledger.record_scores([Score("a", 0, "x", "h", name, 1.0, lower=0.5) for name in metrics])
    await ledger.record_scores([Score("a", 0, "x", "h", name, 0.0) for name in metrics])
    await ledger.record_scores([Score("a", 0, "x", "h", name, None, "infrastructure") for name in metrics])
    now = {score.metric: (score.value, score.reason, score.lower) for score in await ledger.scores()}
    assert now == dict.fromkeys(("m0", "m1", "m2"), (1.0, None, 0.5)) | {"m3": (None, "no_answer", None)}
    await ledger.close()


async def evidence_is_on_record(make: MakeLedger) -> None:
    """The id that an attempt was settled with is kept; an attempt that sealed nothing, or was lost, has none."""
    ledger = make(ManualClock())
    first, second, third = make_trials(3)
    await ledger.plan([first, second, third])
    sealed, bare = await ledger.claim(first.id, "w", 60), await ledger.claim(second.id, "w", 60)
    assert sealed is not None
    assert bare is not None
    assert await ledger.claim(third.id, "w", 60) is not None
    assert not await ledger.evidence()
    await ledger.settle(sealed, Outcome(ended=Ended.COMPLETED, spent=5, evidence="e" * 20))
    await ledger.settle(bare, BROKEN)
    assert dict(await ledger.evidence()) == {sealed.id: "e" * 20}
    await ledger.close()


LEDGER_CHECKS: tuple[Callable[[MakeLedger], Awaitable[None]], ...] = (
    plan_is_idempotent,
    claim_is_exclusive,
    expired_leases_are_lost,
    heartbeats_keep_a_lease,
    failures_of_ours_are_retried_once,
    model_failures_are_never_retried,
    dead_workers_forfeit,
    released_items_are_owed_again,
    a_trial_that_kills_its_worker_ends,
    requirements_are_respected,
    evidence_is_on_record,
    spend_is_reconciled_upwards_only,
    other_work_items_are_claimed_alike,
    a_failed_instrument_is_not_the_last_word,
    books_keep_the_first_entry,
)


async def check_ledger(make: MakeLedger) -> None:
    """Run every check against ledgers made by ``make``; raises ``AssertionError`` at the first broken promise."""
    for check in LEDGER_CHECKS:
        await check(make)
