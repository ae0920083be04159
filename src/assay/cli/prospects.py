"""What a design can show at best: numbers that only the statistics know, for the plan's summary."""

from __future__ import annotations

import math
from collections.abc import Sequence

from assay.plan import Prospects, compared_arms
from assay.records import Arm
from assay.stats import detectable, difference_sd, fewest_tasks, minimum_p

# What is assumed before anything is known: trials succeed six times in ten, and from task to task the true
# difference between two arms scatters by 20 points.
ASSUMED_RATE = 0.6
ASSUMED_TASK_SD = 0.2
ALPHA = 0.05


def prospects(arms: Sequence[Arm], n_tasks: int, repetitions: int) -> Prospects:
    """Return minimum attainable p and detectable difference, for all pairs of arms that are no controls."""
    n = len(compared_arms(arms))
    comparisons = max(1, n * (n - 1) // 2)
    smallest = minimum_p(n_tasks)
    run_sd = math.sqrt(ASSUMED_RATE * (1 - ASSUMED_RATE))
    spread = difference_sd(ASSUMED_TASK_SD, run_sd, run_sd, repetitions)
    shown = detectable(n_tasks, spread, paired=True)
    return Prospects(
        minimum_p=smallest,
        comparisons=comparisons,
        minimum_p_corrected=min(1.0, smallest * comparisons),
        tasks_needed=fewest_tasks(ALPHA / comparisons),
        detectable=None if shown is None else round(100 * min(shown, 1.0), 1),
        assumptions=(
            f"{ASSUMED_RATE:.0%} of trials solved, true differences scatter by {100 * ASSUMED_TASK_SD:.0f} points "
            "between tasks, one pair, before correction"
        ),
    )
