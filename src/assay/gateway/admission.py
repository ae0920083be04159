"""From a request at a door to a job: everything that can be refused before money is spent."""

from __future__ import annotations

import time
from typing import Protocol

from aiohttp import web

from assay.errors import AssayError
from assay.evidence.calls import encode_hints
from assay.gateway.base import Upstream
from assay.gateway.door import LocalDoor
from assay.gateway.jobs import Job, Link
from assay.gateway.meter import Denial, Meter
from assay.gateway.refusals import RefusedError
from assay.gateway.requests import (
    BadRequestError,
    RequestView,
    effort_asked,
    read_request,
    tools_offered,
    upstream_body,
    wants_usage,
)
from assay.gateway.signed import Asked
from assay.gateway.targets import Target
from assay.prices import reservation
from assay.providers import Provider
from assay.records import Dialect, Price

MAX_REQUEST_BYTES = 64 << 20


class Shared(Protocol):
    """What all doors of one gateway share."""

    meter: Meter

    def link(self, provider: Provider) -> Link:
        """Return the provider with its key and limits."""
        ...

    async def price(self, provider: Provider, model: str) -> Price | None:
        """Return the frozen price of a model."""
        ...


async def admit(shared: Shared, door: LocalDoor, target: Target, query: str, request: web.BaseRequest) -> Job:
    """Read, check and meter one request. Raises ``RefusedError``; an admitted job must be carried out."""
    dialect = target.dialect
    body, view, upstream = await read_asked(door, target, request)
    provider = upstream.provider
    try:
        link = shared.link(provider)
        price = await shared.price(provider, upstream.model)
    except AssayError as error:
        raise RefusedError(500, str(error), view.model) from error
    ask_usage = wants_usage(dialect, view) and provider.quirks.get("stream_options") != "no"
    sent, injected = upstream_body(view, body, upstream.model, ask_usage=ask_usage)
    if link.signer is not None:
        sent = link.signer.body(Asked(dialect, upstream.model, view.stream), sent)
    _refuse_closed(door, link, view.model)
    estimate = reservation(price, len(body))
    denial = _unpriced(door, upstream, price) or await shared.meter.admit(
        door.visitor.attempt, estimate, simulated=provider.simulated
    )
    if denial is not None:
        door.deny(denial)
        raise RefusedError(402, denial.reason, view.model)
    return Job(
        door=door,
        link=link,
        dialect=dialect,
        query=query,
        model_requested=view.model,
        model_sent=upstream.model,
        body=sent,
        original=body,
        usage_injected=injected,
        price=price,
        estimate=estimate,
        stream=view.stream,
        hints=encode_hints(request.headers.items(), tools_offered(view)),
        effort=effort_asked(view),
    )


async def read_asked(door: LocalDoor, target: Target, request: web.BaseRequest) -> tuple[bytes, RequestView, Upstream]:
    """Return a request's body, what it says, and where it goes. Raises ``RefusedError``."""
    body = await _body(request)
    view = _view(body, target)
    return body, view, _route(door, target.dialect, view)


def _refuse_closed(door: LocalDoor, link: Link, model: str) -> None:
    """A subscription whose usage window is used up is asked nothing until it opens again."""
    until = link.window.closed_until
    if until is not None:
        door.pause(until)
        wait = {"Retry-After": str(max(1, round(until - time.time())))}
        raise RefusedError(429, f"the usage window of '{link.provider.name}' is used up", model, headers=wait)


async def _body(request: web.BaseRequest) -> bytes:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RefusedError(415, "the gateway takes request bodies uncompressed")
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise RefusedError(413, f"the request is longer than {MAX_REQUEST_BYTES >> 20} MB") from None


def _view(body: bytes, target: Target) -> RequestView:
    try:
        view = read_request(body, target.model, stream=target.stream)
    except BadRequestError as error:
        raise RefusedError(400, str(error)) from error
    if view.value("background") is True:
        raise RefusedError(400, "background responses cannot be metered", view.model)
    return view


def _route(door: LocalDoor, dialect: Dialect, view: RequestView) -> Upstream:
    upstream = door.route(view.model)
    if upstream is None:
        raise RefusedError(404, f"the model '{view.model}' is not part of this experiment", view.model)
    if dialect not in upstream.provider.dialects:
        spoken = ", ".join(upstream.provider.dialects)
        raise RefusedError(400, f"provider '{upstream.provider.name}' speaks {spoken}, not {dialect.value}", view.model)
    return upstream


def _unpriced(door: LocalDoor, upstream: Upstream, price: Price | None) -> Denial | None:
    """A cap in money cannot be kept without a price; a cap in tokens can."""
    budget = door.visitor.budget
    if price is not None or upstream.provider.simulated or budget.nano_usd is None or budget.tokens is not None:
        return None
    name = f"{upstream.provider.name}/{upstream.model}"
    return Denial(f"no price is known for {name}, so the attempt's budget cannot be kept")
