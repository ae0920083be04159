"""An answer on its way from provider to caller: passed on byte by byte, read and recorded as it goes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Mapping

import aiohttp
from aiohttp import web

from assay.gateway.answers import EncodedCopy, StreamedAnswer, UsageChunkFilter, WholeAnswer
from assay.gateway.bodies import MAX_BODY_BYTES
from assay.gateway.credentials import Mask
from assay.gateway.headers import SIMULATED_HEADER, request_id, response_headers
from assay.gateway.jobs import Job
from assay.gateway.windows import TOO_MANY

EVENT_STREAM = "text/event-stream"
MAX_LIMIT_BODY = 1 << 20


class CallerGoneError(Exception):
    """The sandbox's side of the connection is closed."""


class Reception:
    """What came back for one job. ``answer`` reads it, ``received`` holds its bytes as far as they are kept."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.request_id: str | None = None
        self.simulated_ms: float | None = None
        self.ttft_ms: float | None = None
        self.answer: StreamedAnswer | WholeAnswer | None = None
        self.received: list[bytes] = []
        self.limit_body = b""
        self._size = 0

    def begin(self, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        """Prepare the client's response with the provider's status and headers."""
        job = self._job
        self.status = answer.status
        self.headers = answer.headers
        self.request_id = request_id(answer.headers)
        self._read_simulated(answer.headers)
        apart = job.link.provider.quirks.get("reasoning") == "apart"
        if answer.content_type == EVENT_STREAM:
            self.answer = StreamedAnswer(job.dialect, reasoning_apart=apart)
        else:
            self.answer = WholeAnswer(job.dialect, status=answer.status, reasoning_apart=apart)
        headers = response_headers(answer.headers, same_length=not job.usage_injected)
        if isinstance(self.answer, WholeAnswer) and answer.content_length is not None:
            headers.popall("Content-Length", None)
            return web.Response(status=answer.status, reason=answer.reason, headers=headers)
        return web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)

    async def pass_on(
        self, answer: aiohttp.ClientResponse, response: web.StreamResponse, request: web.BaseRequest, began: float
    ) -> web.StreamResponse:
        """Send the rest. ``began`` is when the request went out, by ``time.perf_counter``."""
        if isinstance(self.answer, WholeAnswer) and answer.content_length is not None:
            return await self._pass_whole(answer, response)
        return await self._pass_stream(answer, response, request, began)

    async def _pass_whole(self, answer: aiohttp.ClientResponse, response: web.StreamResponse) -> web.StreamResponse:
        body = await answer.read()
        secret = self._job.link.echoed
        if secret is not None:
            body = Mask(secret).whole(body)
        self._keep(body)
        assert isinstance(self.answer, WholeAnswer)
        self.answer.feed(EncodedCopy(answer.headers.get("Content-Encoding")).read(body))
        self.answer.close()
        assert isinstance(response, web.Response)
        response.body = body
        if "Content-Type" not in answer.headers:
            response.headers.popall("Content-Type", None)
        return response

    async def _pass_stream(
        self, answer: aiohttp.ClientResponse, response: web.StreamResponse, request: web.BaseRequest, began: float
    ) -> web.StreamResponse:
        copy = EncodedCopy(answer.headers.get("Content-Encoding"))
        usage_filter = UsageChunkFilter() if self._job.usage_injected and copy.plain else None
        secret = self._job.link.echoed
        mask = Mask(secret) if secret is not None else None
        await _to_caller(response.prepare(request))
        async for received in answer.content.iter_any():
            if self.ttft_ms is None:
                self.ttft_ms = 1000 * (time.perf_counter() - began)
            chunk = mask.feed(received) if mask is not None else received
            passed = self._look(chunk, copy, usage_filter)
            if passed:
                await _to_caller(response.write(passed))
        rest = self._look(mask.flush(), copy, usage_filter) if mask is not None else b""
        rest += usage_filter.flush() if usage_filter is not None else b""
        if rest:
            await _to_caller(response.write(rest))
        if isinstance(self.answer, WholeAnswer):
            self.answer.close()
        await _to_caller(response.write_eof())
        return response

    def _look(self, chunk: bytes, copy: EncodedCopy, usage_filter: UsageChunkFilter | None) -> bytes:
        """Record and read a chunk; return what of it is the client's."""
        self._keep(chunk)
        assert self.answer is not None
        self.answer.feed(copy.read(chunk))
        return usage_filter.feed(chunk) if usage_filter is not None else chunk

    def _keep(self, data: bytes) -> None:
        if self.status == TOO_MANY:
            self.limit_body += data[:MAX_LIMIT_BODY]
        door = self._job.door
        door.passed(len(data))
        wanted = door.visitor.keep_bodies != "none" or door.visitor.watch_tools
        if wanted and self._size < MAX_BODY_BYTES:
            self.received.append(data)
            self._size += len(data)

    def _read_simulated(self, headers: Mapping[str, str]) -> None:
        if self._job.link.provider.simulated and SIMULATED_HEADER in headers:
            try:
                self.simulated_ms = float(headers[SIMULATED_HEADER])
            except ValueError:
                self.simulated_ms = None


async def _to_caller(writing: Awaitable[object]) -> None:
    """Tell a broken connection to the sandbox from one to the provider: both are the same exception in aiohttp."""
    try:
        await writing
    except ConnectionError as error:
        raise CallerGoneError from error
