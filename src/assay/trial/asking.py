"""What an attempt asks of its agent, and how it presents itself at the gateway. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

from assay.agents.base import StepRequest
from assay.gateway.base import Budget, Door, Visitor
from assay.identity import Json
from assay.records import Arm, Attempt, Trial
from assay.sandboxes.base import Sandbox
from assay.suites.base import Task
from assay.trial.environment import Route, StuckLimits, TrialLimits

OUR_CLIENT = "api"
FOR_THE_LAB = {"fault": "lab_fault", "script": "lab_script", "time_scale": "time_scale"}
"""Labels that are an arm's settings, read by simulated providers."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What an attempt is about."""

    attempt: Attempt
    trial: Trial
    arm: Arm
    task: Task
    route: Route
    limits: TrialLimits


def visitor(matter: Matter, folder: Path, *, strict: bool, keep_bodies: str) -> Visitor:
    """Return who comes through the door, with its evidence in ``folder``."""
    limits, task, stuck = matter.limits.budget, matter.task, stuck_limits(matter)
    return Visitor(
        owner_kind=matter.attempt.owner_kind,
        owner=matter.attempt.owner,
        attempt=matter.attempt.id,
        models=matter.route.upstreams,
        folder=folder,
        budget=Budget(nano_usd=limits.nano_usd, tokens=task.limits.tokens or limits.tokens),
        labels=labels(matter),
        strict=bool(matter.arm.settings.get("strict_models", strict)),
        keep_bodies=keep_bodies,
        egress=egress(matter.arm),
        watch_tools=stuck is not None and stuck.repeated_calls is not None,
    )


def egress(arm: Arm) -> tuple[str, ...]:
    """Return the hosts that an arm's agent may reach beside the gateway; what it does there costs an unknown sum."""
    hosts = arm.settings.get("egress")
    return tuple(map(str, hosts)) if isinstance(hosts, list | tuple) else ()


def way_out(arm: Arm, sandbox: Sandbox, door: Door) -> dict[str, str]:
    """Return the environment that leads an agent to these hosts; empty without any."""
    if not egress(arm) or sandbox.door_url is None:
        return {}
    proxy, apart = door.egress_url(sandbox.door_url), "127.0.0.1,localhost"
    return {"HTTPS_PROXY": proxy, "https_proxy": proxy, "NO_PROXY": apart, "no_proxy": apart}


def stuck_limits(matter: Matter) -> StuckLimits | None:
    """Return when the attempt is stuck: the arm's setting, or what holds for the run; None = never, without a model."""
    if not matter.route.upstreams and not egress(matter.arm):
        return None
    own = matter.arm.settings.get("no_progress_s")
    return matter.limits.stuck if own is None else replace(matter.limits.stuck, no_progress_s=float(str(own)))


def looks_up_names(matter: Matter) -> bool:
    """Tell whether names that are looked up should be on record: 30 ms that our own client, one address, is spared."""
    return bool(matter.route.upstreams) and matter.arm.agent != OUR_CLIENT


def labels(matter: Matter) -> dict[str, str]:
    """Return what a simulated provider is told of the trial; no other provider hears of it."""
    arm = matter.arm
    told = {
        "trial": matter.trial.id,
        "arm": matter.trial.arm,
        "agent": arm.agent,
        "task": matter.task.id,
        "type": matter.task.type,
        "variant": arm.names.get("variant", ""),
        "repetition": str(matter.trial.repetition),
    }
    told |= {label: _text(arm.settings[name]) for label, name in FOR_THE_LAB.items() if name in arm.settings}
    if arm.variant.get("system"):
        told["system"] = "yes"
    delegates = _delegates(arm)
    return told | {"delegates": delegates} if delegates else told


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _delegates(arm: Arm) -> str:
    declared = arm.profile.get("agents")
    each = declared if isinstance(declared, list | tuple) else ()
    return ",".join(str(agent["name"]) for agent in each if isinstance(agent, Mapping) and "name" in agent)


def step_request(matter: Matter, number: int, sandbox: Sandbox, door: Door, feedback: str | None) -> StepRequest:
    """Return what the agent is asked in step ``number``, with the addresses as they are inside ``sandbox``."""
    arm, url = matter.arm, sandbox.door_url
    return StepRequest(
        task=matter.task,
        step=number,
        arm=arm,
        base_urls=door.base_urls(url) if url else {},
        dialect=matter.route.dialect,
        max_output_tokens=int(str(arm.settings.get("max_output_tokens", matter.limits.max_output_tokens))),
        feedback=feedback,
        otlp_url=door.otlp_url(url) if url else None,
        attributes=attributes(matter, number),
        session=str(uuid5(NAMESPACE_OID, matter.attempt.id)),
        models=tuple(sorted(matter.route.upstreams, key=lambda model: model != arm.model)),
        workspace=sandbox.workspace,
    )


def attributes(matter: Matter, number: int) -> dict[str, str]:
    """Return the OTLP resource attributes that name a step."""
    return {
        "assay.run": matter.trial.run_id,
        "assay.trial": matter.trial.id,
        "assay.attempt": matter.attempt.id,
        "assay.arm": matter.trial.arm,
        "assay.task": matter.task.id,
        "assay.step": str(number),
    }
