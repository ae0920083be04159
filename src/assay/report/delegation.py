"""Delegation: what was registered, what was used, what it took, and what handing work over cost the main loop."""

from __future__ import annotations

from assay.analysis.work import AgentWork, Share
from assay.evidence.work import SubAgentWork
from assay.report.agents import in_order, name_cell
from assay.report.document import Block, Bullets, Cell, Column, Prose, Section, Table
from assay.report.material import Material
from assay.report.measured import NOT_KNOWN, column, in_unit, measured, part_of, share_text
from assay.report.numbers import MISSING, count, plural

READING = (
    "Arms that declare sub-agents, or whose agent used one. Free and forced delegation are arms of their own. "
    "“Registered” is what the agent could use; only what was invoked can have had an effect."
)
COSTS = (("Delegating", "delegating"), ("Waiting", "waiting"), ("Reworking", "reworking"))


def delegation_section(made: Material) -> Section | None:
    """What was used, coordination cost, and sub-agents one by one; nothing in a run without sub-agents."""
    agents = [agent for agent in in_order(made) if agent.declared or agent.work.registering or agent.work.invoked]
    if not agents:
        return None
    blocks: list[Block] = [Prose(READING), _uses(made, agents), _coordination(made, agents), _each(made, agents)]
    placebos = tuple(line for agent in agents for line in _placebo(made, agent))
    blocks.append(Bullets(placebos, title="Delegation placebo", empty=_used_somewhere(agents)))
    return Section("delegation", "Delegation", tuple(blocks))


def _uses(made: Material, agents: list[AgentWork]) -> Table:
    columns = (
        Column("Arm", numeric=False),
        Column("Registered", numeric=False),
        Column("Trials that delegated"),
        Column("Invocations", hint="per trial"),
        Column("Delegated tokens"),
        Column("Delegated cost"),
        column("With a sub-agent at work", "delegated_s"),
    )
    rows = tuple(
        (
            name_cell(made, agent),
            _registered(agent),
            _delegated(agent),
            measured(agent, "delegations_invoked"),
            _tokens(agent.delegated),
            _cost(agent.delegated),
            measured(agent, "delegated_s"),
        )
        for agent in agents
    )
    note = "Tokens and cost: sums over the arm's trials of all requests that sub-agents made, and their share of all."
    return Table("delegation", "Registered and used", columns, rows, note=note, cards=True)


def _registered(agent: AgentWork) -> Cell:
    names = [sub.name for sub in agent.work.sub_agents if sub.registered]
    if not names and not agent.declared:
        return Cell("none")
    missing = sorted(set(agent.declared) - set(names))
    said = f"not registered: {', '.join(missing)}" if missing else f"in {part_of(*_in(agent)).text} trials"
    return Cell(", ".join(names) or "none", said)


def _in(agent: AgentWork) -> tuple[int, int]:
    return agent.work.registering, agent.work.trials


def _delegated(agent: AgentWork) -> Cell:
    work = agent.work
    known = work.trials - work.delegations_unknown
    if not known:
        return Cell(NOT_KNOWN, "no source would show it", tone="missing")
    lacking = f"{count(work.delegations_unknown)} {NOT_KNOWN}" if work.delegations_unknown else ""
    return Cell(part_of(work.delegating, known).text, lacking, tone="strong" if work.delegating else "")


def _tokens(share: Share) -> Cell:
    if share.tokens is None:
        return Cell(NOT_KNOWN, "the role of a request is not known", tone="missing")
    return Cell(count(share.tokens), f"{share_text(share.of_tokens)} of all")


def _cost(share: Share) -> Cell:
    if share.cost_usd is None:
        return Cell(NOT_KNOWN, "a role or price is not known", tone="missing")
    return Cell(in_unit(share.cost_usd, "USD"), f"{share_text(share.of_cost)} of all")


def _coordination(made: Material, agents: list[AgentWork]) -> Table:
    names = [(title, part, kind) for title, part in COSTS for kind in ("tokens", "cost_usd", "s")]
    words = {"tokens": "tokens", "cost_usd": "cost", "s": "time"}
    columns = (
        Column("Arm", numeric=False),
        *(Column(title, hint=words[kind]) for title, _, kind in names),
    )
    rows = tuple(
        (name_cell(made, agent), *(measured(agent, f"{part}_{kind}") for _, part, kind in names)) for agent in agents
    )
    note = (
        "Means per trial, trials that did not delegate counted as 0. Delegating: main-loop requests whose answer "
        "starts a sub-agent. Waiting: time in which a sub-agent runs and no other request of the main loop is in "
        "flight, and main-loop requests that only ask whether it is done. Reworking: main-loop requests, after the "
        "last sub-agent returned, whose answer writes or edits a file with a tool made for it. Tokens and cost by "
        "model, time per run."
    )
    return Table("coordination", "Coordination cost", columns, rows, note=note, cards=True)


def _each(made: Material, agents: list[AgentWork]) -> Table:
    columns = (
        Column("Arm", numeric=False),
        Column("Sub-agent", numeric=False),
        Column("Registered", hint="trials"),
        Column("Used", hint="trials"),
        Column("Invocations"),
        Column("Failed"),
        Column("Models", numeric=False, hint="requests"),
        Column("Tokens"),
        Column("Cost"),
    )
    rows = tuple(
        (Cell(made.name(agent.arm), tone="name"), *_sub_agent(agent, sub))
        for agent in agents
        for sub in agent.work.sub_agents
    )
    return Table("delegation-each", "Sub-agents and their models", columns, rows, cards=True)


def _sub_agent(agent: AgentWork, sub: SubAgentWork) -> tuple[Cell, ...]:
    mine = [model for model in agent.work.models if model.role == "sub-agent" and model.agent_name == sub.name]
    tokens = [model.tokens.total for model in mine if model.tokens.total is not None]
    costs = [model.cost_usd for model in mine if model.cost_usd is not None]
    used = sub.invoked > 0
    return (
        Cell(sub.name),
        part_of(sub.registered, agent.work.trials),
        part_of(sub.trials, agent.work.trials),
        Cell(count(sub.invoked)),
        Cell(count(sub.failed) if used else MISSING),
        Cell(", ".join(f"{model} {count(number)}" for model, number in sub.models.items()) or (
            NOT_KNOWN if used else MISSING)),
        Cell(count(sum(tokens)) if tokens else (NOT_KNOWN if used else MISSING)),
        Cell(in_unit(sum(costs), "USD") if costs and len(costs) == len(mine) else (NOT_KNOWN if used else MISSING)),
    )  # fmt: skip


def _used_somewhere(agents: list[AgentWork]) -> str:
    """What is said when every registered sub-agent was used in some trial, though perhaps not in all."""
    known = [agent.work for agent in agents if not agent.work.delegations_unknown]
    idle = sum(max(0, work.registering - work.delegating) for work in known)
    trials = sum(work.registering for work in known)
    rest = f" In {count(idle)} of {plural(trials, 'trial')} with one registered, none was." if idle else ""
    return f"None: every registered sub-agent was used somewhere.{rest}"


def _placebo(made: Material, agent: AgentWork) -> list[str]:
    """Sub-agents that were there and never used: what their arm shows is not delegation."""
    work = agent.work
    idle = [sub.name for sub in work.sub_agents if sub.registered and not sub.invoked]
    if not idle or work.delegations_unknown == work.trials:
        return []
    where = f"{made.name(agent.arm)}: {', '.join(idle)} registered in {plural(work.registering, 'trial')}"
    return [f"{where} and never invoked. A difference to other arms is not an effect of delegation."]
