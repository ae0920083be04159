"""Money that bought no solved task, and how far the cost of one task lies from that of another."""

from __future__ import annotations

from assay.analysis.work import AgentWork, Waste
from assay.report.agents import in_order, name_cell
from assay.report.document import Cell, Column, Table
from assay.report.material import Material
from assay.report.measured import NOT_KNOWN, share_text
from assay.report.numbers import at_least, count, usd

NONE = Cell(NOT_KNOWN, tone="missing")


def waste_table(made: Material) -> Table:
    """One row for each arm with an agent."""
    columns = (
        Column("Arm", numeric=False),
        Column("Spent on solved"),
        Column("Spent on unsolved"),
        Column("Spent without a verdict"),
        Column("Waste", hint="share not on solved"),
        Column("Cheapest task", hint="mean of its trials"),
        Column("Dearest task", hint="mean of its trials"),
        Column("Partial cost", hint="trials: a lower bound"),
        Column("Cost not known", hint="trials"),
    )
    rows = tuple((name_cell(made, agent), *_cells(agent)) for agent in in_order(made))
    note = (
        "All attempts of settled trials. ≥: a trial was stopped with a request in flight, or has no known cost; what "
        "is known of it is counted, and is less than what it cost."
    )
    return Table("waste", "What the money bought", columns, rows, note=note, cards=True)


def _cells(agent: AgentWork) -> tuple[Cell, ...]:
    waste = agent.waste
    if waste is None:
        return (NONE,) * 8
    bound = bool(waste.unknown or waste.lower_bounds)
    return (
        _usd(waste.solved_usd, bound=bound),
        _usd(waste.unsolved_usd, bound=bound),
        _usd(waste.no_verdict_usd, bound=bound),
        NONE if waste.share_unsolved is None else Cell(share_text(waste.share_unsolved)),
        _task(waste.least, waste.least_task, waste),
        _task(waste.most, waste.most_task, waste),
        Cell(count(waste.lower_bounds)),
        Cell(count(waste.unknown)),
    )


def _usd(value: float | None, *, bound: bool) -> Cell:
    return NONE if value is None else Cell(at_least(usd(value), bound and value > 0))


def _task(value: float | None, task: str, waste: Waste) -> Cell:
    return NONE if value is None else Cell(at_least(usd(value), bool(waste.lower_bounds)), task)
