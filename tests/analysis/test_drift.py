from collections.abc import Callable

from assay.analysis.drift import Drift, drifts
from assay.evidence.facts import SentinelRun


def runs(number: int, cost: Callable[[int], float | None], solved: bool | None = True) -> list[SentinelRun]:
    return [SentinelRun("arm", "task", 1000 * n, solved, cost(n), 5.0) for n in range(number)]


def by_measure(found: tuple[Drift, ...]) -> dict[str, Drift]:
    return {one.measure: one for one in found}


def test_what_rises_over_the_run_is_drift() -> None:
    found = by_measure(drifts(runs(10, lambda n: 0.01 * n), seed=1))["cost"]
    assert found.shown is True
    assert found.change is not None
    assert round(found.change, 6) == 0.09
    assert found.p_corrected is not None
    assert found.p_corrected < 0.05


def test_no_trend_is_not_shown() -> None:
    found = by_measure(drifts(runs(10, lambda n: 0.01 * (n % 2)), seed=1))["cost"]
    assert found.shown is False
    assert found.smallest_p is not None


def test_what_cannot_be_told_says_why() -> None:
    found = by_measure(drifts(runs(3, lambda n: 0.01 * n), seed=1))
    assert (found["cost"].shown, found["cost"].reason) == (None, "fewer than four sentinels of a task")
    assert (found["solved"].shown, found["solved"].reason) == (None, "nothing varied")


def test_unknown_values_are_left_out() -> None:
    found = by_measure(drifts(runs(10, lambda n: None if n % 2 else 0.01 * n, solved=None), seed=1))
    assert found["cost"].runs == 5
    assert (found["solved"].runs, found["solved"].change) == (0, None)


def test_order_of_the_runs_does_not_matter() -> None:
    one = runs(8, lambda n: 0.01 * n)
    assert drifts(one, seed=3) == drifts(one[::-1], seed=3)


def test_p_is_corrected_over_all_rows_of_the_run() -> None:
    both = runs(8, lambda n: 0.01 * n)
    both += [SentinelRun("other", "task", 1000 * n, True, 0.02 * n, 1.0 * n) for n in range(8)]
    found = drifts(both, seed=1)
    assert len(found) == 6
    assert all(one.p_corrected >= one.p for one in found if one.p is not None and one.p_corrected is not None)
