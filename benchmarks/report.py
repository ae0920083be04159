"""How long a report takes: ``python benchmarks/report.py [--arms 6] [--tasks 24] [--reps 15] [--repeat 5]``.

The default is 2,160 trials (target: 2 s for the whole of ``assay report RUN`` after the facts are read). Every format
is timed in this process; ``cold`` is a new interpreter that imports everything and writes the page once.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from assay.analysis.analyse import analyse
from assay.report.csv_report import render_csv
from assay.report.html import render_html
from assay.report.json_report import render_json
from assay.report.markdown import render_markdown
from assay.testing.facts import make_facts

COLD = """
import sys
from assay.analysis.analyse import analyse
from assay.report.html import render_html
from assay.testing.facts import make_facts
arms, tasks, reps = map(int, sys.argv[1:])
facts, lock = make_facts(1, n_arms=arms, n_tasks=tasks, reps=reps)
sys.stdout.write(render_html(analyse(facts, lock), lock, facts))
"""


def median(work: Callable[[], object], repeat: int) -> tuple[float, float]:
    """Return the medians of wall seconds and of CPU seconds, children included."""
    wall, busy = [], []
    for _ in range(repeat):
        start, before = time.perf_counter(), cpu()
        work()
        wall.append(time.perf_counter() - start)
        busy.append(cpu() - before)
    return statistics.median(wall), statistics.median(busy)


def cpu() -> float:
    """CPU seconds of this process, its threads and its finished children."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("arms", 6), ("tasks", 24), ("reps", 15), ("repeat", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    facts, lock = make_facts(1, n_arms=options.arms, n_tasks=options.tasks, reps=options.reps)
    analysis = analyse(facts, lock)
    page = render_html(analysis, lock, facts)
    print(f"{options.arms * options.tasks * options.reps:,} trials, page of {len(page) / 1024:,.0f} KiB")
    rows: dict[str, Callable[[], object]] = {
        "analyse": lambda: analyse(facts, lock),
        "html": lambda: render_html(analysis, lock, facts),
        "markdown": lambda: render_markdown(analysis, lock, facts),
        "json": lambda: render_json(analysis, lock, facts),
        "csv": lambda: render_csv(analysis, lock, facts),
    }
    arguments = [sys.executable, "-c", COLD, *map(str, (options.arms, options.tasks, options.reps))]
    rows["cold"] = lambda: subprocess.run(arguments, check=True, capture_output=True)
    for name, work in rows.items():
        wall, busy = median(work, options.repeat)
        print(f"{name:10} {wall * 1000:8.0f} ms wall {busy * 1000:8.0f} ms CPU")
    print(f"{'memory':10} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:8.0f} MB (the cold run)")


if __name__ == "__main__":
    main()
