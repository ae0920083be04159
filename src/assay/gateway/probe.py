"""A probe: one tiny call per model at the start of a run, through the gateway, so that a typo costs no trials."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from assay.errors import CredentialError
from assay.evidence.calls import read_calls
from assay.gateway.base import Budget, Gateway, Upstream, Visitor
from assay.gateway.headers import ENDPOINTS, gemini_endpoint
from assay.providers import Provider
from assay.records import Dialect, NanoUSD, OwnerKind, Record, Tokens

MAX_TOKENS = 16  # the least that every provider accepts
TIMEOUT_S = 60.0
FINE = 200
BAD_REQUEST = 400
BAD_GATEWAY = 502
ASKED = "Reply with the single word OK."

_REMEDIES = {
    0: "Check base_url and that the server runs",
    401: "Check the key",
    402: "Top up the account, or raise max_cost",
    403: "Check that the key may use this model",
    404: "Check the model's id, and base_url",
    429: "Wait, or lower the provider's limits in the experiment file",
}


_STATED = {
    "requests_per_minute": ("anthropic-ratelimit-requests-limit", "x-ratelimit-limit-requests"),
    "tokens_per_minute": ("anthropic-ratelimit-tokens-limit", "x-ratelimit-limit-tokens"),
}


@dataclass(frozen=True, slots=True)
class Probe(Record):
    """What one call to a model showed. ``status`` 0 = no answer. ``rejected`` names parameters it will not take.

    ``limits`` are those that the provider states: ``requests_per_minute``, ``tokens_per_minute``.
    ``served`` is the id that the answer bears; another than ``model`` is worth a look. ``cost`` is None when unknown.
    """

    provider: str
    model: str
    dialect: Dialect
    status: int
    served: str | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    rejected: tuple[str, ...] = ()
    latency_ms: float | None = None
    tokens: Tokens = field(default_factory=Tokens)
    cost: NanoUSD | None = None
    error: str | None = None
    remedy: str | None = None

    @property
    def ok(self) -> bool:
        """True when the model answered."""
        return self.error is None


async def probe_model(
    server: Gateway,
    provider: Provider,
    model: str,
    dialect: Dialect,
    *,
    settings: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    seen: dict[str, str] | None = None,
) -> Probe:
    """Ask one short question; whatever comes back is a ``Probe``, a missing key too.

    ``settings`` are an arm's parameters in the dialect's own names. Evidence goes to ``folder``, else it is dropped.
    ``seen`` receives the headers of the answer.
    """
    with tempfile.TemporaryDirectory(prefix="assay-probe-") as scratch:
        visitor = Visitor(
            OwnerKind.PROBE,
            f"{provider.name}/{model}",
            f"probe/{provider.name}/{model}/{dialect.value}",
            {model: Upstream(provider, model)},
            folder or Path(scratch),
            Budget(tokens=10_000),
            labels={"trial": "probe", "task": "probe"},
        )
        try:
            door = server.open(visitor)
        except CredentialError as missing:
            return Probe(provider.name, model, dialect, 0, error=missing.what, remedy=missing.remedy)
        began = time.perf_counter()
        try:
            status, body, headers = await _ask(
                server.socket, door.base_urls("http://gateway")[dialect], dialect, model, settings
            )
        finally:
            totals = await door.close()
        latency_ms = round(1000 * (time.perf_counter() - began), 1)
        calls = read_calls(visitor.folder)
    if seen is not None:
        seen.update(headers)
    served = calls[-1].model_served if calls else None
    error = None if status == FINE else totals.last_error or _message(body) or f"HTTP {status}"
    rejected = _rejected(status, body, settings or {})
    return Probe(
        provider=provider.name,
        model=model,
        dialect=dialect,
        status=status if status != BAD_GATEWAY or not calls else calls[-1].status,
        served=served,
        limits=_limits(headers),
        rejected=rejected,
        latency_ms=latency_ms,
        tokens=totals.tokens,
        cost=totals.cost,
        error=error,
        remedy=None if error is None else _remedy(calls[-1].status if calls else status, rejected),
    )


async def _ask(
    socket: Path, base: str, dialect: Dialect, model: str, settings: Mapping[str, Any] | None
) -> tuple[int, bytes, Mapping[str, str]]:
    question: dict[str, Any] = {"model": model}
    path = f"/v1{ENDPOINTS[dialect]}" if dialect in ENDPOINTS else f"/v1beta{gemini_endpoint(model, 'generateContent')}"
    if dialect is Dialect.GEMINI:
        question = {
            "contents": [{"role": "user", "parts": [{"text": ASKED}]}],
            "generationConfig": {"maxOutputTokens": MAX_TOKENS},
        }
    elif dialect is Dialect.RESPONSES:
        question |= {"input": ASKED, "max_output_tokens": MAX_TOKENS}
    else:
        limit = "max_tokens" if dialect is Dialect.MESSAGES else "max_completion_tokens"
        question |= {"messages": [{"role": "user", "content": ASKED}], limit: MAX_TOKENS}
    headers = {"anthropic-version": "2023-06-01"} if dialect is Dialect.MESSAGES else {}
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket)), timeout=timeout) as session:
        try:
            async with session.post(base + path, json={**question, **(settings or {})}, headers=headers) as answer:
                return answer.status, await answer.read(), answer.headers
        except (aiohttp.ClientError, TimeoutError):
            return 0, b"", {}


def _limits(headers: Mapping[str, str]) -> dict[str, int]:
    """Read the limits of this account that a provider states in its answer's headers."""
    stated = {name: next((headers[key] for key in keys if key in headers), "") for name, keys in _STATED.items()}
    return {name: int(value) for name, value in stated.items() if value.isdecimal()}


def _rejected(status: int, body: bytes, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Find the parameters that a 400 complains about: OpenAI's ``param``, else any setting named in the message."""
    if status != BAD_REQUEST:
        return ()
    named = set()
    try:
        error = json.loads(body).get("error", {})
        if isinstance(error, dict) and isinstance(error.get("param"), str):
            named.add(error["param"])
    except (ValueError, AttributeError):
        pass
    text = body.decode("utf-8", "replace")
    named |= {name for name in settings if re.search(rf"\b{re.escape(name)}\b", text)}
    return tuple(sorted(named))


def _message(body: bytes) -> str | None:
    try:
        error = json.loads(body)["error"]
        return str(error["message"])
    except (ValueError, KeyError, TypeError):
        return None


def _remedy(status: int, rejected: tuple[str, ...]) -> str:
    if rejected:
        return f"Take {', '.join(rejected)} out of the settings of this model"
    if status >= 500:  # noqa: PLR2004 - HTTP's own border
        return "The provider is failing; try again later"
    return _REMEDIES.get(status, "See the provider's message")
