"""Synthetic facts of a run of agents: those of ``make_facts``, and work, measures, efforts and sentinels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assay.evidence.facts import CellFact, Effort, Facts, SentinelRun, Sums
from assay.evidence.lock import Lock
from assay.evidence.measures import MEASURES, PREFIX
from assay.evidence.work import ArmWork, ErrorWork, ModelWork, SourceWork, SubAgentWork, ToolFailure, ToolWork
from assay.records import Arm, Tokens
from assay.testing.facts import make_facts, sums

UNKNOWN = frozenset({"cost_reported_usd", "active_reported_s", "tokens_reasoning"})
"""Measures that no source of the synthetic agents tells."""


def make_agent_facts(
    seed: int,
    *,
    agents: Sequence[str] = ("claude-code", "codex"),
    n_tasks: int = 8,
    reps: int = 2,
    disagree: int = 0,
    leaked: Sequence[str] = (),
    sub_agents: bool = True,
    sentinels: int = 0,
) -> tuple[Facts, Lock]:
    """Return facts and lock of a run of one model through ``agents``; equal arguments give equal results.

    Only the first arm delegates; all of them declare ``coder`` when ``sub_agents``. ``disagree`` trials of the first
    arm have a stream that disagrees without a documented gap; ``sentinels`` runs of one task get dearer and dearer.
    """
    facts, lock = make_facts(seed, n_arms=len(agents), n_tasks=n_tasks, reps=reps, failures=0.0)
    arms = tuple(_arm(arm, agent, sub_agents) for arm, agent in zip(lock.arms, agents, strict=True))
    names = {old.id: new.id for old, new in zip(lock.arms, arms, strict=True)}
    cells = tuple(_measured(replace(cell, arm=names[cell.arm])) for cell in facts.cells)
    works = tuple(
        _work(arm, [cell for cell in cells if cell.arm == arm.id], first=index == 0, disagree=disagree, leaked=leaked)
        for index, arm in enumerate(arms)
    )
    first, task = arms[0].id, lock.tasks[0].id
    watched = tuple(
        SentinelRun(first, task, 1000 * number, True, 0.01 * (1 + number), 5.0) for number in range(sentinels)
    )
    efforts = tuple(
        Effort(arm.id, "easy", "solved", cell.settled, {"cost_usd": cell.cost, "requests": sums([3.0, None])})
        for arm in arms
        for cell in [next(cell for cell in cells if cell.arm == arm.id)]
    )
    made = replace(facts, cells=cells, works=works, efforts=efforts, sentinels=watched)
    return made, replace(lock, arms=arms)


def _arm(arm: Arm, agent: str, sub_agents: bool) -> Arm:
    profile = {"agents": [{"name": "coder", "prompt": "Write code.", "model": "lab/swift"}]} if sub_agents else {}
    return replace(arm, agent=agent, model="lab/steady", profile=profile, label=agent)


def _measured(cell: CellFact) -> CellFact:
    """Give every trial of a cell the same value of each measure, and none of those that nobody knows."""
    n = cell.settled
    known = {PREFIX + name: sums([float(len(name))] * n) for name in MEASURES if name not in UNKNOWN}
    return replace(cell, metrics={**cell.metrics, **known, **{PREFIX + name: Sums(unknown=n) for name in UNKNOWN}})


def _work(arm: Arm, cells: Sequence[CellFact], *, first: bool, disagree: int, leaked: Sequence[str]) -> ArmWork:
    trials = sum(cell.settled for cell in cells)
    declares = bool(arm.profile)
    main = ModelWork("main", None, "steady", 10, 1, Tokens(100, 800, 100, 0, None, 50, None), 0.4, 2.0, 20.0, 10)
    coder = ModelWork("sub-agent", "coder", "swift", 4, 0, Tokens(40, 0, 0, 0, None, 10, None), 0.1, 1.0, None, 0)
    title = ModelWork("auxiliary", None, "steady", 1, 0, Tokens(10, 0, 0, 0, None, 5, None), 0.05, None, None, 0)
    used = first and declares
    bad = disagree if first else 0
    return ArmWork(
        arm=arm.id,
        trials=trials,
        registering=trials if declares else 0,
        delegating=1 if used else 0,
        invoked=2 if used else 0,
        costs_compared=trials if first else 0,
        costs_apart=1 if first else 0,
        audited=trials,
        tools=(ToolWork("Bash", 6, 5, 2, 6, 1.5), ToolWork("Read", 2, 2, 0, 0, None)),
        failures=(ToolFailure("Bash", "exit_status", 2, 1, 2, 0.5, 0.4),),
        models=(title, main, coder) if used else (title, main),
        sub_agents=(SubAgentWork("coder", trials, int(used), 2 * used, 0, {"swift": 4} if used else {}),) * declares,
        sources=(
            SourceWork(
                "stream", trials - bad, 0, 0, bad, 0, 0, 0, 0, (), {"disagree by output +9": bad} if bad else {}
            ),
            SourceWork("otlp", 0, trials - 1, 1, 0, 0, 1, 0, 3, ("last_request",)),
        ),
        errors=(ErrorWork("API: HTTP 529", 1, 1),),
        leaked=dict.fromkeys(leaked, 1) if first else {},
    )
