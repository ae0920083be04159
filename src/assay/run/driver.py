"""Driving a run: trials through an engine, each scored from its sealed evidence as soon as it has settled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from assay.engines.base import EngineLimits
from assay.engines.local import LocalEngine
from assay.evidence.calls import read_calls, spend
from assay.plan import Selection, choose
from assay.prices import PriceBook
from assay.providers import Provider
from assay.records import Attempt, OwnerKind, TrialId
from assay.run.anchors import score_anchors
from assay.run.opening import Run
from assay.run.probing import probe_models
from assay.run.progress import Observer, Silent, Tally
from assay.run.scoring import Scoring
from assay.run.services import Services, services, trial_environment
from assay.sandboxes.base import SandboxKind
from assay.trial.environment import TrialEnvironment
from assay.trial.life import WINDOW_CLOSED, run_trial

HEARTBEAT_TTL_S = 60.0


@dataclass(frozen=True, slots=True)
class DriveOptions:
    """How to drive; nothing here changes what a trial is. ``max_cost`` in USD for the whole run.

    ``replay`` is the folder of a run that answers every call in place of the providers; it needs ``probe=False``.
    """

    max_cost: float | None = 5.0
    concurrency: int | None = None
    keep_sandbox: bool = False
    anchors: bool = True
    probe: bool = True
    replay: Path | None = None
    selection: Selection = field(default_factory=Selection)


@dataclass(frozen=True, slots=True)
class DriveEnd:
    """Why a drive came to its end: ``finished``, ``drained`` (asked to stop), or ``max_cost``."""

    reason: str
    left: int


async def drive(
    run: Run,
    kind: SandboxKind,
    options: DriveOptions,
    *,
    providers: Mapping[str, Provider],
    book: PriceBook,
    observer: Observer | None = None,
) -> DriveEnd:
    """Run everything that is owed and selected, score it, and come back; resumable at any moment.

    The caller holds ``one_driver``. Raises ``AssayError`` only when nothing sensible can go on: the books, the
    sandbox or a provider refuse at the start.
    """
    watch = observer or Silent()
    async with services(run, kind, book, providers, max_cost=options.max_cost, replay=options.replay) as running:
        await _recover(run, running.providers, watch)
        if options.probe:
            await probe_models(run, running)
        driver = _Driver(run, running, options, watch)
        return await driver.drive()


async def _recover(run: Run, providers: Mapping[str, Provider], observer: Observer) -> None:
    """Close the attempts of dead drivers as lost, with the spend that their gateway logs show.

    The caller holds the folder, so every open attempt in it belongs to a driver that is dead, on whatever host.
    """
    lost = await run.ledger.forfeit()
    arms = {arm.id: arm for arm in run.lock.arms}
    for attempt in lost:
        if attempt.owner_kind is OwnerKind.TRIAL:
            folder = run.folder.attempt(attempt.owner, attempt.number)
            provider = arms[(await run.ledger.trial(attempt.owner)).arm].provider
        else:
            folder, provider = run.folder.probe(attempt.id), attempt.owner.partition("/")[0]
        simulated = provider in providers and providers[provider].simulated
        known = spend(read_calls(folder))
        await run.ledger.reconcile(attempt.id, known.nano_usd, lower_bound=True, simulated=simulated)
    if lost:
        await run.ledger.note("recovered", {"lost": len(lost)})
        observer.message(f"{len(lost)} attempts were lost with an earlier driver; they count as lost and run again")


class _Driver:
    """State of one drive."""

    def __init__(self, run: Run, running: Services, options: DriveOptions, observer: Observer) -> None:
        self.run = run
        self.services = running
        self.options = options
        self.observer = observer
        self.engine = LocalEngine()
        self.reason = "finished"
        self.announced: float | None = None
        self.scoring = Scoring.of(run, running.kind, running.scratch)

    async def drive(self) -> DriveEnd:
        trials = {trial.id: trial for trial in await self.run.ledger.trials()}
        chosen = frozenset(t.id for t in choose(trials.values(), self.run.lock.arms, self.options.selection))
        unscored = await self.scoring.unscored()
        earlier = await self.run.ledger.attempts()  # the probes of models too: they count against the limit
        self.tally = Tally(
            planned=len(chosen),
            settled=len(chosen) - len([t for t in await self.run.ledger.pending() if t in chosen]),
            to_score=len(unscored),
            max_cost=self.options.max_cost,
            simulated=self.run.lock.simulated,
            before=len({a.id for a in earlier if a.owner in chosen and a.ended is not None} - {a.id for a in unscored}),
            spent=sum(a.spent or 0 for a in earlier),
        )
        environment = replace(
            trial_environment(self.run, self.services, ttl=HEARTBEAT_TTL_S, keep_sandbox=self.options.keep_sandbox),
            trials=trials,
        )
        async with _signals(self._interrupt), self._ticks(), self._scorers(unscored) as queue:
            await self._run_trials(environment, chosen, queue)
        if self.options.anchors and self.reason == "finished":
            await score_anchors(self.scoring, jobs=os.cpu_count() or 1)
        self._show()
        left = len([t for t in await self.run.ledger.unsettled() if t in chosen])
        return DriveEnd(self.reason, left)

    async def _run_trials(
        self,
        environment: TrialEnvironment,
        chosen: frozenset[TrialId],
        queue: asyncio.Queue[Attempt],
    ) -> None:
        """Go through what is owed; once more for retries that the first pass made owed again."""

        async def run_one(trial: TrialId) -> None:
            if not await self._window_is_open():
                return
            self.tally.running += 1
            self.tally.trial_ended(await run_trial(trial, environment))

        self._check_cost()
        limits = EngineLimits(self.options.concurrency or max(4, os.cpu_count() or 1))
        while self.reason == "finished" and (owed := [t for t in await self.run.ledger.pending() if t in chosen]):
            async for trial in self.engine.run(owed, run_one, limits):
                await self._settled(trial, queue)
                self._check_cost()

    async def _window_is_open(self) -> bool:
        """Wait until every subscription's usage window is open; False when asked to stop meanwhile."""
        while self.reason == "finished" and (until := self.services.gateway.paused_until()) is not None:
            if until != self.announced:
                self.announced = until
                when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(until))
                await self.run.ledger.note("pause", {"until": when})
                self.observer.message(f"the usage window of a subscription is used up: waiting until {when}")
            await asyncio.sleep(min(1.0, max(0.0, until - time.time())))
        return self.reason == "finished"

    async def _settled(self, trial: TrialId, queue: asyncio.Queue[Attempt]) -> None:
        attempt = await self.run.ledger.latest_attempt(OwnerKind.TRIAL, trial)
        if (
            attempt is not None and attempt.lost and attempt.ended_detail != WINDOW_CLOSED
        ):  # cut short by the run's cost limit, and owed again
            self._out_of_money()
        if attempt is None or attempt.ended is None:
            return
        self.tally.spent += attempt.spent or 0
        if not await self.run.ledger.is_owed(trial):
            self.tally.settled += 1
            self.tally.finished_here += 1
        self.tally.to_score += 1
        queue.put_nowait(attempt)

    def _check_cost(self) -> None:
        meter = self.services.meter
        real = any(not provider.simulated for provider in self.services.providers.values())
        if real and meter.max_cost is not None and meter.spent >= meter.max_cost:
            self._out_of_money()

    def _out_of_money(self) -> None:
        if self.reason == "finished":
            limit = self.options.max_cost or 0.0
            self._stop("max_cost", f"the cost limit of ${limit:g} is used up: nothing more is started")

    def _interrupt(self) -> None:
        if self.reason == "finished":
            self._stop("drained", "finishing what runs, starting nothing more; interrupt again to stop at once")
        else:
            for task in asyncio.all_tasks():
                task.cancel()

    def _stop(self, reason: str, text: str) -> None:
        self.reason = reason
        self.engine.drain()
        self.observer.message(text)

    @asynccontextmanager
    async def _scorers(self, unscored: Sequence[Attempt]) -> AsyncIterator[asyncio.Queue[Attempt]]:
        """Score beside the trials, as many at once as there are processors; leaves when all are scored."""
        queue: asyncio.Queue[Attempt] = asyncio.Queue()
        for attempt in unscored:
            queue.put_nowait(attempt)
        workers = [asyncio.create_task(self._score_from(queue)) for _ in range(os.cpu_count() or 1)]
        try:
            yield queue
            joined = asyncio.create_task(queue.join())
            done, _ = await asyncio.wait({joined, *workers}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # a scorer that could not keep the books ends the run
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _score_from(self, queue: asyncio.Queue[Attempt]) -> None:
        while True:
            attempt = await queue.get()
            if self.reason != "drained":  # asked to stop: what is sealed can be scored at any time
                await self.scoring.score(attempt)
                self.tally.scored += 1
            queue.task_done()

    @asynccontextmanager
    async def _ticks(self) -> AsyncIterator[None]:
        async def tick() -> None:
            while True:
                self._show()
                await asyncio.sleep(0.2)

        ticking = asyncio.create_task(tick())
        try:
            yield
        finally:
            ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticking

    def _show(self) -> None:
        self.observer.update(self.tally.snapshot())


@asynccontextmanager
async def _signals(interrupt: object) -> AsyncIterator[None]:
    """Call ``interrupt`` on INT and TERM while the body runs, where the platform and thread allow."""
    loop = asyncio.get_running_loop()
    assert callable(interrupt)
    wanted = (signal.SIGINT, signal.SIGTERM)
    installed = []
    for number in wanted:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, interrupt)
            installed.append(number)
    try:
        yield
    finally:
        for number in installed:
            loop.remove_signal_handler(number)
