"""How often are the statistics wrong? Synthetic worlds of known truth, 10,000 seeded replications each.

    python benchmarks/worlds.py [--replications 10000] [--seed 1] [--json worlds.json]

Exit code 1 when a symmetric world exceeds 6% false alarms, when the control (Welch on pooled runs) never fails, when
a true ranking is not recovered, or when the interval of one arm's solve rate holds the truth in less than 93%.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from assay.testing.coverage import Coverage, coverage, rate_worlds
from assay.testing.worlds import Rates, Recovery, false_alarms, recover_ranking, skewed_worlds, symmetric_worlds

CLAIM = 0.06
RECOVERED = 0.99
COVERED = 0.93
COVERAGE_REPLICATIONS = 2_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=Path("worlds.json"))
    options = parser.parse_args()
    begun = time.perf_counter()
    print(f"Two arms of equal mean called different at 5%, {options.replications} replications, seed {options.seed}")
    print(f"{'truth':<13}{'outcome':<12}{'runs/task':>9}{'tasks':>7}{'paired by task':>16}{'Welch on runs':>15}")
    symmetric = [show(false_alarms(world, options.replications, options.seed)) for world in symmetric_worlds()]
    print("skewed differences (published, not claimed)")
    skewed = [show(false_alarms(world, options.replications, options.seed)) for world in skewed_worlds()]
    print("well-separated arms")
    ranking = [
        tell(recover_ranking(options.replications, options.seed, arms=arms, tasks=24, reps=reps))
        for arms, reps in ((3, 3), (4, 3), (4, 30))
    ]
    times = min(options.replications, COVERAGE_REPLICATIONS)
    print(f"The 95% interval of one arm's solve rate holds the truth, {times} replications")
    print(f"{'tasks':<34}{'runs/task':>9}{'tasks':>7}{'over tasks':>16}{'Wilson on runs':>15}")
    covered = [report(coverage(world, times, options.seed)) for world in rate_worlds()]
    seconds = time.perf_counter() - begun
    verdict = judge(symmetric, ranking, covered)
    result = {
        "replications": options.replications,
        "seed": options.seed,
        "seconds": round(seconds, 1),
        "claim": CLAIM,
        "symmetric": [asdict(row) for row in symmetric],
        "skewed": [asdict(row) for row in skewed],
        "ranking": [asdict(row) for row in ranking],
        "coverage": [asdict(row) for row in covered],
        "failures": verdict,
    }
    options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"{seconds:.0f} s; {options.json}; " + ("; ".join(verdict) if verdict else "every claim holds"))
    return 1 if verdict else 0


def show(row: Rates) -> Rates:
    world = row.world
    ours, control = f"{row.by_task:.1%}", f"{row.by_run:.1%}"
    print(f"{world.truth:<13}{world.outcome:<12}{world.reps:>9}{world.tasks:>7}{ours:>16}{control:>15}", flush=True)
    return row


def tell(row: Recovery) -> Recovery:
    print(
        f"{row.arms} arms, {row.tasks} tasks x {row.reps}: order right {row.order_right:.1%}, true ranks inside "
        f"{row.ranks_covered:.1%}, all pairs separated {row.all_separated:.1%}, any false claim {row.false_claim:.1%}",
        flush=True,
    )
    return row


def report(row: Coverage) -> Coverage:
    world = row.world
    print(
        f"{world.name:<34}{world.reps:>9}{world.tasks:>7}{f'{row.by_task:.1%}':>16}{f'{row.by_run:.1%}':>15}",
        flush=True,
    )
    return row


def judge(symmetric: list[Rates], ranking: list[Recovery], covered: list[Coverage]) -> list[str]:
    failures = [
        f"{row.world.truth} {row.world.outcome} {row.world.reps}x{row.world.tasks}: {row.by_task:.1%}"
        for row in symmetric
        if row.by_task > CLAIM
    ]
    control = [row.by_run for row in symmetric if row.world.truth == "interaction" and row.world.reps == 30]
    if min(control) <= CLAIM:
        failures.append(f"the control did not fail: {min(control):.1%}")
    failures += [f"{row.arms} arms: ranking not recovered" for row in ranking if row.order_right < RECOVERED]
    failures += [
        f"{row.world.name} {row.world.reps}x{row.world.tasks}: covered {row.by_task:.1%}"
        for row in covered
        if row.by_task < COVERED
    ]
    return failures


if __name__ == "__main__":
    sys.exit(main())
