"""Did a model change while the run looked? A trend test over its sentinels, which no comparison counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assay.analysis.table import COST, SOLVED, WALL
from assay.evidence.facts import SentinelRun
from assay.records import Record
from assay.stats import holm, trend

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Drift(Record):
    """One trend: ``change`` from start to end of the run, in the measure's unit (rate, USD, s).

    ``p_corrected`` is Holm over all trends of the run. ``shown`` None = nothing can be said, with the ``reason``.
    ``smallest_p`` is what p could be at best with so many sentinels.
    """

    arm: str
    measure: str
    tasks: tuple[str, ...]
    runs: int
    change: float | None
    p: float | None
    p_corrected: float | None
    smallest_p: float | None
    shown: bool | None
    reason: str = ""


_VALUES: dict[str, Callable[[SentinelRun], float | None]] = {
    SOLVED: lambda run: None if run.solved is None else float(run.solved),
    COST: lambda run: run.cost_usd,
    WALL: lambda run: run.wall_s,
}


def drifts(sentinels: Sequence[SentinelRun], seed: int) -> tuple[Drift, ...]:
    """Test each arm's sentinels, its tasks compared with themselves; arms in the order of their first sentinel."""
    by_arm: dict[str, list[SentinelRun]] = defaultdict(list)
    for run in sorted(sentinels, key=lambda run: (run.at_ms, run.task, run.arm)):
        by_arm[run.arm].append(run)
    found = [_drift(arm, measure, runs, seed) for arm, runs in by_arm.items() for measure in _VALUES]
    corrected = holm([one.p for one in found])
    return tuple(_judged(one, p) for one, p in zip(found, corrected, strict=True))


def _drift(arm: str, measure: str, runs: Sequence[SentinelRun], seed: int) -> Drift:
    known = [(run, value) for run in runs if (value := _VALUES[measure](run)) is not None]
    tasks = tuple(sorted({run.task for run in runs}))
    times = [run.at_ms / 1000 for run, _ in known]
    values, groups = [value for _, value in known], [run.task for run, _ in known]
    found = trend(times, values, groups, seed=seed) if known else None
    if found is None:
        varies = any(len({v for (r, v) in known if r.task == task}) > 1 for task in groups)
        reason = "fewer than four sentinels of a task" if varies or not known else "nothing varied"
        return Drift(arm, measure, tasks, len(known), None, None, None, None, None, reason)
    return Drift(arm, measure, tasks, found.n, found.change, found.p, None, found.smallest_p, None)


def _judged(one: Drift, p: float | None) -> Drift:
    return replace(one, p_corrected=p, shown=None if p is None else p < ALPHA)
