"""``assay show RUN TRIAL --telemetry``: what each source says, and what became of tools and sub-agents."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from assay.cli.output import counted, table
from assay.cli.show_values import UNKNOWN, at_least, dollars, measured, milliseconds, shortened, who, whole
from assay.evidence.measures import MEASURES
from assay.evidence.normalise import Normalised
from assay.evidence.sources.base import ErrorEvent, ToolCall
from assay.run.showing import TrialView

_ARGUMENTS = 60
_MESSAGE = 160
_OF_DELEGATION = ("delegated_", "delegating_", "waiting_", "reworking_")


def show_telemetry(console: Console, view: TrialView) -> None:
    """Print the reconciliation, tool calls, delegations, errors, problems and measures of every attempt."""
    for one in view.attempts:
        console.print(f"\nattempt {one.attempt.number}{_version(one.facts)}")
        _sources(console, one.facts)
        _remarks(console, one.facts)
        _tools(console, one.facts)
        _delegations(console, one.facts)
        _errors(console, one.facts.errors)
        _measures(console, one.facts)


def telemetry_line(facts: Normalised) -> str:
    """Say in one line how the sources stand; the overview shows it."""
    stands = ", ".join(f"{source.source} {source.verdict}" for source in facts.sources)
    said = [f"{stands} (each against the gateway)" if stands else "the gateway is the only source"]
    if facts.cost_differs:
        own, ours = dollars(facts.cost_reported_usd), dollars(facts.cost_usd)
        said.append(f"the agent believes it cost {own}, recomputed it is {ours}")
    return "; ".join([*said, *facts.leaked, *([counted(len(facts.problems), "problem")] if facts.problems else [])])


def _version(facts: Normalised) -> str:
    told = facts.inventory
    return f": the agent says it is version {told.version}" if told is not None and told.version else ""


def _sources(console: Console, facts: Normalised) -> None:
    if not facts.sources:
        console.print("  the gateway is the only source")
        return
    columns = ("source", "against the gateway", "covers", "requests", "tokens", "gateway", "own cost", "recomputed")
    grid = table(columns, numbers=columns[3:])
    for one in facts.sources:
        grid.add_row(
            one.source.value,
            one.sentence,
            "main loop" if one.scope == "main" else "all",
            *map(whole, (one.calls, one.tokens.total, one.gateway.total)),
            dollars(one.cost_usd) + (" (!)" if one.cost_differs else ""),
            dollars(one.gateway_cost_usd),
        )
    console.print(grid)
    if any(one.cost_differs for one in facts.sources):
        console.print("  (!) more than 1% from what its tokens cost at the frozen prices")


def _remarks(console: Console, facts: Normalised) -> None:
    """What limits the tables: open requests, missing ends, unknown events, damage, leaks, look-ups."""
    said = []
    if facts.lower_bound:
        said.append("a request was open when it was killed: tokens and cost are lower bounds")
    open_ended = [one.source.value for one in facts.sources if one.lower_bound]
    if open_ended:
        said.append(f"no end was seen by: {', '.join(open_ended)}")
    said += [
        f"{one.source}: {counted(one.unknown_events, 'event')} of kinds that are not known here"
        for one in facts.sources
        if one.unknown_events
    ]
    said += [f"could not be read: {problem}" for problem in facts.problems]
    said += facts.leaked
    if facts.lookups:
        said.append(f"names looked up inside the sandbox: {', '.join(facts.lookups)}")
    for sentence in said:
        console.print(f"  {sentence}", markup=False)


def _tools(console: Console, facts: Normalised) -> None:
    if not facts.tool_calls:
        known = facts.measures.get("tool_calls") is not None
        console.print("  no tool was used" if known else "  tool calls: unknown")
        return
    console.print(f"\n  {counted(len(facts.tool_calls), 'tool call')}, from: {facts.tools_from}")
    grid = table(("tool", "by", "result", "took", "arguments"), numbers=("took",))
    for tool in facts.tool_calls:
        texts = (tool.tool, who(tool.agent_name, tool.role), _result(tool))
        arguments = shortened(tool.arguments or "", _ARGUMENTS)
        grid.add_row(*map(escape, texts), milliseconds(tool.duration_ms), escape(arguments))
    console.print(grid)


def _result(tool: ToolCall) -> str:
    if tool.failed is None:
        return "interrupted" if tool.error_class == "interrupted" else "never came back"
    if not tool.failed:
        return "ok"
    return f"exit status {tool.exit_status}" if tool.exit_status else tool.error_class or "failed"


def _delegations(console: Console, facts: Normalised) -> None:
    if facts.registered or facts.delegations:
        console.print(f"  sub-agents: {', '.join(facts.registered) or 'none'} registered,"
                      f" {counted(len(facts.delegations), 'use')}")  # fmt: skip
    together = _cost_together(facts)
    for one in facts.delegations:
        tokens = "unknown tokens" if one.tokens.total is None else counted(one.tokens.total, "token")
        own = f"cost {dollars(one.cost_usd)}" if one.cost_usd is not None else together
        parts = (f"{one.agent_name} on {one.model or 'an unknown model'}: {tokens}", own)
        took = () if one.duration_ms is None else (milliseconds(one.duration_ms),)
        failed = ("failed",) if one.failed else ()
        console.print(f"    {', '.join([*parts, *took, *failed])}", markup=False)


def _cost_together(facts: Normalised) -> str:
    """What is known of the cost of a use that is not told from others: its part of what all uses cost.

    The requests of sub-agents are known to be those of one sub-agent only where no other was used.
    """
    cost = facts.measures.get("delegated_cost_usd")
    if cost is None or len({one.agent_name for one in facts.delegations}) != 1:
        return f"cost {UNKNOWN}"
    return f"cost is in the total of {at_least(cost) if facts.lower_bound else dollars(cost)}"


def _errors(console: Console, errors: Sequence[ErrorEvent]) -> None:
    for error in errors:
        if error.kind == "inventory":
            continue  # among the remarks
        status = f" {error.status}" if error.status else ""
        again = {True: " (tried again)", False: " (never succeeded)", None: ""}[error.retried]
        message = shortened(error.message, _MESSAGE)
        console.print(f"  {error.kind} error{status}{again}, says {error.source}: {message}", markup=False)


def _measures(console: Console, facts: Normalised) -> None:
    console.print()
    alone = facts.measures.get("delegations_invoked") == 0
    grid = table(("measure", "value", "of", "meaning"), numbers=("value",))
    for name, value in facts.measures.items():
        if alone and name.startswith(_OF_DELEGATION):
            continue  # each 0, as nothing was delegated
        known = MEASURES[name]
        grid.add_row(name, measured(value, known.unit), "model" if known.carries_model else "run", known.meaning)
    console.print(grid)
