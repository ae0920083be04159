"""One call: held, sent, passed on byte by byte, measured, recorded."""

from __future__ import annotations

import asyncio
import io
import time
from functools import partial

import aiohttp
from aiohttp import web

from assay.errors import AssayError
from assay.evidence.calls import FIRST_ERROR_STATUS, start_head, start_line
from assay.gateway.answers import STANDARD_TIERS, StreamedAnswer
from assay.gateway.door import provider_failed
from assay.gateway.headers import TRIAL_HEADER, request_headers
from assay.gateway.jobs import Job
from assay.gateway.pacing import HeldTooLongError, Pacer
from assay.gateway.reception import CallerGoneError, Reception
from assay.gateway.refusals import refusal
from assay.gateway.signed import Outgoing
from assay.gateway.windows import window_reset
from assay.prices import cost, partial_cost
from assay.providers import SUBSCRIPTION
from assay.records import Call, Dialect, Price, Tokens

_PIECES = 1 << 20
BYTES_PER_TOKEN = 4  # of a request, roughly; corrected by what the answer says
CALLER_GONE = "the caller went away before the answer was complete"


class Exchange:
    """Carries out one job. Whatever happens after the start line, one end line follows."""

    def __init__(self, job: Job, session: aiohttp.ClientSession) -> None:
        self._job = job
        self._session = session
        self._seq = job.door.next_seq()
        self._step = job.door.step
        self._sent_at = 0
        self._began = 0.0
        self._queued_ms = 0.0
        self._status = 0
        self._error: str | None = None
        self._cut = False
        self._never_sent = False
        self._reception = Reception(job)
        self._estimate = len(job.body) // BYTES_PER_TOKEN

    async def run(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the response for the client; it is already under way when it is a stream."""
        pacer = self._job.link.pacer
        began = time.perf_counter()
        try:
            self._queued_ms = 1000 * await pacer.enter(self._estimate)
        except HeldTooLongError as error:
            self._queued_ms = 1000 * (time.perf_counter() - began)
            return self._held(error)
        except BaseException:
            self._give_back()
            raise
        try:
            return await self._metered(request)
        finally:
            pacer.leave()
            if pacer.learns_from(self._status):
                self._learn(pacer)

    def _learn(self, pacer: Pacer) -> None:
        """Tell the limits what the provider answered. Anthropic counts no cache reads against them, others do."""
        answer = self._reception.answer
        tokens = answer.tokens() if answer is not None else Tokens()
        used = 0 if self._never_sent else tokens.total
        if used is not None and self._job.dialect is Dialect.MESSAGES:
            used -= tokens.cache_read or 0
        pacer.learn(
            self._status,
            self._reception.headers,
            estimate=self._estimate,
            used=used,
            duration_s=time.perf_counter() - self._began if self._began else 0.0,
        )

    async def _metered(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            self._start()
        except OSError as error:
            self._give_back()
            return refusal(self._job.dialect, 500, f"the gateway cannot write its log: {error.strerror}")
        try:
            return await self._send(request)
        except asyncio.CancelledError:
            self._note_cut()
            raise
        except CallerGoneError:
            self._note_cut()
            return web.Response(status=499)  # nobody reads it
        finally:
            self._finish()

    def _start(self) -> None:
        self._sent_at = time.time_ns() // 1_000_000
        self._began = time.perf_counter()
        job = self._job
        visitor = job.door.visitor
        head = start_head(
            owner_kind=visitor.owner_kind,
            owner=visitor.owner,
            attempt=visitor.attempt,
            dialect=job.dialect,
            provider=job.link.provider.name,
            model=job.model_requested,
            upstream=job.model_sent,
            price_id=job.price.id if job.price is not None else None,
            usage_injected=job.usage_injected,
            effort=job.effort,
        )
        line = start_line(head, self._seq, self._step, self._sent_at, self._queued_ms, job.hints)
        job.door.start(self._seq, line, self._queued_ms, simulated=job.link.provider.simulated)

    async def _send(self, request: web.BaseRequest) -> web.StreamResponse:
        job = self._job
        url, proxy = job.link.address(job.asked, job.query)
        headers = request_headers(request.headers, job.link.provider, job.link.key_for(job.dialect))
        if job.link.provider.simulated:
            headers[TRIAL_HEADER] = job.door.trial_header
        response: web.StreamResponse | None = None
        try:
            if job.link.signer is not None:
                headers.update(await job.link.signer.headers(Outgoing(str(url), headers, job.body)))
            # Above 1 MB aiohttp wants a file, and sends it in pieces.
            body = job.body if len(job.body) < _PIECES else io.BytesIO(job.body)
            async with self._session.post(
                url, data=body, headers=headers, proxy=proxy, ssl=job.link.trust, allow_redirects=False
            ) as answer:
                self._status = answer.status
                response = self._reception.begin(answer)
                return await self._reception.pass_on(answer, response, request, self._began)
        except AssayError as error:
            self._never_sent, self._error = True, str(error)
            return refusal(job.dialect, 502, self._error)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._fail(error)
            if response is not None and response.prepared:
                # Bytes are out already: the client must see the same broken stream that we saw.
                if request.transport is not None:
                    request.transport.abort()
                return response
            return refusal(job.dialect, 502, self._error or "the provider cannot be reached")

    def _fail(self, error: BaseException) -> None:
        name = self._job.link.provider.name
        if isinstance(error, aiohttp.ClientConnectorError):
            self._never_sent = True
            self._error = f"provider '{name}' cannot be reached: {error.strerror or type(error).__name__}"
        elif self._status:
            self._error = f"provider '{name}' broke off its answer: {type(error).__name__}"
        else:
            self._error = f"provider '{name}' gave no answer: {type(error).__name__}"

    def _held(self, error: HeldTooLongError) -> web.StreamResponse:
        """Answer as the provider would have: its limit is known, so the request was never sent."""
        job = self._job
        self._status = 429
        self._never_sent = True
        self._error = f"held back {self._queued_ms / 1000:.1f} s by the limits of provider '{job.link.provider.name}'"
        try:
            self._start()
        except OSError:
            self._give_back()
        else:
            self._finish()
        return refusal(job.dialect, 429, self._error, {"Retry-After": str(max(1, round(error.retry_after_s)))})

    def _give_back(self) -> None:
        """Return the reservation of a call that never began."""
        job = self._job
        simulated = job.link.provider.simulated
        job.door.meter.charge(job.door.visitor.attempt, job.estimate, None, None, simulated=simulated)

    def _finish(self) -> None:
        job = self._job
        answer = self._reception.answer
        if answer is not None and self._error is None:
            self._error = answer.error
            if self._unfinished() and self._error is None:
                self._error = "the stream ended before its last event"
        self._watch_window()
        standard = answer is None or answer.tier in STANDARD_TIERS
        failed = not self._cut and provider_failed(self._status, self._error)
        price = job.price if standard else None
        job.door.end(self._call(price), price, job.estimate, failed=failed, simulated=job.link.provider.simulated)
        broken = failed or self._cut or self._status >= FIRST_ERROR_STATUS
        # Once the answer is on its way, not before.
        answered = b"".join(self._reception.received)
        asyncio.get_running_loop().call_soon(partial(job.door.keep, self._seq, job.original, answered, failed=broken))

    def _watch_window(self) -> None:
        """Hold the subscription back for all, when this answer says that its usage window is used up."""
        link = self._job.link
        if link.provider.billing != SUBSCRIPTION:
            return
        until = window_reset(self._status, self._reception.headers, self._reception.limit_body, time.time())
        if until is not None:
            link.window.close(until)
            self._job.door.pause(until)

    def _note_cut(self) -> None:
        """The caller hung up. After the last event that is how many clients say goodbye, and nothing is missing."""
        if self._reception.answer is None or not self._reception.answer.whole:
            self._cut, self._error = True, CALLER_GONE

    def _unfinished(self) -> bool:
        """Tell whether the answer has no end, so that its usage is a lower bound."""
        return self._cut or (isinstance(self._reception.answer, StreamedAnswer) and not self._reception.answer.whole)

    def _call(self, price: Price | None) -> Call:
        """Return the finished call."""
        job = self._job
        visitor = job.door.visitor
        answer = self._reception.answer
        tokens = answer.tokens() if answer is not None else Tokens()
        unfinished = self._unfinished()
        charge = partial_cost if unfinished else cost
        return Call(
            owner_kind=visitor.owner_kind,
            owner=visitor.owner,
            attempt=visitor.attempt,
            step=self._step,
            seq=self._seq,
            dialect=job.dialect,
            provider=job.link.provider.name,
            model_requested=job.model_requested,
            model_served=answer.model if answer is not None else None,
            tokens=tokens,
            status=self._status,
            sent_at=self._sent_at,
            queued_ms=round(self._queued_ms, 3),
            ttft_ms=None if self._reception.ttft_ms is None else round(self._reception.ttft_ms, 3),
            duration_ms=round(1000 * (time.perf_counter() - self._began), 3),
            simulated_ms=self._reception.simulated_ms,
            in_flight_at_kill=unfinished,
            price_id=job.price.id if job.price is not None else None,
            cost=0 if self._never_sent else charge(price, tokens),
            error=self._error,
            usage_injected=job.usage_injected,
            effort=job.effort,
            stop_reason=answer.stop_reason if answer is not None else None,
            request_id=self._reception.request_id,
            response_id=answer.id if answer is not None else None,
        )
