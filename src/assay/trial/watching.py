"""A run under watch: ended early, with its telemetry flushed, when its budget is used up or it is stuck."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from assay.gateway.base import Activity, Door
from assay.sandboxes.base import Deadlines, ExitRecord, Sandbox
from assay.trial.environment import StuckLimits

LOOK_S = 1.0
LOOKS = 8
"""How often to look within ``no_progress_s``, where that is short."""
TRUNCATION_BYTES = 512 << 10
"""This close to its cap the output file may grow no more, whatever is printed: one line may take as much."""


async def run_watched(
    sandbox: Sandbox,
    door: Door,
    argv: tuple[str, ...],
    env: Mapping[str, str],
    deadlines: Deadlines,
    stuck: StuckLimits | None,
    output_cap: int,
) -> ExitRecord:
    """Run one command; a used-up budget, or being stuck, stops it by the ladder. None = it is never stuck."""
    running = asyncio.create_task(sandbox.run(argv, env=env, deadlines=deadlines))
    watching = asyncio.create_task(door.over_budget())
    watch = None if stuck is None else Watch(stuck, output_cap, time.monotonic())
    try:
        while not running.done():
            await asyncio.wait(
                {running, watching},
                timeout=None if watch is None else watch.interval_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if running.done():
                break
            reason = (
                "its budget was used up" if watching.done() else watch and watch.look(sandbox.output(), door.activity())
            )
            if reason:
                sandbox.stop(reason)
                break
        return await running
    finally:
        watching.cancel()
        if not running.done():  # cancelled from outside: nothing may go on spending
            sandbox.kill()
            running.cancel()
        await asyncio.gather(running, watching, return_exceptions=True)


class Watch:
    """Tells whether an agent is stuck, from what can be seen of any agent: what it prints, and what passes its door.

    A model that does not answer is no progress, and neither is a command that prints nothing: ``no_progress_s`` must
    be longer than the longest command of a task. Calls that the gateway holds back are not the agent's standstill.
    """

    def __init__(self, limits: StuckLimits, output_cap: int, now: float) -> None:
        self._limits = limits
        self._blind_from = output_cap - TRUNCATION_BYTES
        self._printed = 0
        self._printed_at = now
        patience = limits.no_progress_s
        self.interval_s = LOOK_S if patience is None else min(LOOK_S, patience / LOOKS)

    def look(self, output: Path, activity: Activity) -> str | None:
        """Return what to write beside ``stuck``; None when it goes on."""
        most = self._limits.repeated_calls
        if most is not None and activity.repeated is not None and activity.repeated[1] >= most:
            tool, times = activity.repeated
            return f"called {tool} with the same arguments {times} times"
        patience, now = self._limits.no_progress_s, time.monotonic()
        self._note_output(output, now)
        if patience is None or now - max(self._printed_at, activity.last) < patience:
            return None
        return f"no output and no answer for {patience:g} s"

    def _note_output(self, output: Path, now: float) -> None:
        try:
            size = output.stat().st_size
        except FileNotFoundError:
            return
        if size != self._printed or size >= self._blind_from:
            self._printed, self._printed_at = size, now
