"""Making a run folder, opening one, and extending it. One driver at a time."""

from __future__ import annotations

import fcntl
import importlib.metadata
import os
import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assay.errors import RunError
from assay.evidence.layout import RunFolder
from assay.evidence.lock import Lock, read_lock
from assay.identity import content_id
from assay.ledger.sqlite import LossPolicy, SqliteLedger
from assay.plan import chosen_sentinels, make_plan
from assay.records import ArmId, Ended
from assay.run.amendment import amend, effective_lock
from assay.run.design import Design
from assay.sandboxes.base import SandboxKind
from assay.sandboxes.toolchain import Toolchain
from assay.suites.base import Task
from assay.suites.load import load_task

AMENDMENT = "amendment"


@dataclass(frozen=True, slots=True)
class Run:
    """An open run: its folder, its lock with all amendments, its books, its frozen tasks by hash."""

    folder: RunFolder
    lock: Lock
    ledger: SqliteLedger
    tasks: Mapping[str, Task]
    amended: str | None = None


def machine_facts(kind: SandboxKind, toolchain: Toolchain) -> dict[str, object]:
    """What the lock says of this machine: versions and mechanisms, no host name, no paths."""
    return {
        "assay": importlib.metadata.version("assay"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "sandbox": kind.name,
        "sandbox_mechanism": kind.capabilities.mechanism,
        "sandbox_isolates": kind.capabilities.isolates_network and kind.capabilities.isolates_files,
        "toolchain": toolchain.hash,
        "toolchain_versions": dict(toolchain.versions),
        "git": _git_state(),
    }


def _git_state() -> str | None:
    """Commit of the folder that the run is started in, with ``+`` when it has changes; None outside git."""
    git = shutil.which("git")
    if git is None:
        return None
    commit = subprocess.run([git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    if commit.returncode != 0:
        return None
    status = subprocess.run([git, "status", "--porcelain"], capture_output=True, text=True, check=False)
    return commit.stdout.strip() + ("+" if status.stdout.strip() else "")


def find_folder(name: str, root: Path) -> Path | None:
    """Return the newest run called ``name`` below ``root``: what a second ``assay run`` of a file resumes."""
    candidates = sorted(path.parent for path in root.glob(f"{name}-*/lock.json"))
    return candidates[-1] if candidates else None


def new_folder(name: str, root: Path) -> Path:
    """Return a fresh ``<name>-<stamp>`` below ``root``; sorts by time."""
    return root / f"{name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.urandom(2).hex()}"


async def start_run(folder: RunFolder, design: Design, source: Path | None, machine: Mapping[str, object]) -> Run:
    """Freeze a design into a fresh folder and plan its trials. Raises ``RunError`` when the folder is in use."""
    _clear_unfinished(folder)
    folder.root.mkdir(parents=True, exist_ok=True)
    created = time.time_ns() // 1_000_000
    run_id = content_id("run", [design.experiment.id, created, socket.gethostname(), os.getpid()])
    lock = design.lock(run_id, created, machine)
    if source is not None:
        shutil.copyfile(source, folder.experiment)
    _freeze(folder, design)
    ledger = SqliteLedger(folder.ledger, run_id, policy=LossPolicy(retries=design.experiment.retries))
    if lock.prediction_id is not None:
        await ledger.note("prediction", {"id": lock.prediction_id, "predict": dict(lock.predict)})
    lock.write(folder.lock)
    lock = read_lock(folder.lock)  # as every later session sees it, order of keys included
    await _plan(ledger, lock, design.without)
    return Run(folder, lock, ledger, _tasks(folder, lock))


def _clear_unfinished(folder: RunFolder) -> None:
    """Remove what a start left that was killed before its lock was written; anything else is not ours to touch."""
    if not folder.root.exists():
        return
    ours = {folder.driver_lock.name, folder.experiment.name, "inputs", ".lock.json.half"}
    left = list(folder.root.iterdir())
    if any(path.name not in ours and not path.name.startswith(folder.ledger.name) for path in left):
        raise RunError("holds something else", where=folder.root, remedy="Give an empty or new folder with --out")
    for path in left:
        if path.is_dir():
            shutil.rmtree(path)
        elif path != folder.driver_lock:
            path.unlink()


async def open_run(folder: RunFolder) -> Run:
    """Open an existing run for reading or resuming. Raises ``RunError`` for anything that is not one."""
    first = read_lock(folder.lock)
    if not folder.ledger.is_file():
        raise RunError("has no ledger.sqlite: the folder was only half copied", where=folder.root)
    retries = int(first.experiment.get("retries", 1))
    ledger = SqliteLedger(folder.ledger, first.run_id, policy=LossPolicy(retries=retries))
    lock = effective_lock(first, await ledger.notes(AMENDMENT))
    return Run(folder, lock, ledger, _tasks(folder, lock))


async def extend_run(folder: RunFolder, design: Design) -> Run:
    """Open a run with the experiment as it is now: resume it, or extend it by a dated amendment."""
    run = await open_run(folder)
    new = design.lock(run.lock.run_id, run.lock.created, run.lock.machine)
    settled = [a for a in await run.ledger.attempts() if a.ended not in {None, Ended.INFRASTRUCTURE}]
    number = len(await run.ledger.notes(AMENDMENT)) + 1
    amendment = amend(run.lock, new, number=number, seen=len({a.owner for a in settled}))
    if amendment is not None:
        _freeze(folder, design)
        await run.ledger.note(AMENDMENT, amendment.to_json())
        await run.ledger.close()
        run = await open_run(folder)
    await _plan(run.ledger, run.lock, design.without)
    return Run(run.folder, run.lock, run.ledger, run.tasks, amendment.sentence if amendment else None)


def _freeze(folder: RunFolder, design: Design) -> None:
    for task in design.tasks:
        folder.freeze(task.root, task.hash)


def _tasks(folder: RunFolder, lock: Lock) -> dict[str, Task]:
    return {task.hash: load_task(folder.input(task.hash) / task.id) for task in lock.tasks}


async def _plan(ledger: SqliteLedger, lock: Lock, without: frozenset[tuple[ArmId, str]]) -> None:
    again = chosen_sentinels(lock.experiment.get("sentinels"), lock.arms, lock.tasks)
    planned = make_plan(
        lock.arms, lock.tasks, lock.repetitions, lock.seed, lock.run_id, without=without, sentinels=again
    )
    await ledger.plan(planned)


@contextmanager
def one_driver(folder: RunFolder) -> Iterator[None]:
    """Hold the folder while driving it; the kernel lets go when the process dies, however it dies."""
    folder.root.mkdir(parents=True, exist_ok=True)
    with folder.driver_lock.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(
                "another assay process is running this folder",
                where=folder.root,
                remedy="Wait for it, watch it with: assay watch, or give another --out",
            ) from error
        yield
