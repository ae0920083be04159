"""One door: the token of an attempt, its log, and what has gone through."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from assay.evidence.calls import FIRST_ERROR_STATUS, LOG_NAME, end_line, refused_line, unbilled
from assay.gateway.base import Activity, Totals, Upstream, Visitor
from assay.gateway.bodies import BodyFile, BodyStore
from assay.gateway.egress import USER
from assay.gateway.forwarding import Forwarder
from assay.gateway.meter import Denial, Meter
from assay.gateway.otlp import Intake
from assay.gateway.repeats import Repeats
from assay.prices import partial_cost
from assay.records import Call, Dialect, NanoUSD, Price, Tokens

PROVIDER_FAILURES = frozenset({0, 408, 429})
FIRST_SERVER_ERROR = 500
CLOSE_TIMEOUT_S = 5.0


def digest(token: str) -> bytes:
    """Hash a token: only this is kept to recognise it."""
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


class LocalDoor:
    """Implements ``Door``. All state changes happen in the event loop's thread."""

    def __init__(
        self,
        visitor: Visitor,
        meter: Meter,
        bodies: BodyStore,
        on_close: Callable[[LocalDoor], None],
        forwarder: Forwarder | None = None,
    ) -> None:
        self.visitor = visitor
        self.meter = meter
        self._token = secrets.token_hex(16)
        self.digest = digest(self._token)
        self.step = 0
        self.trial_header = ""
        self.set_step(0)
        self._bodies = bodies
        self._on_close = on_close
        self._log: _Log | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._open: set[int] = set()
        self._seq = 0
        self._totals = _Tally()
        self._over = asyncio.Event()
        self._closed = False
        self._body_file = BodyFile(visitor.folder)
        self.telemetry = Intake(visitor.folder, forwarder)
        self._active_at = time.monotonic()
        self._tunnels = 0
        self._bytes = 0
        self._dialects: dict[int, Dialect] = {}
        self._repeats = Repeats()
        meter.open(visitor.attempt, visitor.budget)

    def base_urls(self, door_url: str) -> Mapping[Dialect, str]:
        """See ``Door.base_urls``."""
        return {dialect: f"{door_url}/a/{self._token}/{dialect.value}" for dialect in Dialect}

    def otlp_url(self, door_url: str) -> str:
        """Where OTLP exporters inside send to (``OTEL_EXPORTER_OTLP_ENDPOINT``)."""
        return f"{door_url}/a/{self._token}/otlp"

    def egress_url(self, door_url: str) -> str:
        """See ``Door.egress_url``."""
        return door_url.replace("://", f"://{USER}:{self._token}@", 1)

    def set_step(self, step: int) -> None:
        """See ``Door.set_step``."""
        self.step = step
        self.trial_header = json.dumps({**self.visitor.labels, "step": str(step)}, separators=(",", ":"))

    def totals(self) -> Totals:
        """See ``Door.totals``."""
        return self._totals.freeze(len(self._open), over=self._over.is_set())

    def activity(self) -> Activity:
        """See ``Door.activity``."""
        if len(self._tasks) > len(self._open) + self._tunnels:
            self._active_at = time.monotonic()  # a request is held back, or just coming in
        return Activity(self._active_at, self._bytes, self._repeats.longest)

    def passed(self, count: int) -> None:
        """Note that bytes of a request or of an answer have gone through."""
        self._active_at = time.monotonic()
        self._bytes += count

    async def over_budget(self) -> None:
        """See ``Door.over_budget``."""
        await self._over.wait()

    async def close(self) -> Totals:
        """See ``Door.close``. Idempotent."""
        if not self._closed:
            self._closed = True
            self._on_close(self)
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=CLOSE_TIMEOUT_S)
            await asyncio.sleep(0)  # bodies of calls that ended just now
            await self.telemetry.close()
            await self._bodies.flush()
            self._body_file.close()
            if self._body_file.error is not None:
                self._totals.last_error = f"bodies could not be stored: {self._body_file.error}"
            if self._log is not None:
                self._log.close()
                self._log = None
            self.meter.close(self.visitor.attempt)
        return self.totals()

    @contextmanager
    def visit(self) -> Iterator[None]:
        """Hold a request's task as one that ``close`` ends, wherever it waits."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

    @contextmanager
    def tunnel(self) -> Iterator[None]:
        """Hold the task of a way out: it is ended by ``close``, and being open is no progress."""
        self._tunnels += 1
        try:
            with self.visit():
                yield
        finally:
            self._tunnels -= 1

    def route(self, model: str) -> Upstream | None:
        """Return where a model id goes; None = refused."""
        upstream = self.visitor.models.get(model)
        if upstream is not None:
            return upstream
        if self.visitor.strict or not self.visitor.models:
            self._totals.refused_model = model
            return None
        return Upstream(next(iter(self.visitor.models.values())).provider, model)

    def refuse(self, model: str | None, status: int, reason: str) -> None:
        """Log a request that is answered without a call."""
        self._write(refused_line(_now(), model, status, reason))

    def deny(self, denial: Denial) -> None:
        """Note that a budget is used up."""
        self._totals.last_error = denial.reason
        self._totals.run_cap_reached = self._totals.run_cap_reached or denial.whole_run
        self._over.set()

    def pause(self, until: float) -> None:
        """Note that a usage window is used up until then: the attempt is ended, given back, and made again later."""
        self._totals.paused_until = max(self._totals.paused_until or 0.0, until)
        self._over.set()

    def missed(self, reason: str) -> None:
        """Note that a recording had no answer: the machine's failure, not the model's."""
        self._totals.last_error, self._totals.last_call_failed = reason, True
        self._totals.provider_errors += 1

    def next_seq(self) -> int:
        """Number the next call."""
        self._seq += 1
        return self._seq

    def start(self, seq: int, line: bytes, queued_ms: float, *, simulated: bool) -> None:
        """Write the start line; raises ``OSError`` when the evidence cannot be written, or no more."""
        if self._closed:
            raise OSError(errno.EBADF, "the door is closed")
        self._write(line)
        self._open.add(seq)
        self.passed(0)
        self._totals.begin(queued_ms, simulated=simulated)

    def end(self, call: Call, price: Price | None, estimate: NanoUSD, *, failed: bool, simulated: bool) -> None:
        """Write the end line, count the call, and tell the meter."""
        self._open.discard(call.seq)
        self._dialects[call.seq] = call.dialect
        known = call.cost if call.cost is not None else partial_cost(price, call.tokens)
        if call.replayed:
            known = 0  # it was paid when it was recorded
        denial = self.meter.charge(self.visitor.attempt, estimate, known, call.tokens.total, simulated=simulated)
        self._totals.finish(call, known, priced=price is not None, failed=failed)
        if denial is not None:
            self.deny(denial)
        try:
            self._write(end_line(call))
        except OSError as error:
            # The start line stays without an end: readers see an open call and a lower bound.
            self._totals.lower_bound = True
            self._totals.last_error = f"the gateway log cannot be written: {error.strerror}"

    def keep(self, seq: int, request: bytes, answer: bytes, *, failed: bool) -> None:
        """Store both bodies, as ``keep_bodies`` says; look at what the answer asks for."""
        dialect = self._dialects.pop(seq)
        if self.visitor.watch_tools and not failed:
            self._repeats.feed(dialect, request, answer)
        keep = self.visitor.keep_bodies
        if keep == "none" or (keep == "failed" and not failed):
            return
        self._bodies.put(self._body_file, seq, request, answer)

    def _write(self, line: bytes) -> None:
        if self._log is None:
            if self._closed:
                return
            self._log = _Log(self.visitor)
        self._log.write(line)


class _Log:
    """An append-only file without a buffer: a line is with the system when ``write`` returns, or not there at all."""

    def __init__(self, visitor: Visitor) -> None:
        visitor.folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(visitor.folder / LOG_NAME, flags, 0o644)
        self._size = os.fstat(self._descriptor).st_size

    def write(self, line: bytes) -> None:
        written = os.write(self._descriptor, line)
        if written != len(line):
            os.ftruncate(self._descriptor, self._size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += written

    def close(self) -> None:
        os.close(self._descriptor)


class _Tally:
    """Running sums behind ``Totals``."""

    def __init__(self) -> None:
        self.calls = 0
        self.tokens = Tokens()
        self.cost: NanoUSD | None = None
        self.unknown_cost = 0
        self.unpriced = 0
        self.lower_bound = False
        self.provider_errors = 0
        self.last_call_failed = False
        self.last_error: str | None = None
        self.queued_ms = 0.0
        self.simulated_ms = 0.0
        self.refused_model: str | None = None
        self.simulated = False
        self.run_cap_reached = False
        self.paused_until: float | None = None

    def begin(self, queued_ms: float, *, simulated: bool) -> None:
        self.calls += 1
        self.simulated = self.simulated or simulated
        self.queued_ms += queued_ms

    def finish(self, call: Call, known: NanoUSD | None, *, priced: bool, failed: bool) -> None:
        self.tokens = self.tokens + call.tokens
        if known is not None:
            self.cost = (self.cost or 0) + known
        if call.cost is None and not call.replayed and not unbilled(call):
            self.unknown_cost += 1
            self.lower_bound = True
            self.unpriced += not priced
        self.lower_bound = self.lower_bound or call.in_flight_at_kill
        self.simulated_ms += call.simulated_ms or 0.0
        self.last_call_failed = failed
        self.provider_errors += failed
        if call.error is not None:
            self.last_error = call.error

    def freeze(self, open_calls: int, *, over: bool) -> Totals:
        nothing_unknown = self.unknown_cost == 0 and open_calls == 0
        return Totals(
            calls=self.calls,
            open_calls=open_calls,
            tokens=self.tokens,
            cost=0 if self.cost is None and nothing_unknown else self.cost,
            unpriced_calls=self.unpriced,
            lower_bound=self.lower_bound or open_calls > 0,
            provider_errors=self.provider_errors,
            last_call_failed=self.last_call_failed,
            last_error=self.last_error,
            queued_ms=self.queued_ms,
            simulated_ms=self.simulated_ms,
            over_budget=over and self.paused_until is None,
            refused_model=self.refused_model,
            simulated=self.simulated,
            run_cap_reached=self.run_cap_reached,
            paused_until=self.paused_until,
        )


def provider_failed(status: int, error: str | None) -> bool:
    """Tell whether a call failed upstream: no answer, overload, or a stream that broke. A client's own error is not."""
    if status in PROVIDER_FAILURES or status >= FIRST_SERVER_ERROR:
        return True
    return error is not None and status < FIRST_ERROR_STATUS


def _now() -> int:
    return time.time_ns() // 1_000_000
