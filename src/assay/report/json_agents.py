"""The part of the JSON report that only runs of agents, and of sentinels, have something in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assay.analysis.base import Finding
from assay.analysis.work import AgentWork
from assay.evidence.measures import MEASURES
from assay.report.material import Material
from assay.report.trust import telemetry_stamps


def agents_data(made: Material, finding: Callable[[Finding, Material], dict[str, Any]]) -> dict[str, Any]:
    """Return ``measures``, ``agents``, ``harness``, ``efforts``, ``drifts`` and ``telemetry_warnings``."""
    analysis = made.analysis
    return {
        "measures": [measure.to_json() for measure in MEASURES.values()] if analysis.agents else [],
        "agents": [_agent(agent, made) for agent in analysis.agents],
        "harness": [finding(one, made) for one in analysis.harness],
        "efforts": [effort.to_json() for effort in analysis.efforts],
        "drifts": [{**one.to_json(), "tasks": list(one.tasks)} for one in analysis.drifts],
        "telemetry_warnings": list(telemetry_stamps(made)),
    }


def _agent(agent: AgentWork, made: Material) -> dict[str, Any]:
    """One arm: its own fields and those of what was seen, on one level."""
    arm = next(arm for arm in made.analysis.arms if arm.id == agent.arm)
    data, work = agent.to_json(), agent.work.to_json()
    del data["work"]
    lists = {name: list(work.pop(name)) for name in ("tools", "failures", "models", "sub_agents", "errors")}
    for row, model in zip(lists["models"], agent.work.models, strict=True):
        row["tokens"] |= {"prompt": model.tokens.prompt, "total": model.tokens.total}
    sources = [{**row, "gaps": list(row["gaps"])} for row in work.pop("sources")]
    named = {"label": arm.label, "agent": arm.agent, "model": arm.model}
    return {**data, **named, **work, **lists, "sources": sources, "declared": list(agent.declared)}
