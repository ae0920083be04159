"""``assay facts``: rebuild a run's tables from ledger and evidence."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from assay.cli.options import json_option, run_argument
from assay.cli.output import print_json
from assay.cli.report import read_folder


@click.command()
@run_argument
@json_option
def facts(run: Path, as_json: bool) -> None:
    """Rebuild the tables of RUN: trials, llm_calls and cells as Parquet, and manifest.json."""
    reading = asyncio.run(read_folder(run))
    health = reading.facts.health
    if as_json:
        print_json({"folder": str(run / "facts"), "cells": len(reading.facts.cells), "health": health.to_json()})
        return
    click.echo(
        f"{run / 'facts'}: {health.planned} trials, {health.attempts} attempts, {len(reading.facts.cells)} cells"
    )
