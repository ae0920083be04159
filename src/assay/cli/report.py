"""``assay report``: the report of a run, in the format that is wanted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from assay.cli.options import PATH, run_argument
from assay.cli.output import page
from assay.evidence.layout import RunFolder
from assay.report.terminal import print_report
from assay.run.opening import open_run
from assay.run.reporting import FORMATS, Reading, read_run, write_reports


async def read_folder(folder: Path) -> Reading:
    """Open a run folder, derive its facts, analyse them."""
    run = await open_run(RunFolder(folder))
    try:
        return await read_run(run)
    finally:
        await run.ledger.close()


@click.command()
@run_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *FORMATS, "all"]),
    default="all",
    show_default=True,
    help="'all' writes every report file into the run folder; one format goes to stdout.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("-o", "--output", type=PATH, help="Write here instead of stdout.")
def report(run: Path, form: str, as_json: bool, output: Path | None) -> None:
    """Write the report of RUN. The same evidence gives the same report."""
    wanted = "json" if as_json else form
    reading = asyncio.run(read_folder(run))
    if wanted == "text":
        print_report(reading.analysis, reading.lock, reading.facts, page())
    elif wanted == "all":
        click.echo(f"report: {write_reports(reading, run)}")
    elif output is not None:
        output.write_text(reading.render(wanted), encoding="utf-8")
        click.echo(f"report: {output}")
    else:
        click.echo(reading.render(wanted), nl=False)
