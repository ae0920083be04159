"""``assay``: one table of commands, loaded when used, and one place where errors become a line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

import click

from assay import __version__
from assay.cli.failures import EXIT_INTERRUPTED, report_failure
from assay.names import suggestion


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives (``module:attribute``), and what the overview says of it."""

    path: str
    summary: str
    matters: bool = False


COMMANDS: Mapping[str, Entry] = {
    "demo": Entry("assay.cli.demo:demo", "The whole job on simulated models: no key, no docker, no network.", True),
    "try": Entry("assay.cli.try_models:try_models", "Your models, a first verdict: says the cost, asks, runs.", True),
    "run": Entry("assay.cli.run:run", "Run an experiment, or resume it: the same command.", True),
    "report": Entry("assay.cli.report:report", "Write the report of a run: html, md, json, csv.", True),
    "show": Entry("assay.cli.show:show", "Why did this trial end so? Its diff, calls, verifier.", True),
    "route": Entry("assay.cli.route:route", "From a run to a routing policy: which arm for which kind of task.", True),
    "doctor": Entry("assay.cli.doctor:doctor", "What works on this machine, what does not, and the remedy.", True),
    "init": Entry("assay.cli.init:init", "Write a starter experiment file."),
    "plan": Entry("assay.cli.plan:plan", "What an experiment would run, cost and be able to show; spends nothing."),
    "watch": Entry("assay.cli.watch:watch", "Progress of a run, live."),
    "score": Entry("assay.cli.score:score", "Score a run again from its evidence."),
    "reprice": Entry("assay.cli.reprice:reprice_run", "What a run would cost at the prices of another day."),
    "tasks": Entry("assay.cli.tasks:tasks", "List, check and scaffold tasks."),
    "agents": Entry("assay.cli.agents:agents", "Install, list and remove command-line agents."),
    "facts": Entry("assay.cli.facts:facts", "Rebuild a run's tables from ledger and evidence."),
}


class Commands(click.Group):
    """A group that knows its commands by path and imports only the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All names, those that matter first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.path.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command for one that does not exist."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            hint = suggestion(name, COMMANDS, otherwise="See: assay --help")
            raise click.UsageError(f"there is no command '{name}'. {hint}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Two lists, from the table: nothing is imported for the overview."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items() if entry.matters])
        with formatter.section("More"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items() if not entry.matters])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="assay", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Print the traceback of an unexpected error.")
def assay(debug: bool) -> None:
    """Which coding model or agent is best for your tasks, what it costs, and whether the difference is real.

    Start with:  assay demo
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit. Exit codes are those of ``assay.errors`` (``docs/cli.md``)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = assay.main(given, prog_name="assay", standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - the one place where everything ends
        sys.exit(report_failure(error, json_wanted=_wants(given, "--json"), debug=_wants(given, "--debug")))
    sys.exit(code if isinstance(code, int) else 0)


def _wants(arguments: Sequence[str], flag: str) -> bool:
    own = arguments[: list(arguments).index("--")] if "--" in arguments else arguments
    return flag in own or (flag == "--json" and "--format=json" in own)
