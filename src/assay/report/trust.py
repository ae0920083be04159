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
ODD_FIRST = 8
ROWS_FIRST = 12
COUNTED = ("agree", "agree_with_gaps", "documented", "disagree", "missing", "lower_bound", "unread", "unknown_events")
NOTHING_ODD = "No disagreement without a documented reason, no leak, no look-up, nothing unread."


def trust_section(made: Material) -> Section | None:
    """Agreement by source, what leaked or was looked up, what was lost."""
    agents = in_order(made)
    if not agents:
        return None
    said = tuple(line for agent in agents for line in _odd(made, agent))
    blocks: list[Block] = [Prose(READING), Bullets(said, title="What is wrong", empty=NOTHING_ODD, first=ODD_FIRST)]
    programs = _programs(made, agents)
    if programs:
        blocks.append(_table("trust-programs", "Sources against the gateway, by agent", programs, folded=False))
    if len(programs) < sum(len(agent.work.sources) for agent in agents):
        blocks.append(_table("trust-sources", "Sources against the gateway, by arm", _arms(made, agents), folded=True))
    blocks.append(_isolation(made, agents))
    return Section("trust", "Can the telemetry be trusted?", tuple(blocks))


def telemetry_stamps(made: Material) -> tuple[str, ...]:
    """Warnings for the top of the page: undocumented disagreement, or something that leaked in."""
    works = [agent.work for agent in made.analysis.agents]
    apart = sum(source.disagree for work in works for source in work.sources)
    leaking = [work for work in works if work.leaked]
    found = []
    if apart:
        sources = sorted({source.source for work in works for source in work.sources if source.disagree})
        said = f"{', '.join(sources)}; {plural(apart, 'comparison')}"
        found.append(f"telemetry disagrees with the gateway without a documented reason ({said})")
    if leaking:
        names = sorted({sentence.removeprefix("leaked: ") for work in leaking for sentence in work.leaked})
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004
        found.append(f"agents had what their arm does not declare ({shown})")
    return (f"Check before use: {'; '.join(found)}. See “Can the telemetry be trusted?”.",) if found else ()


Row = tuple[str, int, SourceWork]


def _arms(made: Material, agents: list[AgentWork]) -> list[Row]:
    return [(made.name(agent.arm), agent.work.trials, source) for agent in agents for source in agent.work.sources]


def _programs(made: Material, agents: list[AgentWork]) -> list[Row]:
    """The same summed over all arms of one agent."""
    programs = {arm.id: arm.agent for arm in made.analysis.arms}
    found: dict[str, list[AgentWork]] = {}
    for agent in agents:
        found.setdefault(programs.get(agent.arm, ""), []).append(agent)
    rows: list[Row] = []
    for program, group in found.items():
        every = [source for agent in group for source in agent.work.sources]
        trials = sum(agent.work.trials for agent in group)
        rows += [
            (program, trials, _summed([one for one in every if one.source == source]))
            for source in dict.fromkeys(one.source for one in every)
        ]
    return rows


def _summed(found: list[SourceWork]) -> SourceWork:
    numbers = {name: sum(getattr(one, name) for one in found) for name in COUNTED}
    return SourceWork(found[0].source, **numbers, gaps=tuple(sorted({gap for one in found for gap in one.gaps})))


def _table(name: str, title: str, found: list[Row], *, folded: bool) -> Table:
    columns = (
        Column("Agent" if name == "trust-programs" else "Arm", numeric=False),
        Column("Source", numeric=False, hint="documented gaps"),
        Column("Agree"),
        Column("Agree", hint="without documented gaps"),
        Column("Short", hint="documented: a lower bound"),
        Column("Disagree"),
        Column("Missing"),
        Column("No end", hint="cut, or not sent"),
        Column("Unread"),
        Column("Unknown events"),
    )
    rows = tuple((Cell(who, plural(trials, "trial"), tone="name"), *_source(source)) for who, trials, source in found)
    note = (
        "Trials, but for the last two columns: sentences on what could not be read, and events of a kind that the "
        "reader does not know (kept in the evidence). A source that an agent does not have is not listed."
    )
    return Table(name, title, columns, rows, note=note, folded=folded, cards=True)


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
    return Table("trust-arms", "Isolation and completeness", columns, rows, folded=len(rows) > ROWS_FIRST, cards=True)


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
