"""The smallest real call per provider with a key, and a transcript of it that shows no key and no account."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.evidence.bodies import read_bodies
from assay.gateway.credentials import Secret, read_key
from assay.gateway.probe import Probe, probe_model
from assay.gateway.server import GatewayServer
from assay.providers import SUBSCRIPTION, Provider
from assay.records import Record

HIDDEN = "[redacted]"
# What tells of an account, wherever it stands: organizations, projects, users, requests, addresses, keys.
_ACCOUNT = re.compile(
    r"\b(?:org|proj|user|acct|req|account|sk|key|pk)[-_][A-Za-z0-9_-]{6,}"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}|\b\d{12}\b|\bAIza[0-9A-Za-z_-]{10,}"
)
_ACCOUNT_KEYS = frozenset(
    {"id", "organization", "organization_id", "org_id", "user", "user_id", "account", "account_id", "project"}
    | {"project_id", "request_id", "system_fingerprint", "safety_identifier", "prompt_cache_key"}
)
_SHOWN_HEADER = re.compile(r"content-type|retry-after|openai-version|.*ratelimit.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LiveCall(Record):
    """One call: how it went, and what went over the wire, redacted."""

    probe: Probe
    address: str
    request: Any = None
    answer: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotTried(Record):
    """A provider that was left alone, and why."""

    provider: str
    reason: str


def not_tried(provider: Provider, models: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Say why a provider is left alone; None when it is to be called."""
    if provider.simulated:
        return "simulated: there is nothing to call"
    if provider.auth == SUBSCRIPTION:
        return "a log-in answers its own client only"
    if provider.key_env is not None and not environ.get(provider.key_env, "").strip():
        return f"{provider.key_env} is not set"
    if not models:
        return "no model is known there: name one with --model"
    return None


async def live_calls(
    providers: Mapping[str, Provider], models: Mapping[str, Sequence[str]], environ: Mapping[str, str]
) -> tuple[tuple[LiveCall, ...], tuple[NotTried, ...]]:
    """Call the named models of each provider once in every dialect it speaks; a failure is a result.

    ``models`` by provider. Nothing is kept but what is returned.
    """
    made, left = [], []
    with tempfile.TemporaryDirectory(prefix="assay-live-") as scratch:
        server = await GatewayServer.start(Path(scratch) / "gateway.sock")
        try:
            for name, provider in providers.items():
                reason = not_tried(provider, models.get(name, ()), environ)
                if reason is not None:
                    left.append(NotTried(name, reason))
                    continue
                for number, (model, dialect) in enumerate((m, d) for m in models[name] for d in provider.dialects):
                    headers: dict[str, str] = {}
                    folder = Path(scratch) / f"{name}-{number}"
                    probe = await probe_model(server, provider, model, dialect, folder=folder, seen=headers)
                    made.append(_transcript(probe, provider, headers, folder, environ))
        finally:
            await server.stop()
    return tuple(made), tuple(left)


def _transcript(
    probe: Probe, provider: Provider, headers: Mapping[str, str], folder: Path, environ: Mapping[str, str]
) -> LiveCall:
    secret = read_key(provider, environ) if provider.key_env and environ.get(provider.key_env) else None
    bodies = {body.part: body.unpack() for body in read_bodies(folder)}
    shown = {name: str(redacted(value, secret)) for name, value in headers.items() if _SHOWN_HEADER.fullmatch(name)}
    hidden = dict.fromkeys((name for name in headers if name not in shown), HIDDEN)
    error = None if probe.error is None else str(redacted(probe.error, secret))
    return LiveCall(
        probe=replace(probe, error=error),
        address=provider.base_url,
        request=_body(bodies.get("request", b""), secret),
        answer=_body(bodies.get("response", b""), secret),
        headers={**shown, **hidden},
    )


def _body(data: bytes, secret: Secret | None) -> Any:
    text = data.decode("utf-8", "replace")
    try:
        return redacted(json.loads(text), secret)
    except ValueError:
        return redacted(text, secret)


def redacted(value: Any, secret: Secret | None) -> Any:
    """Return plain data without key and account, wherever they stand in it."""
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if key in _ACCOUNT_KEYS and isinstance(item, str) else redacted(item, secret)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [redacted(item, secret) for item in value]
    if isinstance(value, str):
        text = value.replace(secret.reveal(), HIDDEN) if secret is not None else value
        return _ACCOUNT.sub(HIDDEN, text)
    return value
