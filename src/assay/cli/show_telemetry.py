"""``assay show RUN TRIAL --telemetry``: what each source says, and what became of tools and sub-agents."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from assay.cli.output import counted, table
from assay.evidence.measures import MEASURES
from assay.evidence.normalise import Normalised
from assay.evidence.sources.base import ErrorEvent, ToolCall
from assay.run.showing import TrialView


def show_telemetry(console: Console, view: TrialView) -> None:
    """Print the reconciliation, tool calls, delegations, errors, problems and measures of every attempt."""
    for one in view.attempts:
        console.print(f"\nattempt {one.attempt.number}")
        _sources(console, one.facts)
        _tools(console, one.facts)
        _delegations(console, one.facts)
        _errors(console, one.facts.errors)
        for problem in one.facts.problems:
            console.print(f"  could not be read: {problem}", markup=False)
        _measures(console, one.facts)


def telemetry_line(facts: Normalised) -> str:
    """Say in one line how the sources stand; the overview shows it."""
    said = [f"{source.source} {source.verdict}" for source in facts.sources] or ["the gateway is the only source"]
    if facts.cost_differs:
        said.append("the agent's own cost is more than 1% off")
    return "; ".join([*said, *facts.leaked, *([counted(len(facts.problems), "problem")] if facts.problems else [])])


def _sources(console: Console, facts: Normalised) -> None:
    if not facts.sources:
        console.print("  the gateway is the only source")
        return
    columns = ("source", "against the gateway", "covers", "requests", "tokens", "gateway", "cost", "recomputed")
    grid = table(columns, numbers=("requests", "tokens", "gateway", "cost", "recomputed"))
    for one in facts.sources:
        numbers = (one.calls, one.tokens.total, one.gateway.total)
        costs = (one.cost_usd, one.gateway_cost_usd)
        mark = " (!)" if one.cost_differs else ""
        grid.add_row(
            one.source.value,
            one.sentence,
            one.scope.value,
            *map(_whole, numbers),
            _usd(costs[0]) + mark,
            _usd(costs[1]),
        )
    console.print(grid)


def _tools(console: Console, facts: Normalised) -> None:
    if not facts.tool_calls:
        console.print("  no tool calls known")
        return
    console.print(f"  {counted(len(facts.tool_calls), 'tool call')}, from: {facts.tools_from}")
    grid = table(("tool", "by", "result", "ms", "arguments"), numbers=("ms",))
    for tool in facts.tool_calls:
        who = tool.agent_name or tool.role or ""
        duration = None if tool.duration_ms is None else round(tool.duration_ms)
        shown = (escape(text) for text in (tool.tool, who, _result(tool)))
        grid.add_row(*shown, _whole(duration), escape((tool.arguments or "")[:60]))
    console.print(grid)


def _result(tool: ToolCall) -> str:
    if tool.failed is None:
        return "unknown"
    if not tool.failed:
        return "ok"
    return f"exit status {tool.exit_status}" if tool.exit_status else tool.error_class or "failed"


def _delegations(console: Console, facts: Normalised) -> None:
    if facts.registered or facts.delegations:
        console.print(f"  sub-agents: {', '.join(facts.registered) or 'none'} registered,"
                      f" {counted(len(facts.delegations), 'use')}")  # fmt: skip
    for one in facts.delegations:
        took = "" if one.duration_ms is None else f", {one.duration_ms / 1000:.1f} s"
        console.print(
            f"    {one.agent_name} on {one.model or 'unknown'}: {_whole(one.tokens.total)} tokens,"
            f" {_usd(one.cost_usd)}{took}",
            markup=False,
        )


def _errors(console: Console, errors: Sequence[ErrorEvent]) -> None:
    for error in errors:
        status = f" {error.status}" if error.status else ""
        console.print(f"  {error.kind} error{status}, says {error.source}: {error.message[:120]}", markup=False)


def _measures(console: Console, facts: Normalised) -> None:
    grid = table(("measure", "value", "unit", "of"), numbers=("value",))
    for name, value in facts.measures.items():
        known = MEASURES[name]
        shown = "unknown" if value is None else f"{value:,.6g}" if value % 1 else f"{value:,.0f}"
        grid.add_row(name, shown, known.unit, "model" if known.carries_model else "run")
    console.print(grid)


def _whole(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _usd(cost: float | None) -> str:
    return "unknown" if cost is None else f"${cost:.4f}"
