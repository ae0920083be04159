"""Counting tokens at the provider: forwarded with the real key, free of charge, beside the log of calls."""

from __future__ import annotations

from typing import Protocol

import aiohttp
from aiohttp import web

from assay.errors import AssayError
from assay.gateway.admission import Shared, read_asked
from assay.gateway.credentials import Mask
from assay.gateway.door import LocalDoor
from assay.gateway.headers import request_headers, response_headers
from assay.gateway.refusals import RefusedError
from assay.gateway.requests import upstream_body
from assay.gateway.signed import Asked, Outgoing
from assay.gateway.targets import Target

TIMEOUT = aiohttp.ClientTimeout(total=60.0, sock_connect=30.0)


class Counting(Shared, Protocol):
    """What counting needs of the gateway."""

    session: aiohttp.ClientSession

    @property
    def replays(self) -> bool:
        """True when nothing may be sent."""
        ...


async def count_tokens(
    shared: Counting, door: LocalDoor, target: Target, query: str, request: web.BaseRequest
) -> web.Response:
    """Forward a count. The model map, the key and the mask hold as for a call; meter, limits and log do not.

    Makers bill nothing for it. Raises ``RefusedError``: also for a simulated model, and in a replay.
    """
    body, view, upstream = await read_asked(door, target, request)
    provider = upstream.provider
    try:
        link = shared.link(provider)
        asked = Asked(target.dialect, upstream.model, stream=False, count=True)
        if shared.replays or provider.simulated or (link.signer is not None and link.signer.address(asked) is not None):
            raise RefusedError(404, f"provider '{provider.name}' counts no tokens through the gateway", view.model)
        url, proxy = link.address(asked, query)
        sent, _ = upstream_body(view, body, upstream.model, ask_usage=False)
        headers = request_headers(request.headers, provider, link.key_for(target.dialect))
        if link.signer is not None:
            headers.update(await link.signer.headers(Outgoing(str(url), headers, sent)))
        async with shared.session.post(
            url, data=sent, headers=headers, proxy=proxy, ssl=link.trust, allow_redirects=False, timeout=TIMEOUT
        ) as answer:
            counted = await answer.read()
            passed = response_headers(answer.headers, same_length=False)
    except AssayError as error:
        raise RefusedError(500, str(error), view.model) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        reason = f"provider '{provider.name}' cannot be asked to count: {type(error).__name__}"
        raise RefusedError(502, reason, view.model) from error
    if link.echoed is not None:
        counted = Mask(link.echoed).whole(counted)
    return web.Response(status=answer.status, reason=answer.reason, body=counted, headers=passed)
