"""Write what the program says of itself into ``docs/``: ``commands.md`` from ``--help``, the experiment's JSON schema.

``--check`` writes nothing and exits 1 when a file is not what it should be.
"""

import argparse
import json
import sys
from pathlib import Path

import click

from assay.cli.main import COMMANDS, assay
from assay.experiment.load import experiment_schema

DOCS = Path(__file__).parent.parent / "docs"
HEAD = "# Commands\n\nWritten by `make docs` from `--help`. Exit codes and conventions: [cli.md](cli.md).\n"


def help_of(command: click.Command, path: str) -> str:
    """Return a command's help, 100 columns wide, and that of its subcommands."""
    context = click.Context(command, info_name=path, max_content_width=100, terminal_width=100)
    text = f"\n## {path}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group) and command is not assay:
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            text += help_of(child, f"{path} {name}")
    return text


def pages() -> dict[Path, str]:
    """Return every generated file with its content."""
    context = click.Context(assay, info_name="assay")
    commands = HEAD + help_of(assay, "assay")
    for name in sorted(COMMANDS):
        command = assay.get_command(context, name)
        assert command is not None
        commands += help_of(command, f"assay {name}")
    schema = json.dumps(experiment_schema(), indent=1, sort_keys=True) + "\n"
    return {DOCS / "commands.md": commands, DOCS / "experiment.schema.json": schema}


def main() -> None:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if options.check:
        sys.exit(f"stale: {', '.join(path.name for path in stale)}. Run: make docs" if stale else 0)
    for path in stale:
        path.write_text(pages()[path], encoding="utf-8")
        print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
