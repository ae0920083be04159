"""What the whole procedure gains on tasks that it has not seen: the only gain that may be believed."""

from __future__ import annotations

import numpy as np

from assay.policy import BackTest
from assay.routing.choice import Choice, Rules, choose
from assay.routing.grid import Floats, Grid
from assay.stats import Interval, task_t

# Up to this many tasks each task is left out in turn; above, ten folds.
LEAVE_ONE_OUT = 100
FOLDS = 10


def back_test(grid: Grid, rules: Rules, chosen: Choice) -> BackTest:
    """Choose default and routes without some tasks, then value them on those tasks, against the best arm chosen so."""
    n = len(grid.tasks)
    folds = fold_of(grid)
    method = "leave one task out" if n <= LEAVE_ONE_OUT else f"{FOLDS} folds of tasks"
    in_sample = float(np.mean(_gains(chosen, grid, np.ones(n, dtype=bool), grid.values)))
    if n == 1:
        says = "One task: nothing can be held out."
        return BackTest(method, n, in_sample, None, None, None, None, None, None, None, says)
    bare = Rules(rules.target, rules.margin, gate=False)
    gains, free, cost = np.zeros(n), np.zeros(n), np.zeros(n)
    for fold in range(int(folds.max()) + 1):
        out = folds == fold
        training = grid.only(~out)
        gated = choose(training, rules)
        gains[out] = _gains(gated, grid, out, grid.values)
        free[out] = _gains(choose(training, bare), grid, out, grid.values)
        cost[out] = _gains(gated, grid, out, grid.cell_cost)
    held, loose = _gain(gains, grid), _gain(free, grid)
    routed = any(picked.arm != chosen.best for picked in chosen.picked)
    return BackTest(
        method=method,
        n_tasks=n,
        in_sample=in_sample,
        held_out=held.mean,
        low=held.low,
        high=held.high,
        ungated=loose.mean,
        ungated_low=loose.low,
        ungated_high=loose.high,
        held_out_cost_usd=float(cost.mean()) if np.isfinite(cost).all() else None,
        says=_says(held, routed=routed),
    )


def fold_of(grid: Grid) -> np.ndarray:
    """Return each task's fold: every task its own, or folds dealt out within a type in the order of task ids."""
    n = len(grid.tasks)
    if n <= LEAVE_ONE_OUT:
        return np.arange(n)
    folds = np.zeros(n, dtype=np.int64)
    order = sorted(range(n), key=lambda place: (grid.kinds[place], grid.tasks[place]))
    folds[order] = np.arange(n) % FOLDS
    return folds


def _gains(choice: Choice, grid: Grid, here: np.ndarray, values: Floats) -> Floats:
    """Value of the routed arm minus value of the best single arm on each task of ``here``."""
    places = np.nonzero(here)[0]
    arms = np.array([choice.picked[kind].arm for kind in grid.kinds[places]], dtype=np.int64)
    return np.asarray(values[arms, places] - values[choice.best, places], dtype=float)


def _gain(gains: Floats, grid: Grid) -> Interval:
    """Interval of the held-out gain; none when the procedure never differed from the best single arm."""
    if (gains == 0).all():
        return Interval(0.0, None, None, None, gains.size, "no difference", "no task was routed away")
    return task_t(gains, bounds=grid.bounds)


def _says(held: Interval, *, routed: bool) -> str:
    if not routed and held.mean == 0:
        return "Every type goes to the best single arm: there is no gain to measure."
    if held.low is None or held.high is None:
        return f"A gain over the best single arm is not shown: on held-out tasks {held.reason}."
    if held.low > 0:
        return "The gain over the best single arm is shown on held-out tasks."
    if held.high < 0:
        return "On held-out tasks the policy does worse than the best single arm."
    return "The interval of the held-out gain includes 0: a gain over the best single arm is not shown."
