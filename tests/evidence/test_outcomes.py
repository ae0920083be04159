import random

from assay.evidence.cells import cells, sums
from assay.evidence.outcomes import TrialOutcome, trial_outcomes
from assay.records import Attempt, Call, Dialect, Ended, OwnerKind, Score, Tokens, Trial, trial_id


def trial(task: str, repetition: int = 0, arm: str = "arm") -> Trial:
    return Trial(trial_id(arm, task, repetition), "run", arm, task, task, repetition, repetition)


def attempt(of: Trial, number: int, ended: Ended | None, spent: int | None, *, lost: bool = False) -> Attempt:
    return Attempt(
        id=f"{of.id}-{number}",
        run_id="run",
        owner_kind=OwnerKind.TRIAL,
        owner=of.id,
        number=number,
        fence=number,
        worker="w",
        started=1000,
        finished=None if ended is None else 3000,
        ended=ended,
        spent=spent,
        lost=lost,
    )


def solved(of: Attempt, value: float | None, reason: str | None = None, scorer_hash: str = "h") -> Score:
    return Score(of.id, 0, "executed", scorer_hash, "solved", value, reason)


def call(of: Attempt, tokens: Tokens) -> Call:
    return Call(OwnerKind.TRIAL, of.owner, of.id, 0, 1, Dialect.CHAT, "p", "m", "m", tokens, 200, 0, cost=1)


def outcome_of(trials: list[Trial], attempts: list[Attempt], scores: list[Score]) -> tuple[TrialOutcome, ...]:
    return trial_outcomes(trials, attempts, scores, lambda _: (), frozenset({"arm"}))


def test_the_last_settled_attempt_counts_and_all_attempts_cost() -> None:
    one = trial("a")
    failed = attempt(one, 1, Ended.INFRASTRUCTURE, 1_000_000_000)
    lost = attempt(one, 2, None, 2_000_000_000, lost=True)
    done = attempt(one, 3, Ended.COMPLETED, 3_000_000_000)
    (row,) = outcome_of([one], [failed, lost, done], [solved(done, 1.0)])
    assert (row.attempt, row.attempts, row.lost_attempts) == (done, 3, 1)
    assert row.cost == 6.0
    assert row.solved is True
    assert row.outcome == "solved"
    assert row.wall_s == 2.0


def test_unknown_spend_makes_the_cost_unknown_never_zero() -> None:
    one = trial("a")
    (row,) = outcome_of([one], [attempt(one, 1, Ended.COMPLETED, None)], [])
    assert row.cost is None
    assert not row.tokens_known
    (cell,) = cells([row])
    assert (cell.cost.n, cell.cost.unknown, cell.cost.mean) == (0, 1, None)


def test_a_machine_failure_has_no_verdict_and_leaves_the_denominator() -> None:
    good, bad = trial("a", 0), trial("a", 1)
    done = attempt(good, 1, Ended.COMPLETED, 1)
    broken = attempt(bad, 1, Ended.PROVIDER_ERROR, 1)
    rows = outcome_of([good, bad], [done, broken], [solved(done, 1.0), solved(broken, None, "provider_error")])
    (cell,) = cells(rows)
    assert (cell.solved.n, cell.solved.total, cell.solved.unknown) == (1, 1.0, 1)
    assert cell.by_outcome == {"provider_error": 1, "solved": 1}


def test_how_it_ended_and_whether_it_solved_stay_apart() -> None:
    one, two = trial("a", 0), trial("a", 1)
    late, slow = attempt(one, 1, Ended.TIMEOUT, 1), attempt(two, 1, Ended.TIMEOUT, 1)
    rows = outcome_of([one, two], [late, slow], [solved(late, 1.0), solved(slow, 0.0, "tampered: control passed")])
    assert [row.outcome for row in rows] == ["timeout+solved", "timeout+failed"]
    (cell,) = cells(rows)
    assert cell.complaints == {"tampered": 1}


def test_a_newer_instrument_replaces_an_older_one() -> None:
    one = trial("a")
    done = attempt(one, 1, Ended.COMPLETED, 1)
    (row,) = outcome_of([one], [done], [solved(done, 0.0, scorer_hash="old"), solved(done, 1.0, scorer_hash="new")])
    assert row.solved is True


def test_tokens_sum_by_kind_and_unknown_kinds_stay_unknown() -> None:
    one = trial("a")
    done = attempt(one, 1, Ended.COMPLETED, 1)
    calls = [call(done, Tokens(input_uncached=10, output=5)), call(done, Tokens(input_uncached=1, cache_read=7))]
    (row,) = trial_outcomes([one], [done], [], lambda _: calls, frozenset({"arm"}))
    assert row.tokens == Tokens(input_uncached=11, cache_read=7, output=5)
    assert row.tokens.prompt == 18
    assert row.calls == 2


def test_cells_do_not_depend_on_the_order_of_trials() -> None:
    rng = random.Random(3)
    trials = [trial(task, repetition) for task in "abc" for repetition in range(4)]
    attempts = [attempt(t, 1, Ended.COMPLETED, rng.randrange(10**9)) for t in trials]
    scores = [solved(a, float(rng.random() < 0.5)) for a in attempts]
    scores += [Score(a.id, 0, "executed", "h", "score", rng.random() * 100) for a in attempts]
    expected = cells(outcome_of(trials, attempts, scores))
    for _ in range(5):
        shuffled = rng.sample(trials, len(trials))
        assert cells(outcome_of(shuffled, attempts, scores)) == expected


def test_sums_keep_unknown_apart() -> None:
    result = sums([1.0, None, 3.0])
    assert (result.n, result.total, result.squares, result.unknown) == (2, 4.0, 10.0, 1)
    assert (result.mean, result.variance) == (2.0, 2.0)
    assert sums([5.0]).variance is None
    assert sums([None]).mean is None
