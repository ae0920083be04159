"""``assay facts``: rebuild a run's tables from ledger and evidence."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import click

from assay.cli.options import json_option, run_argument
from assay.cli.output import counted, print_json
from assay.cli.report import read_folder
from assay.errors import EvidenceError
from assay.evidence.facts import Health
from assay.run.sealing import is_about_evidence


@click.command()
@run_argument
@click.option("--verify", is_flag=True, help="Compare all evidence with what was sealed; exit code 3 when it differs.")
@json_option
def facts(run: Path, verify: bool, as_json: bool) -> None:
    """Rebuild the tables of RUN: trials, llm_calls and cells as Parquet, and manifest.json."""
    reading = asyncio.run(read_folder(run, write=True, verify=verify, rebuild=True))
    health, cells = reading.facts.health, len(reading.facts.cells)
    folder = run / "facts"
    stored = os.access(run, os.W_OK)
    found = [note for note in health.notes if is_about_evidence(note)]
    if as_json:
        print_json(
            {"folder": str(folder), "stored": stored, "cells": cells, "health": health.to_json(), "evidence": found}
        )
    else:
        _print(folder, health, cells, stored=stored)
        for note in found:
            click.echo(note, err=True)
        if verify and not found:
            click.echo("all evidence is as it was sealed")
    if verify and found:
        sys.exit(EvidenceError.exit_code)


def _print(folder: Path, health: Health, cells: int, *, stored: bool) -> None:
    where = str(folder) if stored else f"{folder} (not written: the run folder cannot be written)"
    click.echo(
        f"{where}: {counted(health.planned, 'trial')}, {counted(health.attempts, 'attempt')}, {counted(cells, 'cell')}"
    )
