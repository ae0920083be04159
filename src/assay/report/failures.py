"""Failures by kind, and effort by difficulty and outcome."""

from __future__ import annotations

from collections import Counter

from assay.analysis.work import AgentWork, spread
from assay.evidence.facts import Effort
from assay.report.agents import in_order, name_cell
from assay.report.document import Block, Cell, Column, Prose, Section, Table
from assay.report.material import LAST, Material
from assay.report.material import in_order as outcomes_in_order
from assay.report.measured import NOT_KNOWN, part_of, spread_cell, unit_of
from assay.report.numbers import at_least, count, plural

GROUPS = ("ended", "complaint", "tool", "error")
WORDS = {
    "ended": "trials",
    "complaint": "trials, why not solved",
    "tool": "tool calls",
    "error": "errors",
}
LEVELS = ("floor", "easy", "medium", "hard", "headroom")
ROWS_FIRST = 24
EFFORTS = ("requests", "tool_calls", "active_s", "cost_usd", "tokens_output")


def failures_section(made: Material) -> Section | None:
    """What went wrong by kind, arm by arm; nothing in a run without agents."""
    agents = in_order(made)
    if not agents:
        return None
    table = _kinds(made, agents)
    blocks: list[Block] = [table if table.rows else Prose("Nothing failed: no trial, no tool call, no request.")]
    return Section("failures", "Failures by kind", tuple(blocks))


def _kinds(made: Material, agents: list[AgentWork]) -> Table:
    found = [_of_arm(made, agent) for agent in agents]
    names = {key for one in found for key in one}
    order = sorted(
        names, key=lambda key: (GROUPS.index(key[0]), -sum(one.get(key, (0, 0))[0] for one in found), key[1])
    )
    columns = (Column("Arm", numeric=False), *(Column(kind, hint=WORDS[group]) for group, kind in order))
    rows = tuple(
        (name_cell(made, agent), *(_count(one.get(key), _unseen(agent, key[0])) for key in order))
        for agent, one in zip(agents, found, strict=True)
    )
    note = (
        "How trials ended and why they are not solved: trials of those settled. Tool calls and errors: how often, "
        "then in how many trials. A trial may stand in several columns. A tool call that failed is not a failed trial."
    )
    return Table("failure-kinds", "What failed", columns, rows if order else (), note=note, cards=True)


Kinds = dict[tuple[str, str], tuple[int, int]]


def _of_arm(made: Material, agent: AgentWork) -> Kinds:
    summary = next(arm for arm in made.analysis.arms if arm.id == agent.arm)
    found: Kinds = {}
    for outcome, number in outcomes_in_order(summary.by_outcome).items():
        if outcome != "solved":
            found["ended", outcome] = (number, summary.n_trials)
    for complaint, number in summary.complaints.items():
        if number:
            found["complaint", complaint] = (number, summary.n_trials)
    times: Counter[str] = Counter()
    trials: dict[str, list[int]] = {}
    for failure in agent.work.failures:
        times[failure.error_class] += failure.times
        trials.setdefault(failure.error_class, []).append(failure.trials)
    # A trial may fail in several tools: then the number of trials is between their maximum and their sum.
    one = {kind: numbers[0] if len(numbers) == 1 else 0 for kind, numbers in trials.items()}
    found |= {("tool", kind): (number, -one[kind]) for kind, number in times.items()}
    return found | {("error", error.word): (error.times, -error.trials) for error in agent.work.errors}


def _unseen(agent: AgentWork, group: str) -> int:
    """In how many trials nobody would have seen it: tool calls of a trial may not be known."""
    calls = agent.measures.get("tool_calls")
    return 0 if group != "tool" or calls is None else agent.work.trials - calls.n


def _count(found: tuple[int, int] | None, unseen: int) -> Cell:
    """Above 0, ``whole`` is the trials of which it is a part; below 0, in how many it happened; 0 = not known."""
    lacking = f"{plural(unseen, 'trial')} {NOT_KNOWN}" if unseen else ""
    number, whole = found or (0, 0)
    if whole > 0:
        return part_of(number, whole)
    where = f"in {plural(-whole, 'trial')}" if whole else ""
    return Cell(at_least(count(number), unseen > 0), ", ".join(part for part in (where, lacking) if part))


def efforts_section(made: Material) -> Section | None:
    """What trials took, by arm, difficulty and whether they solved."""
    efforts = made.analysis.efforts
    if not efforts:
        return None
    place = {arm.id: position for position, arm in enumerate(made.analysis.arms)}
    rows = sorted(
        (e for e in efforts if e.arm in place), key=lambda e: (place[e.arm], _level(e), e.outcome != "solved")
    )
    columns = (
        Column("Arm", numeric=False),
        Column("Difficulty", numeric=False),
        Column("Outcome", numeric=False),
        Column("Trials"),
        Column("Requests"),
        Column("Tool calls"),
        Column("Active"),
        Column("Cost"),
        Column("Output tokens"),
    )
    note = (
        "Means per trial, with the least and the most. Cost is over all attempts of a trial, the rest of the one that "
        "counts. Difficulty is the task author's word, given before any run. Compare within a difficulty: solved "
        "trials are the easier ones."
    )
    cells = tuple(_effort(made, row) for row in rows)
    table = Table("efforts", "Effort", columns, cells, note=note, folded=len(cells) > ROWS_FIRST, cards=True)
    return Section("efforts", "Effort by difficulty and outcome", (table,))


def _level(effort: Effort) -> int:
    return LEVELS.index(effort.difficulty) if effort.difficulty in LEVELS else LAST


def _effort(made: Material, effort: Effort) -> tuple[Cell, ...]:
    return (
        Cell(made.name(effort.arm), tone="name"),
        Cell(effort.difficulty),
        Cell(effort.outcome),
        Cell(count(effort.trials)),
        *(spread_cell(spread([effort.sums.get(name)]), unit_of(name), effort.trials) for name in EFFORTS),
    )
