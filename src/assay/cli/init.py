"""``assay init``: a starter experiment file, from flags or from five answers."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from assay.cli.options import PATH
from assay.cli.output import progress
from assay.errors import ExperimentError
from assay.experiment.load import parse_experiment
from assay.experiment.model import DEFAULT_MAX_COST, DEFAULT_REPS
from assay.run.design import resolve

DEFAULT_MODELS = ("lab/swift", "lab/steady", "lab/deep")
DEFAULT_SUITE = "focused"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a starter needs to know."""

    name: str
    question: str
    suite: str
    models: tuple[str, ...]
    reps: int
    max_cost: float
    agents: tuple[str, ...] = ("api",)


@click.command()
@click.argument("path", type=PATH, default=Path("experiment.yaml"))
@click.option("--name", help="Names the run folder; default: the file's name.")
@click.option("--question", help="What you want to find out.")
@click.option("--suite", help=f"A built-in suite's name or a folder; default: {DEFAULT_SUITE}.")
@click.option("--model", "models", multiple=True, metavar="MODEL", help="provider/model; may be repeated.")
@click.option("--agent", "agents", multiple=True, metavar="AGENT", help="May be repeated; default: api.")
@click.option("--reps", type=click.IntRange(min=1), help=f"Repetitions; default: {DEFAULT_REPS}.")
@click.option("--max-cost", type=click.FloatRange(min=0), metavar="USD", help=f"Default: {DEFAULT_MAX_COST:g}.")
@click.option("--yes", is_flag=True, help="Ask nothing: defaults for what was not given.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def init(  # noqa: PLR0917 - one parameter per option
    path: Path,
    name: str | None,
    question: str | None,
    suite: str | None,
    models: tuple[str, ...],
    agents: tuple[str, ...],
    reps: int | None,
    max_cost: float | None,
    yes: bool,
    force: bool,
) -> None:
    """Write a starter experiment to PATH (default: experiment.yaml)."""
    if path.exists() and not force:
        raise ExperimentError("exists already", where=path, remedy="Choose another name, or give --force")
    ask = _Asker(silent=yes or not sys.stdin.isatty())
    answers = Answers(
        name=name or _slug(path),
        question=ask.text("What do you want to find out?", question, "Which model solves more of these tasks?"),
        suite=ask.text("Which tasks? A built-in suite or a folder", suite, DEFAULT_SUITE),
        models=tuple(models) or _listed(ask.text("Which models? With commas", None, ", ".join(DEFAULT_MODELS))),
        reps=int(ask.number("How often each task?", reps, DEFAULT_REPS, click.IntRange(min=1))),
        max_cost=ask.number("At most how many dollars?", max_cost, DEFAULT_MAX_COST, click.FloatRange(min=0)),
        agents=tuple(agents) or _listed(ask.text("Which agents? With commas; api asks the model once", None, "api")),
    )
    text = starter(answers)
    resolve(parse_experiment(text, path))  # whatever 'assay plan' would refuse is not written
    path.write_text(text, encoding="utf-8")
    progress().print(f"Wrote {path}. Next: assay plan {path}")


@dataclass(frozen=True, slots=True)
class _Asker:
    """Asks for what no flag gave; ``silent`` takes the default."""

    silent: bool

    def text(self, question: str, given: str | None, default: str) -> str:
        """Ask for text; an empty answer is the default."""
        if given is not None:
            return given
        return default if self.silent else str(click.prompt(question, default=default, err=True))

    def number(
        self, question: str, given: float | None, default: float, kind: click.IntRange | click.FloatRange
    ) -> float:
        """Ask until the answer is a number that fits."""
        if given is not None:
            return given
        return default if self.silent else float(click.prompt(question, default=f"{default:g}", type=kind, err=True))


def starter(answers: Answers) -> str:
    """Return the file's text, with the next things to try as comments."""
    return f"""\
# What can stand here: docs/experiment.md. What it would run and cost: assay plan FILE. Agents: assay agents list
name: {_quoted(answers.name)}
question: {_quoted(answers.question)}
suite: {_quoted(answers.suite)}
agents: [{", ".join(map(_quoted, answers.agents))}]
models: [{", ".join(map(_quoted, answers.models))}]
reps: {answers.reps}                    # of each task with each agent and model
max_cost: {answers.max_cost:g}                # US dollars for the whole run
controls: [aa]             # one arm twice: what differs there is noise

# variants:                # prompts to compare
#   bare: {{}}
#   careful: {{suffix: "Check your answer against every sentence of the task."}}
# settings: {{temperature: [0, 1]}}
# tasks: {{types: [bug-fix]}}
# margin: 5                # points that do not matter, for "not worse"
# predict: {{hypotheses: ["..."]}}
"""


def _quoted(text: str) -> str:
    """JSON strings are YAML strings, whatever they hold."""
    return json.dumps(text, ensure_ascii=False)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _slug(path: Path) -> str:
    words = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in path.stem).strip("-._")
    return words[:64] or "experiment"
