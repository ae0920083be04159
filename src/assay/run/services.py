"""What a driver starts and stops around the trials: gateway, Lab, scratch space. Loopback and unix sockets only."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assay.agents.base import Agent
from assay.agents.kinds import agent
from assay.evidence.lock import Lock
from assay.evidence.recording import Cassette
from assay.experiment.arm_models import arm_models
from assay.gateway.base import Budget, Upstream
from assay.gateway.meter import LocalMeter
from assay.gateway.server import GatewayServer
from assay.lab.server import LabServer
from assay.ledger.base import Ledger
from assay.prices import PriceBook
from assay.providers import Provider
from assay.records import NANO, Arm, Dialect
from assay.run.keeping import holds_kept, rescue_kept
from assay.run.opening import Run
from assay.sandboxes.base import Limits, SandboxKind
from assay.sandboxes.toolchain import Toolchain, toolchain
from assay.trial.environment import Route, StuckLimits, TrialEnvironment, TrialLimits


@dataclass(frozen=True, slots=True)
class Services:
    """Running servers and resolved endpoints of one driver."""

    gateway: GatewayServer
    meter: LocalMeter
    providers: Mapping[str, Provider]
    kind: SandboxKind
    scratch: Path
    worker: str


def worker_name() -> str:
    """Name this driver in the books: apart from all others, without naming the machine."""
    host = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
    return f"{host}/{os.getpid()}-{os.urandom(4).hex()}"


def scratch_folder(run_id: str) -> Path:
    """Where sandboxes of a run live: below the system's temporary folder, so that any uid can be let in."""
    return Path(tempfile.gettempdir()) / f"assay-{os.getuid()}" / run_id


@asynccontextmanager
async def services(
    run: Run,
    kind: SandboxKind,
    book: PriceBook,
    given: Mapping[str, Provider],
    *,
    max_cost: float | None,
    replay: Path | None = None,
) -> AsyncIterator[Services]:
    """Start what trials need; what an earlier driver left behind is reaped first.

    ``given`` are the providers as the experiment resolves them now: the lock keeps no paths of keys.
    ``replay`` is the folder of a run whose recording answers all calls.
    """
    scratch = scratch_folder(run.lock.run_id)
    scratch.parent.mkdir(mode=0o711, exist_ok=True)
    scratch.mkdir(mode=0o711, exist_ok=True)
    kind.reap(scratch, frozenset())
    used = {name: given[name] for name in run.lock.providers}
    lab = await _start_lab(run) if any(provider.simulated for provider in used.values()) else None
    socket_path = scratch / "gateway.sock"
    socket_path.unlink(missing_ok=True)
    try:
        providers = {name: _live(provider, lab) for name, provider in used.items()}
        book.freeze(await run.ledger.prices(), providers.values())
        cap = None if max_cost is None else round(max_cost * NANO)
        meter = LocalMeter(cap, await _already_spent(run.ledger))
        cassette = None if replay is None else Cassette.read(replay)
        gateway = await GatewayServer.start(
            socket_path,
            prices=book,
            meter=meter,
            on_price=run.ledger.record_price,
            forward=run.lock.experiment.get("telemetry", {}).get("forward"),
            replay=cassette,
        )
        try:
            yield Services(gateway, meter, providers, kind, scratch, worker_name())
        finally:
            await gateway.stop()
    finally:
        if lab is not None:
            await lab.stop()
        rescue_kept(scratch, run.folder.kept)
        if not holds_kept(scratch):
            shutil.rmtree(scratch, ignore_errors=True)


async def _start_lab(run: Run) -> LabServer:
    return await LabServer.start({task.id: task for task in run.tasks.values()}, seed=run.lock.seed)


def _live(provider: Provider, lab: LabServer | None) -> Provider:
    """Give the Lab's provider the address and prices of the Lab that runs now; others are as locked."""
    if lab is None or not provider.simulated:
        return provider
    running = lab.provider(provider.name)
    return replace(provider, base_url=running.base_url, prices=provider.prices or running.prices)


async def _already_spent(ledger: Ledger) -> int:
    """What earlier sessions of this run really cost, in nano-USD: simulated money never counts."""
    return sum(attempt.spent or 0 for attempt in await ledger.attempts() if not attempt.simulated)


def trial_environment(run: Run, services: Services, *, ttl: float, keep_sandbox: bool) -> TrialEnvironment:
    """Put together what ``run_trial`` needs."""
    return TrialEnvironment(
        ledger=run.ledger,
        gateway=services.gateway,
        sandboxes=services.kind,
        agents=_agent,
        toolchains=_toolchain,
        folder=run.folder,
        scratch=services.scratch,
        trials={},
        arms={arm.id: arm for arm in run.lock.arms},
        tasks=run.tasks,
        routes={arm.id: route(arm, services.providers) for arm in run.lock.arms},
        limits=trial_limits(run.lock),
        worker=services.worker,
        ttl=ttl,
        keep_sandbox=keep_sandbox,
    )


def _agent(name: str) -> Agent:
    return agent(name)


def _toolchain(name: str) -> Toolchain:
    return toolchain(name)


def route(arm: Arm, providers: Mapping[str, Provider]) -> Route:
    """Return how an arm reaches its models: the dialect it asks for, or the first that both sides speak.

    The ids that its agent may name are its own, its sub-agents', and the small one for side requests.
    """
    if not arm.model:
        return Route()
    provider = providers[arm.provider]
    spoken = agent(arm.agent).dialects
    shared = [dialect for dialect in provider.dialects if dialect in spoken]
    wanted = arm.settings.get("dialect")
    dialect = Dialect(str(wanted)) if wanted else next(iter(shared), None)
    return Route({model: Upstream(providers[name], model) for name, model in arm_models(arm)}, dialect)


def trial_limits(lock: Lock) -> TrialLimits:
    """Read the limits of one trial from the lock."""
    given: Mapping[str, Any] = lock.experiment.get("limits", {})
    default = TrialLimits()
    cost = given.get("cost")
    return TrialLimits(
        time_s=given.get("time_s", default.time_s),
        budget=Budget(nano_usd=None if cost is None else round(cost * NANO), tokens=given.get("tokens")),
        max_output_tokens=int(given.get("max_output_tokens", default.max_output_tokens)),
        sandbox=Limits(
            memory_bytes=int(given.get("memory", default.sandbox.memory_bytes)),
            disk_bytes=int(given.get("disk", default.sandbox.disk_bytes)),
            processes=int(given.get("processes", default.sandbox.processes)),
        ),
        stuck=StuckLimits(
            no_progress_s=given.get("no_progress_s", default.stuck.no_progress_s),
            repeated_calls=given.get("repeated_calls", default.stuck.repeated_calls),
        ),
    )
