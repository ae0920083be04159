"""Options that several commands share, said once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)

json_option = click.option("--json", "as_json", is_flag=True, help="Print data for programs.")
experiment_argument = click.argument("experiment", type=PATH, required=False)
run_argument = click.argument("run", type=PATH)
out_option = click.option("--out", type=PATH, help="The run folder.")
sandbox_option = click.option(
    "--sandbox", metavar="KIND", help="'bubblewrap' (default), or 'unsafe-host': no isolation, stamped on the report."
)


def without_file(command: Command) -> Command:
    """Add ``--model --agent --suite --max-cost --seed``: an experiment without a file, or changes to one."""
    for option in reversed(
        (
            click.option("--model", "models", multiple=True, metavar="MODEL", help="provider/model; may be repeated."),
            click.option("--agent", "agents", multiple=True, metavar="AGENT", help="May be repeated; default: api."),
            click.option("--suite", metavar="SUITE", help="A built-in suite's name or a folder."),
            click.option("--max-cost", type=click.FloatRange(min=0), metavar="USD", help="For the whole run."),
            click.option("--seed", type=click.IntRange(min=0), help="Of plan order and simulated models."),
        )
    ):
        command = option(command)
    return command


def selection(command: Command) -> Command:
    """Add ``--tasks --arms --reps --limit``: run a part of the plan."""
    for option in reversed(
        (
            click.option("--tasks", multiple=True, metavar="ID", help="Task ids; * works; may be repeated."),
            click.option("--arms", multiple=True, metavar="LABEL", help="Arm labels; * works; may be repeated."),
            click.option("--reps", type=click.IntRange(min=1), help="The first so many repetitions."),
            click.option("--limit", type=click.IntRange(min=1), help="The first so many trials."),
        )
    ):
        command = option(command)
    return command
