"""Agents at work: requests, tools, tokens, cache, time, money, and what failed, arm by arm."""

from __future__ import annotations

from assay.analysis.work import AgentWork, money
from assay.evidence.work import ModelWork, ToolFailure, ToolWork
from assay.report.document import Block, Cell, Column, Prose, Section, Table
from assay.report.material import Material
from assay.report.measured import NOT_KNOWN, column, in_unit, known_count, measured, part_of, share_text
from assay.report.numbers import count, plural, seconds, usd

READING = (
    "Means per trial, over the attempts that count; small print is the least and the most. “By model”: the measure "
    "can be split by model (table below); “per run”: one number for the whole attempt. What no source says is not "
    "known, and never 0. Auxiliary requests (titles, summaries) are included everywhere; what they took stands "
    "beside, so that they can be taken out."
)
NO_FAILURE = "No tool call is known to have failed."
FAILURES_FIRST = 12


def agents_section(made: Material) -> Section | None:
    """Tables of work, time and money, then tools, failures and models."""
    agents = in_order(made)
    if not agents:
        return None
    failed = [(agent, failure) for agent in agents for failure in agent.work.failures]
    blocks: list[Block] = [Prose(READING), _work(made, agents), _time(made, agents), _tokens(made, agents)]
    blocks.append(_money(made, agents))
    blocks.append(_tools(made, agents))
    blocks.append(_failures(made, failed) if failed else Prose(NO_FAILURE))
    blocks.append(_models(made, agents))
    return Section("agents", "Agents at work", tuple(blocks))


def in_order(made: Material) -> list[AgentWork]:
    """Agents in the order of the arms table."""
    place = {arm.id: position for position, arm in enumerate(made.analysis.arms)}
    return sorted(made.analysis.agents, key=lambda agent: place.get(agent.arm, len(place)))


def name_cell(made: Material, agent: AgentWork) -> Cell:
    """The arm, and how many trials stand behind its numbers."""
    return Cell(made.name(agent.arm), plural(agent.work.trials, "trial"), tone="name")


def _work(made: Material, agents: list[AgentWork]) -> Table:
    lines = [name for name in ("files_changed", "lines_added", "lines_removed", "commits")
             if any(name in agent.measures for agent in agents)]  # fmt: skip
    names = (
        ("Requests", "requests"),
        ("Failed requests", "requests_failed"),
        ("Tool calls", "tool_calls"),
        ("Tool calls failed", "tool_calls_failed"),
        ("Context overhead", "context_overhead"),
        *((name.replace("_", " ").capitalize(), name) for name in lines),
    )
    columns = (Column("Arm", numeric=False), *(column(title, name) for title, name in names), Column("Tool error rate"))
    rows = tuple(
        (name_cell(made, agent), *(measured(agent, name) for _, name in names), _error_rate(agent)) for agent in agents
    )
    note = (
        "Context overhead: tokens of the main loop's first request, before the task has begun. A command fails by its "
        "exit status, any other tool by its agent's word. Tool error rate: failed of those whose end is known; agents "
        "try different things, so it does not rank them. Lines and files are read from the diff."
    )
    return Table("agents-work", "Requests, tools and changes", columns, rows, note=note, cards=True)


def _error_rate(agent: AgentWork) -> Cell:
    ended = sum(tool.ended for tool in agent.work.tools)
    failed = sum(tool.failed for tool in agent.work.tools)
    if not ended:
        return Cell(NOT_KNOWN, "no ended tool call was seen", tone="missing")
    return Cell(share_text(failed / ended), f"{count(failed)} of {count(ended)}")


def _time(made: Material, agents: list[AgentWork]) -> Table:
    names = (
        ("Active", "active_s", ""),
        ("Active", "active_reported_s", "the agent's word"),
        ("Wall", "agent_wall_s", ""),
        ("In requests", "api_s", "added up"),
        ("In tools", "tool_s", "added up"),
        ("First token", "ttft_ms", "mean"),
    )
    columns = (Column("Arm", numeric=False), *(column(title, name, what) for title, name, what in names))
    rows = tuple((name_cell(made, agent), *(measured(agent, name) for _, name, _ in names)) for agent in agents)
    note = (
        "Four different times, never added: active is the time in which a model or a tool was at work (overlaps once), "
        "wall is the agent's process from start to end, time in requests counts parallel requests each, first token is "
        "the mean wait of a request."
    )
    return Table("agents-time", "Time", columns, rows, note=note, cards=True)


def _tokens(made: Material, agents: list[AgentWork]) -> Table:
    names = (
        ("Tokens", "tokens_total", ""),
        ("Output tokens", "tokens_output", ""),
        ("Reasoning", "tokens_reasoning", ""),
        ("Auxiliary", "auxiliary_tokens", "part of tokens"),
        ("Cache", "cache_read_of_input", "read / (read + uncached)"),
        ("Cache", "cache_read_of_prompt", "read / all of the prompt"),
    )
    columns = (Column("Arm", numeric=False), *(column(title, name, what) for title, name, what in names))
    rows = tuple((name_cell(made, agent), *(measured(agent, name) for _, name, _ in names)) for agent in agents)
    note = "Cache utilisation by both formulas in use: the first leaves out what was written to the cache."
    return Table("agents-tokens", "Tokens and cache", columns, rows, note=note, cards=True)


def _money(made: Material, agents: list[AgentWork]) -> Table:
    columns = (
        Column("Arm", numeric=False),
        column("Cost", "cost_usd", "recomputed"),
        column("Cost", "cost_reported_usd", "the agent's word"),
        Column("More than 1% apart", hint="trials compared"),
        Column("Cost, all trials", hint="auxiliary included"),
        Column("Of it auxiliary"),
        Column("Without auxiliary"),
    )
    rows = tuple(
        (
            name_cell(made, agent),
            measured(agent, "cost_usd"),
            measured(agent, "cost_reported_usd"),
            *_sides(agent),
        )
        for agent in agents
    )
    note = (
        "Cost is recomputed from tokens and frozen prices, per counting attempt, auxiliary requests included; what an "
        "agent believes stands beside it and is not used. The last three columns are sums."
    )
    return Table("agents-money", "Cost, and what the agent believes", columns, rows, note=note, cards=True)


def _sides(agent: AgentWork) -> tuple[Cell, ...]:
    work, auxiliary, rest = agent.work, agent.auxiliary, agent.without_auxiliary_usd
    apart = part_of(work.costs_apart, work.costs_compared)
    if work.costs_apart:
        apart = Cell(f"▲ {apart.text}", "flagged", tone="strong")
    elif not work.costs_compared:
        apart = Cell(NOT_KNOWN, "the agent states none", tone="missing")
    return (
        apart,
        _dollars(money(work.models)),
        _dollars(auxiliary.cost_usd, f"{share_text(auxiliary.of_cost)} of cost" if auxiliary.of_cost else ""),
        _dollars(rest),
    )


def _dollars(value: float | None, note: str = "") -> Cell:
    return Cell(NOT_KNOWN, "a role or price is not known", tone="missing") if value is None else Cell(usd(value), note)


def _tools(made: Material, agents: list[AgentWork]) -> Table:
    columns = (
        Column("Arm", numeric=False),
        Column("Tool", numeric=False),
        Column("Calls"),
        Column("Per trial"),
        Column("Failed", hint="of those that ended"),
        Column("Time", hint="added up"),
    )
    rows = tuple(
        (Cell(made.name(agent.arm), tone="name"), *_tool(tool, agent.work.trials))
        for agent in agents
        for tool in agent.work.tools
    )
    note = "Names are those that each agent gives its tools." if rows else "No source shows a tool call."
    return Table("agents-tools", "Tool calls by tool", columns, rows, note=note, folded=True)


def _tool(tool: ToolWork, trials: int) -> tuple[Cell, ...]:
    timed = "" if tool.timed == tool.uses else f"{count(tool.timed)} timed"
    return (
        Cell(tool.tool),
        Cell(count(tool.uses)),
        Cell(in_unit(tool.uses / trials, "count")),
        part_of(tool.failed, tool.ended),
        Cell(NOT_KNOWN, tone="missing") if tool.seconds is None else Cell(seconds(tool.seconds), timed),
    )


def _failures(made: Material, failed: list[tuple[AgentWork, ToolFailure]]) -> Table:
    columns = (
        Column("Arm", numeric=False),
        Column("Tool", numeric=False),
        Column("Class", numeric=False),
        Column("Times"),
        Column("Trials"),
        Column("Time", hint="mean"),
        Column("Time", hint="longest"),
    )
    rows = tuple(
        (
            Cell(made.name(agent.arm), tone="name"),
            Cell(failure.tool),
            Cell(failure.error_class),
            Cell(count(failure.times)),
            part_of(failure.trials, agent.work.trials),
            _length(failure.seconds / failure.timed if failure.seconds is not None else None),
            _length(failure.longest),
        )
        for agent, failure in failed
    )
    return Table("agents-failures", "Tool failures", columns, rows, folded=len(rows) > FAILURES_FIRST)


def _length(value: float | None) -> Cell:
    return Cell(NOT_KNOWN, tone="missing") if value is None else Cell(seconds(value))


def _models(made: Material, agents: list[AgentWork]) -> Table:
    columns = (
        Column("Arm", numeric=False),
        Column("Role", numeric=False),
        Column("Model", numeric=False),
        Column("Requests"),
        Column("Tokens"),
        Column("Output"),
        Column("Cache", hint="read / (read + uncached)"),
        Column("Cache", hint="read / all of the prompt"),
        Column("Cost"),
        Column("In requests"),
        Column("First token"),
    )
    rows = tuple(_model(made, agent, model) for agent in agents for model in agent.work.models)
    return Table(
        "agents-models",
        "By role and model",
        columns,
        rows,
        note="Sums over the arm's counting attempts, as the gateway saw them; first token is a mean over requests.",
        folded=True,
    )


def _model(made: Material, agent: AgentWork, model: ModelWork) -> tuple[Cell, ...]:
    tokens = model.tokens
    read, prompt = tokens.cache_read, tokens.prompt
    simple = None if read is None or tokens.input_uncached is None else read + tokens.input_uncached
    cost, first = model.cost_usd, model.ttft_ms
    return (
        Cell(made.name(agent.arm), tone="name"),
        Cell(model.role or "role not known", model.agent_name or "", tone="" if model.role else "missing"),
        Cell(model.model),
        Cell(count(model.requests), f"{count(model.failed)} failed" if model.failed else ""),
        known_count(tokens.total),
        known_count(tokens.output),
        _ratio(read, simple),
        _ratio(read, prompt),
        Cell(in_unit(cost, "USD"), tone="missing" if cost is None else ""),
        _length(model.api_s),
        _length(None if first is None else first / 1000),
    )


def _ratio(part: int | None, whole: int | None) -> Cell:
    if part is None or not whole:
        return Cell(NOT_KNOWN, tone="missing")
    return Cell(share_text(part / whole))
