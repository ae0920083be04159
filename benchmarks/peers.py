"""Orchestration beside a peer, in one go: ``python benchmarks/peers.py PYTHON_WITH_INSPECT_AI``.

The peer runs samples whose solver does nothing, with no model call and no scorer; ours are no-op trials in the sandbox
double. Neither starts a process per item. Both sides in turn, three times; prints CPU per item and the ratio.
"""

import asyncio
import json
import statistics
import subprocess
import sys

from orchestration import trials_per_second  # type: ignore[import-not-found]  # beside this script

from assay.sandboxes.memory import MemorySandboxKind

COUNT = 500
PEER = f"""
import json, resource, tempfile, time
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.solver import solver
@solver
def nothing():
    async def solve(state, generate):
        return state
    return solve
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
def go(n):
    task = Task(dataset=[Sample(input=str(k)) for k in range(n)], solver=[nothing()])
    with tempfile.TemporaryDirectory() as logs:
        (log,) = eval(task, model="mockllm/model", log_dir=logs, display="none", max_connections=50)
    assert log.status == "success", log.error
go(5)
c, w = cpu(), time.perf_counter()
go({COUNT})
print(json.dumps([1000 * (cpu() - c) / {COUNT}, {COUNT} / (time.perf_counter() - w)]))
"""


def main() -> None:
    """Measure in turn and print."""
    ours, theirs = [], []
    for _ in range(3):
        row = asyncio.run(trials_per_second(MemorySandboxKind(), COUNT, 50))
        ours.append((row["cpu_ms"], row["per_s"]))
        done = subprocess.run([sys.argv[1], "-c", PEER], capture_output=True, text=True, check=True)
        theirs.append(tuple(json.loads(done.stdout.splitlines()[-1])))
    for name, rows in (("assay", ours), ("inspect", theirs)):
        cpu, rate = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{name}: {cpu:.2f} ms CPU per item, {rate:,.0f} per second")
    ratio = statistics.median(b[0] / a[0] for a, b in zip(ours, theirs, strict=True))
    print(f"CPU ratio, inspect to assay: {ratio:.1f}")


if __name__ == "__main__":
    main()
