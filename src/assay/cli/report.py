"""``assay report``: the report of a run, in the format that is wanted."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import click

from assay.cli.options import PATH, run_argument
from assay.cli.output import page
from assay.errors import MachineError
from assay.evidence.layout import RunFolder
from assay.evidence.lock import read_lock
from assay.report.terminal import print_report
from assay.run.opening import open_run
from assay.run.reporting import FORMATS, Reading, read_run, write_reports


async def read_folder(folder: Path, *, write: bool = False, verify: bool = False, rebuild: bool = False) -> Reading:
    """Open a run folder, derive its facts, analyse them; nothing is written unless ``write`` asks for the tables."""
    run = await open_run(RunFolder(folder))
    try:
        return await read_run(run, write=write, verify=verify, rebuild=rebuild)
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
    help="'all' writes every report file into the run folder; one format goes to stdout, and nothing is written.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("-o", "--output", type=PATH, help="Write here instead of stdout.")
def report(run: Path, form: str, as_json: bool, output: Path | None) -> None:
    """Write the report of RUN. The same evidence gives the same report."""
    wanted = "json" if as_json else form
    if wanted == "all" and output is not None:
        wanted = _format_of(output)
    if wanted == "all":
        _need_writable(run)
    reading = asyncio.run(read_folder(run, write=wanted == "all"))
    if wanted == "all":
        click.echo(f"report: {write_reports(reading, run)}")
    elif output is not None:
        _write(reading, wanted, output)
        click.echo(f"report: {output}")
    elif wanted == "text":
        print_report(reading.analysis, reading.lock, reading.facts, page())
    else:
        click.echo(reading.render(wanted), nl=False)


def _format_of(output: Path) -> str:
    """Take the format from the file's name, so that ``-o report.md`` does what it says."""
    known = ("txt", *FORMATS)
    ending = output.suffix.removeprefix(".").lower()
    if ending not in known:
        raise click.UsageError(f"give --format with -o, or a file that ends in {', '.join(f'.{one}' for one in known)}")
    return "text" if ending == "txt" else ending


def _write(reading: Reading, wanted: str, output: Path) -> None:
    with output.open("w", encoding="utf-8") as file:
        if wanted == "text":
            print_report(reading.analysis, reading.lock, reading.facts, page(file))
        else:
            file.write(reading.render(wanted))


def _need_writable(run: Path) -> None:
    read_lock(RunFolder(run).lock)
    if not os.access(run, os.W_OK):
        raise MachineError(
            "the run folder cannot be written",
            where=run,
            remedy="Choose one report with --format (html, md, json, csv, text), or write it elsewhere with -o FILE",
        )
