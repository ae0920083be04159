"""One attempt, from claim to settle. The same coroutine under every engine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ParamSpec, TypeVar

from assay.agents.base import Agent, Reading
from assay.errors import LedgerError, MachineError
from assay.evidence.layout import bytes_below, seal
from assay.gateway.base import Door, Totals
from assay.plan.turns import with_follow_ups
from assay.records import Attempt, Ended, Order, Outcome, Progress, TrialId
from assay.sandboxes.base import Deadlines, ExitRecord, Sandbox, SandboxSpec
from assay.trial.asking import Matter, egress, looks_up_names, step_request, stuck_limits, visitor, way_out
from assay.trial.ending import decide_ended
from assay.trial.environment import Route, TrialEnvironment
from assay.trial.feedback import Feedback, visible_test_feedback
from assay.trial.watching import run_watched

P = ParamSpec("P")
T = TypeVar("T")
SMALL_BYTES = 256 << 10
COLLECTED_BYTES = 64 << 20
WINDOW_CLOSED = "given back: the usage window of the subscription is used up"


async def run_trial(trial_id: TrialId, env: TrialEnvironment) -> Ended | None:
    """Claim and live one attempt; None when the ledger gave no permission, or the run's cost limit cut it short.

    Never raises for what an agent, a sandbox or a provider does: that is a row. Raises ``LedgerError`` when
    the books cannot be kept, because then nothing more may be spent.
    """
    attempt = await env.ledger.claim(trial_id, env.worker, env.ttl, offers=env.offers)
    if attempt is None:
        return None
    life = _Life(env, attempt)
    outcome = await life.live()
    if life.given_back:
        await env.ledger.release(attempt, replace(outcome, detail=life.given_back))
        return None
    await env.ledger.settle(attempt, outcome)
    return outcome.ended


@dataclass(frozen=True, slots=True)
class _StepEnd:
    exit_record: ExitRecord
    reading: Reading
    ended: Ended
    detail: str | None


class _Life:
    """State of one attempt while it lasts."""

    def __init__(self, env: TrialEnvironment, attempt: Attempt) -> None:
        self.env = env
        self.attempt = attempt
        trial = env.trials[attempt.owner]
        self.arm = env.arms[trial.arm]
        self.task = with_follow_ups(env.tasks[trial.task_hash], self.arm)
        self.route = env.routes.get(trial.arm, Route())
        self.matter = Matter(attempt, trial, self.arm, self.task, self.route, env.limits)
        self.evidence = env.folder.attempt(attempt.owner, attempt.number)
        self.sandbox: Sandbox | None = None
        self.collect: dict[str, None] = {}
        self.stage = "starting"
        self.fenced = False
        self.given_back: str | None = None

    async def live(self) -> Outcome:
        """Run, kill everything, seal; the outcome is for ``settle``."""
        totals = Totals()
        try:
            self.evidence.mkdir(parents=True, exist_ok=True)
            strict, keep = self.env.strict_models, self.env.keep_bodies
            door = self.env.gateway.open(visitor(self.matter, self.evidence, strict=strict, keep_bodies=keep))
            try:
                async with self._heartbeats(door):
                    ended, detail = await self._inside(door)
            finally:
                if self.sandbox is not None:
                    self.sandbox.kill()
                totals = await door.close()
            self.given_back = _given_back(totals)
            self.stage = "sealing"
            small = bytes_below(self.evidence) <= SMALL_BYTES
            key = seal(self.evidence) if small else await asyncio.to_thread(seal, self.evidence)
        except LedgerError:
            raise
        except MachineError as error:
            return self._outcome(Ended.INFRASTRUCTURE, str(error), totals, None)
        except OSError as error:
            return self._outcome(Ended.INFRASTRUCTURE, f"{type(error).__name__}: {error}", totals, None)
        except Exception as error:  # noqa: BLE001 - a bad trial is a row, never the end of a run
            return self._outcome(Ended.HARNESS_ERROR, f"{type(error).__name__}: {error}", totals, None)
        return self._outcome(ended, detail, totals, key)

    def _outcome(self, ended: Ended, detail: str | None, totals: Totals, key: str | None) -> Outcome:
        elsewhere = bool(egress(self.arm))
        no_model = not self.route.upstreams and not elsewhere
        return Outcome(
            ended=ended,
            detail=" ".join(detail.split())[:500] if detail else None,
            spent=0 if no_model else None if elsewhere and not totals.calls else totals.cost,
            spent_is_lower_bound=totals.lower_bound or elsewhere,
            simulated=totals.simulated or any(u.provider.simulated for u in self.route.upstreams.values()),
            evidence=key,
        )

    @asynccontextmanager
    async def _heartbeats(self, door: Door) -> AsyncIterator[None]:
        """Keep the lease while the body runs; a STOP kills the sandbox."""
        beating = asyncio.create_task(self._beat(door))
        try:
            yield
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating

    async def _beat(self, door: Door) -> None:
        while True:
            await asyncio.sleep(self.env.ttl / 3)
            totals = door.totals()
            progress = Progress(self.stage, totals.calls, totals.tokens.total)
            order = await self.env.ledger.heartbeat(self.attempt, totals.cost, progress, self.env.ttl)
            if order is Order.STOP:
                self.fenced = True
                if self.sandbox is not None:
                    self.sandbox.kill()
                return

    async def _inside(self, door: Door) -> tuple[Ended, str | None]:
        """Open the sandbox and go through the steps until one does not complete."""
        agent = self.env.agents(self.arm.names.get("agent", self.arm.agent))
        toolchain = self.env.toolchains(self.task.toolchain)
        spec = SandboxSpec(
            label=self.attempt.id,
            start=self.task.start,
            scratch=self.env.scratch,
            door=self.env.gateway.socket,
            mounts=(*toolchain.mounts, *agent.mounts(self.arm)),
            limits=self.env.limits.sandbox,
            keep=self.env.keep_sandbox,
            audit_dns=looks_up_names(self.matter),
        )
        ended, detail = Ended.COMPLETED, None
        async with self.env.sandboxes.open(spec) as sandbox:
            self.sandbox = sandbox
            for number, step in enumerate(self.task.steps):
                door.set_step(number)
                self.stage = f"step {number + 1} of {len(self.task.steps)}"
                feedback = None if step.feedback is None else await visible_test_feedback(sandbox, toolchain.env)
                if step.unless_passing and feedback is not None and feedback.passing:
                    continue
                end = await self._step(sandbox, door, agent, number, feedback, toolchain.env)
                ended, detail = end.ended, end.detail
                if ended is not Ended.COMPLETED:
                    break
            await self._collect(sandbox)
        return ended, detail

    async def _collect(self, sandbox: Sandbox) -> None:
        """Keep the session files that the agent's launches named; what was too much is named in ``home.json``."""
        sandbox.kill()  # nothing runs any more, and nothing will
        left_out = await sandbox.collect(tuple(self.collect), self.evidence / "home", limit_bytes=COLLECTED_BYTES)
        if left_out:
            text = json.dumps({"limit_bytes": COLLECTED_BYTES, "left_out": list(left_out)})
            (self.evidence / "home.json").write_text(text, encoding="utf-8")

    async def _step(
        self,
        sandbox: Sandbox,
        door: Door,
        agent: Agent,
        number: int,
        feedback: Feedback | None,
        toolchain_env: Mapping[str, str],
    ) -> _StepEnd:
        step = self.task.steps[number]
        request = step_request(self.matter, number, sandbox, door, feedback.text if feedback else None)
        launch = agent.launch(request)
        self.collect |= dict.fromkeys(launch.collect)
        for path, data in launch.files.items():
            await sandbox.write(path, data)
        limit = self.env.limits.seconds(step.limits.time_s or self.task.limits.time_s)
        exit_record = await run_watched(
            sandbox,
            door,
            launch.argv,
            {**toolchain_env, **launch.env, **way_out(self.arm, sandbox, door)},
            Deadlines(limit, *launch.grace_s),
            stuck_limits(self.matter),
            self.env.limits.sandbox.output_bytes,
        )
        output = sandbox.output()
        reading = await _by_size(output, agent.read, request, output, exit_record)
        ended, detail = decide_ended(exit_record, reading, door.totals(), limit, has_model=bool(self.route.upstreams))
        if self.fenced:
            ended, detail = Ended.INFRASTRUCTURE, "the lease was lost to another worker"
        end = _StepEnd(exit_record, reading, ended, detail)
        await self._keep(sandbox, number, launch.argv, end)
        return end

    async def _keep(self, sandbox: Sandbox, number: int, argv: tuple[str, ...], end: _StepEnd) -> None:
        """Seal one step: its output, the workspace as it stood at the kill, and how it ended."""
        folder = self.env.folder.step(self.attempt.owner, self.attempt.number, number)
        folder.mkdir(parents=True, exist_ok=True)
        await sandbox.snapshot(folder)
        keep = _copy_output if self.env.keep_sandbox else _take_output
        await _by_size(sandbox.output(), keep, sandbox.output(), folder / "stream.jsonl")
        status = {
            "step": number,
            "argv": list(argv),
            "exit": end.exit_record.to_json(),
            "reading": end.reading.to_json(),
            "ended": end.ended,
            "detail": end.detail,
        }
        (folder / "status.json").write_text(json.dumps(status, sort_keys=True), encoding="utf-8")


def _given_back(totals: Totals) -> str | None:
    """Say why an attempt is no outcome: cut short by a limit that is the run's or the account's, not the arm's."""
    if totals.run_cap_reached:
        return "given back: the run's cost limit was reached"
    return None if totals.paused_until is None else WINDOW_CLOSED


async def _by_size(path: Path, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call at once for a small file, in a thread for one that would hold up the loop: a thread costs 0.2 ms."""
    return function(*args, **kwargs) if _is_small(path) else await asyncio.to_thread(function, *args, **kwargs)


def _is_small(path: Path) -> bool:
    return not path.exists() or path.stat().st_size <= SMALL_BYTES


def _take_output(source: Path, target: Path) -> None:
    """Move the file where that can be done: a new inode costs up to 0.3 ms on ext4, and outputs may be large."""
    try:
        if not source.is_symlink():
            source.rename(target)
            return
    except OSError:
        pass
    _copy_output(source, target)


def _copy_output(source: Path, target: Path) -> None:
    if source.is_file():
        shutil.copyfile(source, target)
    else:
        target.touch()
