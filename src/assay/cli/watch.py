"""``assay watch``: progress of a run that some other process drives."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from assay.cli.options import json_option, run_argument
from assay.cli.output import print_json
from assay.cli.watching import observer
from assay.evidence.layout import RunFolder
from assay.run.standing import standing


@click.command()
@run_argument
@click.option("--every", type=click.FloatRange(min=0.1), default=1.0, show_default=True, help="Seconds between looks.")
@click.option("--once", is_flag=True, help="Look once and leave.")
@json_option
def watch(run: Path, every: float, once: bool, as_json: bool) -> None:
    """Show how far RUN is, until all its trials have settled. Reads the ledger only."""
    if as_json:
        print_json(asyncio.run(standing(RunFolder(run))).to_json())
        return
    asyncio.run(_watch(RunFolder(run), every, once=once))


async def _watch(folder: RunFolder, every: float, *, once: bool) -> None:
    with observer() as watching:
        while True:
            now = await standing(folder)
            watching.update(now)
            if once or now.settled == now.planned:
                break
            await asyncio.sleep(every)
