"""``assay show RUN TRIAL --calls``: every request to a model, whose it was and what became of it."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from assay.cli.output import table
from assay.cli.show_values import dollars, milliseconds, who, whole
from assay.evidence.normalise import CallFact
from assay.records import NANO, Call
from assay.run.showing import TrialView

_COLUMNS = (
    "attempt",
    "step",
    "call",
    "by",
    "model",
    "status",
    "prompt",
    "output",
    "first token",
    "took",
    "cost",
    "note",
)
_NUMBERS = ("attempt", "step", "call", "status", "prompt", "output", "first token", "took", "cost")


def show_calls(console: Console, view: TrialView) -> None:
    """Print one line a request, of all attempts; tokens of prompt and output, times with their unit."""
    grid = table(_COLUMNS, numbers=_NUMBERS)
    for one in view.attempts:
        for fact in one.facts.calls:
            call = fact.call
            texts = (who(fact.agent_name, fact.role), call.model_served or call.model_requested)
            numbers = (whole(call.tokens.prompt), whole(call.tokens.output), milliseconds(call.ttft_ms))
            grid.add_row(
                str(one.attempt.number),
                str(call.step),
                str(call.seq),
                *map(escape, texts),
                str(call.status or "none"),
                *numbers,
                milliseconds(call.duration_ms),
                _cost(call),
                escape(_note(fact)),
            )
    if grid.row_count:
        console.print(grid)
    else:
        console.print("no request was made")


def _cost(call: Call) -> str:
    return dollars(None if call.cost is None else call.cost / NANO)


def _note(fact: CallFact) -> str:
    call = fact.call
    said = (
        "open when it was killed" if call.in_flight_at_kill else "",
        f"try {fact.tries}" if fact.tries and fact.tries > 1 else "",
        "replayed" if call.replayed else "",
        call.error or "",
    )
    return ", ".join(one for one in said if one)
