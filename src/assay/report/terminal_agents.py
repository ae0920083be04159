"""Agents in a terminal of 80 columns: what they did, what they delegated, and the harness at a fixed model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.table import Table as Grid
from rich.text import Text

from assay.analysis.base import Finding
from assay.analysis.work import AgentWork
from assay.evidence.measures import PREFIX
from assay.report.agents import in_order
from assay.report.harness import TITLES, signed_in
from assay.report.material import Material
from assay.report.measured import NOT_KNOWN, in_unit, measured, share_text
from assay.report.numbers import p_value

Plain = Callable[[str], Text]
WORK = ("agents, per trial", "requests", "tools", "failed", "active", "delegated", "auxiliary")
HARNESS = ("same model, other agent", "measure", "difference", "p corr.", "verdict")


def agent_grids(made: Material, plain: Plain) -> Iterator[Grid]:
    """Yield what stands below the claims; nothing in a run without agents."""
    agents = in_order(made)
    if agents:
        yield _grid(WORK, [_agent(made, agent) for agent in agents], plain)
    chosen = [one for one in made.analysis.harness if one.measure in {"solved", "cost"}]
    if chosen:
        yield _grid(HARNESS, [_effect(made, one) for one in chosen], plain)


def _grid(heads: tuple[str, ...], rows: list[tuple[str, ...]], plain: Plain) -> Grid:
    grid = Grid(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    for position, head in enumerate(heads):
        if position:
            grid.add_column(head, justify="right", no_wrap=True)
        else:
            grid.add_column(head, overflow="fold", max_width=30)
    for row in rows:
        grid.add_row(*map(plain, row))
    return grid


def _agent(made: Material, agent: AgentWork) -> tuple[str, ...]:
    ended, failed = (sum(getattr(tool, name) for tool in agent.work.tools) for name in ("ended", "failed"))
    known = agent.work.trials - agent.work.delegations_unknown
    return (
        made.name(agent.arm),
        measured(agent, "requests").text,
        measured(agent, "tool_calls").text,
        share_text(failed / ended) if ended else NOT_KNOWN,
        measured(agent, "active_s").text,
        f"{agent.work.delegating} of {known}" if known else NOT_KNOWN,
        in_unit(agent.auxiliary.cost_usd, "USD"),
    )


def _effect(made: Material, one: Finding) -> tuple[str, ...]:
    title, unit, _ = TITLES[one.measure.removeprefix(PREFIX)]
    return (
        f"{made.name(one.a)} - {made.name(one.b)}",
        title.lower(),
        signed_in(one.difference, unit),
        p_value(one.p_corrected),
        one.verdict.value,
    )
