"""Puts an answer on the wire at the simulated model's pace, with the faults of the way there."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aiohttp import web

from assay.lab.answer import Answer, Question
from assay.lab.faults import Fault
from assay.lab.wire import Event, Wire

SIMULATED_HEADER = "x-assay-simulated-ms"
_TOGETHER_S = 0.002
"""Events due within this real time of each other go out in one write."""
_ENDLESS_PAUSE_S = 0.01
_GARBAGE = b'data: {"type": "content_block_del\n\n'


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was understood. ``scale`` is the part of simulated time that is slept."""

    wire: Wire
    question: Question
    answer: Answer
    scale: float


async def send_whole(request: web.Request, asked: Asked) -> web.StreamResponse:
    """Answer in one piece; cut, malformed and endless answers break the JSON in their own way."""
    answer = asked.answer
    data = json.dumps(asked.wire.whole(answer), separators=(",", ":")).encode()
    await asyncio.sleep(answer.duration_ms * asked.scale / 1000)
    headers = _headers(answer) | {"content-type": "application/json"}
    if answer.fault is Fault.MALFORMED:
        data = data[: len(data) // 2]
    if answer.fault not in {Fault.CUT, Fault.ENDLESS}:
        return web.Response(body=data, headers=headers)
    response = web.StreamResponse(headers=headers)
    if answer.fault is Fault.CUT:
        response.content_length = len(data)
    with contextlib.suppress(ConnectionError):
        await response.prepare(request)
        await response.write(data[: len(data) // 2])
        if answer.fault is Fault.ENDLESS:
            await _forever(response, b" " * 1024)
        _abort(request)
    return response


async def send_stream(request: web.Request, asked: Asked) -> web.StreamResponse:
    """Send the events when they are due."""
    answer = asked.answer
    events = _with_fault(list(asked.wire.events(answer, asked.question)), answer.fault)
    headers = {"content-type": "text/event-stream", "cache-control": "no-cache"}
    response = web.StreamResponse(headers=headers | _headers(answer))
    now = 0.0
    with contextlib.suppress(ConnectionError):
        for due, data in _together(events, asked.scale):
            await asyncio.sleep(max(0.0, due - now))
            now = due
            if not response.prepared:
                await response.prepare(request)
            await response.write(data)
        if answer.fault is Fault.ENDLESS:
            await _forever(response, events[-1].data)
        if answer.fault is Fault.CUT:
            _abort(request)
        else:
            await response.write_eof()
    return response


def _headers(answer: Answer) -> dict[str, str]:
    """Return the id of the request under the names that providers use, and the simulated duration."""
    asked = f"req_{answer.id}"
    return {SIMULATED_HEADER: str(answer.duration_ms), "request-id": asked, "x-request-id": asked}


def _with_fault(events: Sequence[Event], fault: Fault | None) -> Sequence[Event]:
    """Cut or spoil the stream in the middle; an endless one stops before its end, to repeat its last text."""
    middle = len(events) // 2
    if fault is Fault.CUT:
        return events[:middle]
    if fault is Fault.MALFORMED:
        return [*events[:middle], Event(events[middle].at_ms, _GARBAGE), *events[middle:]]
    if fault is Fault.ENDLESS:
        last = max((number for number, event in enumerate(events) if event.is_text), default=middle)
        return events[: last + 1]
    return events


def _together(events: Sequence[Event], scale: float) -> Iterator[tuple[float, bytes]]:
    """Yield (real seconds since the request, bytes to write)."""
    due, waiting = 0.0, b""
    for event in events:
        at = event.at_ms * scale / 1000
        if waiting and at - due > _TOGETHER_S:
            yield due, waiting
            waiting = b""
        due = due if waiting else at
        waiting += event.data
    yield due, waiting


async def _forever(response: web.StreamResponse, data: bytes) -> None:
    while True:
        await response.write(data)
        await asyncio.sleep(_ENDLESS_PAUSE_S)


def _abort(request: web.Request) -> None:
    """Drop the connection without an end."""
    if request.transport is not None:
        request.transport.abort()
