"""A call answered from a recording: nothing is sent, nothing is spent, and what is not recorded is an error."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from aiohttp import web

from assay.evidence.calls import start_head, start_line
from assay.evidence.recording import Cassette, Recorded, body_key
from assay.gateway.answers import UsageChunkFilter
from assay.gateway.door import provider_failed
from assay.gateway.jobs import Job
from assay.gateway.reception import EVENT_STREAM
from assay.gateway.refusals import RefusedError, refusal

NO_ANSWER = 502


async def answer_from(cassette: Cassette, job: Job) -> web.Response:
    """Answer as it was answered, at once. Raises ``RefusedError`` for a request that is not in the recording.

    The log's call carries what was recorded (tokens, cost, times, ids), marked ``replayed``; the attempt, its budget
    and the run's cap are charged nothing.
    """
    door = job.door
    key = body_key(door.visitor.owner, job.dialect, job.model_requested, job.original)
    recorded = cassette.take(key)
    if recorded is None:
        _charge_nothing(job)
        door.missed(f"the recording has no answer to this request of {key[0]} (body {key[1][:12]})")
        raise RefusedError(400, f"not in the recording: {key[0]}, body {key[1][:12]}", job.model_requested)
    body = await asyncio.to_thread(recorded.body)
    _write(job, recorded, body)
    return _answer(job, recorded, body)


def _write(job: Job, recorded: Recorded, body: bytes) -> None:
    door, seq, sent_at = job.door, job.door.next_seq(), time.time_ns() // 1_000_000
    visitor, old = door.visitor, recorded.call
    head = start_head(
        owner_kind=visitor.owner_kind,
        owner=visitor.owner,
        attempt=visitor.attempt,
        dialect=job.dialect,
        provider=job.link.provider.name,
        model=job.model_requested,
        upstream=job.model_sent,
        price_id=old.price_id,
        usage_injected=old.usage_injected,
        effort=job.effort,
    )
    simulated = job.link.provider.simulated
    try:
        door.start(seq, start_line(head, seq, door.step, sent_at, 0.0, job.hints), 0.0, simulated=simulated)
    except OSError as error:
        _charge_nothing(job)
        raise RefusedError(500, f"the gateway cannot write its log: {error.strerror}", job.model_requested) from error
    call = replace(old, attempt=visitor.attempt, step=door.step, seq=seq, sent_at=sent_at, queued_ms=0.0, replayed=True)
    failed = provider_failed(old.status, old.error)
    door.end(call, job.price, job.estimate, failed=failed, simulated=simulated)
    door.keep(seq, job.original, body, failed=failed)


def _answer(job: Job, recorded: Recorded, body: bytes) -> web.Response:
    call = recorded.call
    if not body and call.error is not None:
        return refusal(job.dialect, call.status if call.status in {429, 502} else NO_ANSWER, call.error)
    streams = body.lstrip()[:6].startswith((b"data:", b"event:", b":"))
    if call.usage_injected and streams:
        usage_filter = UsageChunkFilter()
        body = usage_filter.feed(body) + usage_filter.flush()
    headers = {"Content-Type": EVENT_STREAM if streams else "application/json"}
    if call.request_id is not None:
        headers["request-id"] = call.request_id
    return web.Response(status=call.status, body=body, headers=headers)


def _charge_nothing(job: Job) -> None:
    """Return the reservation."""
    simulated = job.link.provider.simulated
    job.door.meter.charge(job.door.visitor.attempt, job.estimate, None, None, simulated=simulated)
