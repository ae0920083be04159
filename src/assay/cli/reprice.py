"""``assay reprice``: what a run would cost at the prices of another day."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from assay.cli.options import json_option, run_argument
from assay.cli.output import page, print_json, table, usd
from assay.evidence.layout import RunFolder
from assay.run.opening import open_run
from assay.run.repricing import Repriced, Sum, reprice


@click.command("reprice")
@run_argument
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), required=True, metavar="DATE", help="YYYY-MM-DD.")
@json_option
def reprice_run(run: Path, as_of: datetime, as_json: bool) -> None:
    """Price the tokens of RUN again, by the published prices of a day. Changes nothing in the run."""
    rows = asyncio.run(_read(run, as_of.replace(tzinfo=UTC)))
    day = as_of.date().isoformat()
    if as_json:
        print_json({"run": str(run), "as_of": day, "arms": [row.to_json() for row in rows]})
        return
    console = page()
    shown = table(["arm", "calls", "as priced then", f"as of {day}", "change"], numbers=["calls", "change"])
    for row in rows:
        shown.add_row(row.label, str(row.calls), _money(row.then), _money(row.now), _change(row))
    console.print(shown)
    unlisted = sorted({name for row in rows for name, source in row.prices.items() if source == "unknown"})
    if unlisted:
        console.print(f"No price as of {day}: {', '.join(unlisted)}. Their cost is unknown, not zero.", style="yellow")
    if any(row.simulated for row in rows):
        console.print("Prices of simulated models are declared, not published: they have no date.", style="yellow")


async def _read(run: Path, as_of: datetime) -> tuple[Repriced, ...]:
    opened = await open_run(RunFolder(run))
    try:
        return await reprice(opened, as_of)
    finally:
        await opened.ledger.close()


def _money(total: Sum) -> str:
    if total.usd is None:
        return "unknown"
    return f"{'at least ' if total.lower_bound else ''}{usd(total.usd)}"


def _change(row: Repriced) -> str:
    then, now = row.then, row.now
    if then.usd is None or now.usd is None or not then.usd or then.unknown_calls != now.unknown_calls:
        return "-"
    return f"{100 * (now.usd / then.usd - 1):+.1f}%"
