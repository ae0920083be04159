"""The local engine: structured concurrency on this machine, with a limit on sandboxes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from assay.engines.base import EngineLimits, RunTrial
from assay.records import TrialId


class LocalEngine:
    """``Engine`` as asyncio tasks. ``drain`` lets what runs finish and starts nothing more."""

    def __init__(self) -> None:
        """Start undrained."""
        self._draining = False

    def drain(self) -> None:
        """See ``Engine.drain``."""
        self._draining = True

    async def run(self, trials: Sequence[TrialId], run_trial: RunTrial, limits: EngineLimits) -> AsyncIterator[TrialId]:
        """See ``Engine.run``. Trials start in the given order; at most ``limits.sandboxes`` live at once.

        An exception of ``run_trial`` (the books cannot be kept) cancels the rest and is raised.
        """
        waiting = iter(trials)
        running: dict[asyncio.Task[None], TrialId] = {}
        try:
            while True:
                while len(running) < limits.sandboxes and not self._draining:
                    trial = next(waiting, None)
                    if trial is None:
                        break
                    running[asyncio.ensure_future(run_trial(trial))] = trial
                if not running:
                    return
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    finished = running.pop(task)
                    task.result()
                    yield finished
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
