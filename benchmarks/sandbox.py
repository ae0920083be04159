"""What one sandboxed run costs: CPU of driver and children, and wall time, with bare bwrap beside it.

python benchmarks/sandbox.py [--runs 50] [--files 10]
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from assay.sandboxes.base import Deadlines, SandboxKind, SandboxSpec
from assay.sandboxes.bubblewrap import WALLS, BubblewrapKind, system_mounts
from assay.sandboxes.interpreter import interpreter
from assay.sandboxes.unsafe_host import UnsafeHostKind


def cpu_ms() -> float:
    """CPU of this process and of all children that have ended."""
    parts = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts) * 1000


async def measure(name: str, runs: int, once: Callable[[], Awaitable[None]]) -> None:
    for _ in range(3):
        await once()
    walls, cpus = [], []
    for _ in range(runs):
        begun, before = time.perf_counter(), cpu_ms()
        await once()
        walls.append((time.perf_counter() - begun) * 1000)
        cpus.append(cpu_ms() - before)
    tail = sorted(walls)[int(len(walls) * 0.95)]
    lowest, middle = min(cpus), statistics.median(cpus)
    print(f"{name:38} {lowest:7.1f} {middle:7.1f} {statistics.median(walls):9.1f} {tail:9.1f}")


def bare(command: list[str]) -> Callable[[], Awaitable[None]]:
    arguments = ["bwrap", *WALLS, *system_mounts(), "--proc", "/proc", "--dev", "/dev", "--", *command]

    async def once() -> None:
        subprocess.run(arguments, check=True)  # noqa: ASYNC221  # nothing else runs

    return once


def whole(kind: SandboxKind, start: Path, scratch: Path) -> Callable[[], Awaitable[None]]:
    """Copy of the start, supervisor, no-op command, snapshot, removal."""

    async def once() -> None:
        async with kind.open(SandboxSpec("benchmark", start, scratch)) as sandbox:
            record = await sandbox.run(["true"], deadlines=Deadlines(10))
            assert record.exit_code == 0, record
            with tempfile.TemporaryDirectory(dir=scratch) as seal:
                await sandbox.snapshot(Path(seal))

    return once


async def crowd(kind: SandboxKind, start: Path, scratch: Path, count: int) -> None:
    """Many at once: what a driver sees when it starts a batch."""
    begun, before = time.perf_counter(), cpu_ms()
    once = whole(kind, start, scratch)
    await asyncio.gather(*(once() for _ in range(count)))
    wall = (time.perf_counter() - begun) * 1000
    print(f"{f'{count} whole runs at once, per run':38} {'':7} {(cpu_ms() - before) / count:7.1f} {wall / count:9.1f}")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--files", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder) / "start"
        start.mkdir()
        for number in range(options.files):
            (start / f"module_{number}.py").write_text("value = 1\n" * 100, encoding="utf-8")
        print(f"{'per run, milliseconds':38} {'CPU min':>7} {'CPU p50':>7} {'wall p50':>9} {'wall p95':>9}")
        await measure("bare bwrap, true", options.runs, bare(["/usr/bin/true"]))
        python = interpreter()
        if not python.mounts:
            await measure(
                "bare bwrap, python -I -S -c pass", options.runs, bare([python.inside, "-I", "-S", "-c", "pass"])
            )
        for kind in (BubblewrapKind(), UnsafeHostKind()):
            await measure(f"{kind.name}, whole run", options.runs, whole(kind, start, Path(folder) / "scratch"))
        await crowd(BubblewrapKind(), start, Path(folder) / "scratch", 100)


if __name__ == "__main__":
    asyncio.run(main())
