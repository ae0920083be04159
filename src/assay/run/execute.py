"""The whole job: open or extend the run folder, drive it, derive facts, write the report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from assay.errors import RunError
from assay.evidence.layout import RunFolder
from assay.experiment.model import Experiment
from assay.run.design import resolve
from assay.run.driver import DriveEnd, DriveOptions, drive
from assay.run.opening import Run, extend_run, find_folder, machine_facts, new_folder, one_driver, start_run
from assay.run.preflight import preflight
from assay.run.progress import Observer, Silent
from assay.run.reporting import Reading, read_run, write_reports
from assay.sandboxes.base import SandboxKind
from assay.sandboxes.kinds import sandbox_kind
from assay.sandboxes.toolchain import toolchain

RUNS = Path("runs")


@dataclass(frozen=True, slots=True)
class Executed:
    """What became of a run: its folder, how the drive ended, what the report says."""

    folder: RunFolder
    end: DriveEnd
    reading: Reading
    report: Path


def choose_folder(experiment: Experiment, out: Path | None, *, new: bool = False) -> RunFolder:
    """Return the folder to run in: ``out``, else the newest run of that name, else a fresh one below ``runs/``."""
    if out is not None:
        return RunFolder(out)
    found = None if new else find_folder(experiment.name, RUNS)
    return RunFolder(found or new_folder(experiment.name, RUNS))


async def execute(
    experiment: Experiment,
    folder: RunFolder,
    options: DriveOptions,
    *,
    source: Path | None = None,
    sandbox: str | None = None,
    observer: Observer | None = None,
) -> Executed:
    """Run or resume an experiment in ``folder`` and write its report.

    Raises ``AssayError`` before anything is spent when a name, a machine or a folder is wrong.
    """
    watch = observer or Silent()
    design = resolve(experiment)
    kind = sandbox_kind(sandbox)
    book = preflight(design, options)
    watch.message(f"run folder: {folder.root}")
    with one_driver(folder):
        if folder.lock.exists():
            run = await extend_run(folder, design)
        else:
            run = await start_run(folder, design, source, machine_facts(kind, toolchain()))
        try:
            _same_sandbox(run, kind)
            if run.amended:
                watch.message(run.amended)
            chosen = _bounded(options, experiment, run, watch)
            end = await drive(run, kind, chosen, providers=design.providers, book=book, observer=watch)
            if end.reason != "finished":
                await run.ledger.note(end.reason, {"limit": options.max_cost} if end.reason == "max_cost" else {})
            watch.message("writing the report")
            reading = await read_run(run)
            report = write_reports(reading, folder.root)
        finally:
            await run.ledger.close()
    return Executed(folder, end, reading, report)


def _bounded(options: DriveOptions, experiment: Experiment, run: Run, observer: Observer) -> DriveOptions:
    """Take concurrency from the file, and run no more repetitions than it says now: what is planned stays planned."""
    limit = options.concurrency or experiment.concurrency
    selection = options.selection
    if experiment.reps < run.lock.repetitions:
        observer.message(f"running the first {experiment.reps} of the run's {run.lock.repetitions} repetitions")
        selection = replace(selection, repetitions=min(experiment.reps, selection.repetitions or experiment.reps))
    return replace(options, concurrency=limit, selection=selection)


def _same_sandbox(run: Run, kind: SandboxKind) -> None:
    first = run.lock.machine.get("sandbox")
    if first != kind.name:
        raise RunError(
            f"the run was started in {first} sandboxes, not {kind.name}",
            where=run.folder.root,
            remedy=f"Go on with --sandbox {first}, or start a new run with --new",
        )
