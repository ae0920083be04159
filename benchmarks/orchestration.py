"""Orchestration: CPU and wall per trial with a no-op agent, memory at 10,000 trials, resume of 5,000 finished trials.

``python benchmarks/orchestration.py`` prints a table and, with ``--json FILE``, writes it. "Orchestration only" runs
trials in the in-memory sandbox: claim, door, launch, read, seal, settle. "In bubblewrap" is the whole trial, without
verifier. A bare ``bwrap true`` and a bare ``python3 -I -S`` in bwrap are measured in the same run: the floor.
"""

import argparse
import asyncio
import contextlib
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from assay.engines.base import EngineLimits
from assay.engines.local import LocalEngine
from assay.evidence.layout import RunFolder
from assay.gateway.server import GatewayServer
from assay.ledger.sqlite import SqliteLedger
from assay.records import Arm, Ended, Outcome, Trial, trial_id
from assay.sandboxes.base import SandboxKind
from assay.sandboxes.bubblewrap import BubblewrapKind
from assay.sandboxes.memory import MemorySandboxKind
from assay.sandboxes.toolchain import toolchain
from assay.testing.agent import ScriptedAgent
from assay.testing.tasks import make_task
from assay.trial.environment import TrialEnvironment, TrialLimits
from assay.trial.life import run_trial

ARM = Arm("scripted", "0", "", "")


def cpu_s() -> float:
    """CPU seconds of this process and of its dead children."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def rss_mb() -> float:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@asynccontextmanager
async def environment(folder: Path, kind: SandboxKind, trials: int) -> AsyncIterator[TrialEnvironment]:
    """Everything that a no-op trial needs, with ``trials`` planned."""
    task = make_task(folder / "suite")
    ledger = SqliteLedger(folder / "ledger.sqlite", "run")
    gateway = await GatewayServer.start(folder / "gateway.sock")
    planned = [
        Trial(trial_id(ARM.id, task.hash, number), "run", ARM.id, task.id, task.hash, number, number)
        for number in range(trials)
    ]
    await ledger.plan(planned)
    scratch = folder / "scratch"
    scratch.mkdir()
    yield TrialEnvironment(
        ledger=ledger,
        gateway=gateway,
        sandboxes=kind,
        agents=lambda _: ScriptedAgent(script="true"),  # one for each attempt: it notes every request
        toolchains=toolchain,
        folder=RunFolder(folder / "run"),
        scratch=scratch,
        trials={trial.id: trial for trial in planned},
        arms={ARM.id: ARM},
        tasks={task.hash: task},
        routes={},
        limits=TrialLimits(),
        worker="bench/1",
    )
    await gateway.stop()
    await ledger.close()


async def trials_per_second(kind: SandboxKind, count: int, at_once: int) -> dict[str, float]:
    """Run ``count`` no-op trials; CPU and wall per trial, and memory before and after."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # noqa: ASYNC240 - once
        async with environment(folder, kind, count) as env:
            await run_trial(next(iter(env.trials)), env)  # the toolchain is built once
            before, cpu, wall = rss_mb(), cpu_s(), time.perf_counter()

            async def one(trial: str) -> None:
                await run_trial(trial, env)

            async for _ in LocalEngine().run(list(env.trials)[1:], one, EngineLimits(at_once)):
                pass
            n = count - 1
            spent, passed = cpu_s() - cpu, time.perf_counter() - wall
            after = rss_mb()
            ended = {attempt.ended for attempt in await env.ledger.attempts()}
            assert ended == {Ended.COMPLETED}, ended
            return {
                "trials": n,
                "cpu_ms": 1000 * spent / n,
                "wall_ms": 1000 * passed / n,
                "per_s": n / passed,
                "rss_before_mb": before,
                "rss_after_mb": after,
            }


async def resume(finished: int) -> dict[str, float]:
    """Open a ledger of ``finished`` settled trials and a few owed ones, and find out what is owed."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        path = Path(name) / "ledger.sqlite"
        ledger = SqliteLedger(path, "run")
        trials = [Trial(trial_id("arm", str(k), 0), "run", "arm", str(k), str(k), 0, k) for k in range(finished + 10)]
        await ledger.plan(trials)
        for trial in trials[:finished]:
            attempt = await ledger.claim(trial.id, "w", 60)
            assert attempt is not None
            await ledger.settle(attempt, Outcome(Ended.COMPLETED, spent=1))
        await ledger.close()
        begun = time.perf_counter()
        ledger = SqliteLedger(path, "run")
        await ledger.forfeit("w")
        assert await ledger.plan(trials) == 0
        assert len(await ledger.pending()) == 10
        await ledger.trials()
        await ledger.attempts()
        passed = time.perf_counter() - begun
        await ledger.close()
        return {"finished": finished, "resume_s": passed}


def bare(command: list[str], runs: int = 30) -> dict[str, float]:
    """CPU and wall of a bare command, one after another."""
    cpu, wall = cpu_s(), time.perf_counter()
    for _ in range(runs):
        subprocess.run(command, check=True)
    return {"cpu_ms": 1000 * (cpu_s() - cpu) / runs, "wall_ms": 1000 * (time.perf_counter() - wall) / runs}


def floor() -> dict[str, dict[str, float]]:
    """What bubblewrap and a Python supervisor cost without us."""
    walls = ["--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]
    # As pid 1: otherwise bwrap does not wait for what it starts, and the CPU of that is lost to the count.
    box = ["bwrap", "--unshare-all", "--as-pid-1", "--die-with-parent", "--proc", "/proc", "--dev", "/dev", *walls]
    return {
        "bare bwrap true": bare([*box, "/usr/bin/true"]),
        "bare bwrap python3 -I -S": bare([*box, "/usr/bin/python3", "-I", "-S", "-c", "0"]),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10_000, help="for orchestration only")
    parser.add_argument("--boxed", type=int, default=200, help="trials in bubblewrap")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows: dict[str, dict[str, float]] = {}
    small = asyncio.run(trials_per_second(MemorySandboxKind(), 1000, 50))
    rows["orchestration only, 1,000 trials"] = small
    rows[f"orchestration only, {options.trials:,} trials"] = asyncio.run(
        trials_per_second(MemorySandboxKind(), options.trials, 50)
    )
    if shutil.which("bwrap"):
        rows["whole trial in bubblewrap, one at a time"] = asyncio.run(
            trials_per_second(BubblewrapKind(), options.boxed, 1)
        )
        rows["whole trial in bubblewrap, four at once"] = asyncio.run(
            trials_per_second(BubblewrapKind(), options.boxed, 4)
        )
        rows |= floor()
    rows["resume of 5,000 finished trials"] = asyncio.run(resume(5000))
    report(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


def report(rows: dict[str, dict[str, float]]) -> None:
    """Print one line per row, figures rounded."""
    show: Callable[[float], str] = lambda value: f"{value:,.2f}".rstrip("0").rstrip(".")  # noqa: E731 - one line
    for name, row in rows.items():
        print(f"{name}: " + ", ".join(f"{key} {show(value)}" for key, value in row.items()))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
