"""Can the telemetry be trusted: every source against the gateway, leaks, look-ups, and what could not be read."""

from __future__ import annotations

from assay.analysis.work import AgentWork
from assay.evidence.work import SourceWork
from assay.report.agents import in_order
from assay.report.document import Block, Bullets, Cell, Column, Prose, Section, Table
from assay.report.material import Material
from assay.report.measured import part_of
from assay.report.numbers import count, plural

READING = (
    "The gateway's log is the truth about what was sent and billed; every other source is compared with it, trial by "
    "trial, token by token. A documented gap is something that a source is known not to see; a disagreement without "
    "one means that a number of this source must not be believed."
)
NOTHING_ODD = "No disagreement without a documented reason, no leak, no look-up, nothing unread."


def trust_section(made: Material) -> Section | None:
    """Agreement by source, what leaked or was looked up, what was lost."""
    agents = in_order(made)
    if not agents:
        return None
    blocks: list[Block] = [Prose(READING)]
    if any(agent.work.sources for agent in agents):
        blocks.append(_sources(made, agents))
    blocks.append(_isolation(made, agents))
    said = tuple(line for agent in agents for line in _odd(made, agent))
    blocks.append(Bullets(said, title="What is wrong", empty=NOTHING_ODD, first=8))
    return Section("trust", "Can the telemetry be trusted?", tuple(blocks))


def telemetry_stamps(made: Material) -> tuple[str, ...]:
    """Warnings for the top of the page: undocumented disagreement, or something that leaked in."""
    works = [agent.work for agent in made.analysis.agents]
    apart = sum(source.disagree for work in works for source in work.sources)
    leaking = [work for work in works if work.leaked]
    found = []
    if apart:
        sources = sorted({source.source for work in works for source in work.sources if source.disagree})
        found.append(
            f"telemetry disagrees with the gateway without a documented reason ({', '.join(sources)}: {apart})"
        )
    if leaking:
        names = sorted({sentence.removeprefix("leaked: ") for work in leaking for sentence in work.leaked})
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004
        found.append(f"agents had what their arm does not declare ({shown})")
    return (f"Check before use: {'; '.join(found)}. See “Can the telemetry be trusted?”.",) if found else ()


def _sources(made: Material, agents: list[AgentWork]) -> Table:
    columns = (
        Column("Arm", numeric=False),
        Column("Source", numeric=False),
        Column("Agree"),
        Column("Agree", hint="without what it documents not to see"),
        Column("Lower bound", hint="documented"),
        Column("Disagree"),
        Column("Missing"),
        Column("No end", hint="cut"),
        Column("Unread"),
        Column("Unknown events"),
    )
    rows = tuple(
        (Cell(made.name(agent.arm), plural(agent.work.trials, "trial"), tone="name"), *_source(source))
        for agent in agents
        for source in agent.work.sources
    )
    note = (
        "Trials, but for the last two columns: sentences on what could not be read, and events of a kind that the "
        "reader does not know (kept in the evidence). A source that an agent does not have is not listed."
    )
    return Table("trust-sources", "Sources against the gateway", columns, rows, note=note, cards=True)


def _source(source: SourceWork) -> tuple[Cell, ...]:
    return (
        Cell(source.source, ", ".join(gap.replace("_", " ") for gap in source.gaps)),
        Cell(count(source.agree)),
        Cell(count(source.agree_with_gaps)),
        Cell(count(source.documented)),
        Cell(f"▲ {count(source.disagree)}", tone="strong") if source.disagree else Cell("0"),
        Cell(count(source.missing)),
        Cell(count(source.lower_bound)),
        Cell(count(source.unread)),
        Cell(count(source.unknown_events)),
    )


def _isolation(made: Material, agents: list[AgentWork]) -> Table:
    columns = (
        Column("Arm", numeric=False),
        Column("Leaked in", hint="trials"),
        Column("Names looked up", hint="of trials audited"),
        Column("Lower bound", hint="stopped with a request in flight"),
        Column("Requests without a price"),
        Column("Without any own source", hint="trials"),
    )
    rows = tuple(
        (Cell(made.name(agent.arm), plural(agent.work.trials, "trial"), tone="name"), *_isolated(agent))
        for agent in agents
    )
    return Table("trust-arms", "Isolation and completeness", columns, rows, cards=True)


def _isolated(agent: AgentWork) -> tuple[Cell, ...]:
    work = agent.work
    looked = Cell("not audited", tone="missing")
    if work.audited:
        looked = Cell(count(len(work.lookups)), f"{part_of(work.audited, work.trials).text} audited")
    leaked = max(work.leaked.values(), default=0)
    return (
        Cell(f"▲ {count(leaked)}", tone="strong") if leaked else Cell("0"),
        looked,
        part_of(work.lower_bound, work.trials),
        Cell(count(work.unpriced)),
        part_of(work.without_sources, work.trials),
    )


def _odd(made: Material, agent: AgentWork) -> list[str]:
    name, work = made.name(agent.arm), agent.work
    said = [
        f"{name}, {source.source}: {sentence} ({plural(number, 'trial')})"
        for source in work.sources
        for sentence, number in source.sentences.items()
    ]
    said += [f"{name}: {sentence} ({plural(number, 'trial')})" for sentence, number in work.leaked.items()]
    said += [f"{name} looked up {host} ({plural(number, 'trial')})" for host, number in work.lookups.items()]
    return said + [f"{name}, unread: {text} ({plural(number, 'trial')})" for text, number in work.problems.items()]
