"""``assay score``: score a run again from its sealed evidence."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import click

from assay.cli.options import json_option, run_argument, sandbox_option
from assay.cli.output import counted, print_json, progress
from assay.errors import EvidenceError
from assay.evidence.layout import RunFolder
from assay.evidence.lock import read_lock
from assay.run.opening import one_driver, open_run
from assay.run.reporting import read_run, write_reports
from assay.run.rescoring import Rescored, rescore
from assay.run.sealing import differs_sentence
from assay.sandboxes.kinds import sandbox_kind


async def _score(folder: RunFolder, sandbox: str | None, jobs: int, *, rerun: bool) -> Rescored:
    read_lock(folder.lock)  # before a folder that is no run gets a lock file
    with one_driver(folder):
        run = await open_run(folder)
        try:
            done = await rescore(run, sandbox_kind(sandbox), jobs=jobs, rerun=rerun)
            write_reports(await read_run(run), folder.root)
        finally:
            await run.ledger.close()
    return done


@click.command()
@run_argument
@sandbox_option
@click.option("--rerun", is_flag=True, help="Verify everything again and compare, also what has a result.")
@click.option("--jobs", type=click.IntRange(min=1), help="Sandboxes at once; default: processors.")
@json_option
def score(run: Path, sandbox: str | None, rerun: bool, jobs: int | None, as_json: bool) -> None:
    """Score RUN from evidence: whatever today's instruments have no result for. No model is called."""
    done = asyncio.run(_score(RunFolder(run), sandbox, jobs or os.cpu_count() or 1, rerun=rerun))
    if as_json:
        print_json(done.to_json())
    else:
        click.echo(f"{counted(done.scored, 'attempt')} scored, {done.kept} had their result already")
        if done.changed:
            text = f"{len(done.changed)} results differ from what is on record: {', '.join(done.changed[:5])}"
            progress().print(text)
        if done.failed:
            said = f"an instrument failed on {counted(done.failed, 'attempt')}"
            click.echo(f"{said}: assay show says why, the same command tries again", err=True)
        if done.altered:
            click.echo(f"{differs_sentence(done.altered)}; what is on record for them stays", err=True)
    if done.altered:
        sys.exit(EvidenceError.exit_code)
