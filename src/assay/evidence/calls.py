"""``gateway.jsonl``: the line format of the gateway's log, and its reader.

Each call writes a *start* line before it is forwarded and an *end* line after, with the same ``seq``.
A start without an end is a call that was open when its driver or its door was killed.

::

    {"e":"start","seq":1,"step":0,"dialect":"chat","provider":"lab","model":"swift","upstream":"lab/swift","sent_at":...}
    {"e":"end","seq":1,"status":200,"model_served":"lab/swift","tokens":{...},"ttft_ms":...,"cost":...}
    {"e":"refused","at":...,"model":"gpt-9","status":404,"error":"..."}      never sent, costs nothing

A start line also has ``hints`` and ``effort``, an end line ``request_id``, ``response_id`` and ``stop_reason``, where
the request or the answer said them: these join a call with what its agent's own sources say of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from assay.errors import EvidenceError, Place
from assay.records import Call, Dialect, NanoUSD, OwnerKind, Tokens

LOG_NAME = "gateway.jsonl"
FIRST_ERROR_STATUS = 400

HINTS = frozenset(
    {
        "user-agent",
        "x-client-request-id",
        "x-stainless-retry-count",
        "x-claude-code-session-id",
        "x-claude-code-agent-id",
        "x-claude-code-parent-agent-id",
        "x-openai-subagent",
        "x-codex-turn-metadata",
        "x-codex-parent-thread-id",
        "x-codex-window-id",
        "thread-id",
        "session-id",
        "session_id",
        "conversation_id",
        "x-session-id",
        "x-session-affinity",
        "x-parent-session-id",
    }
)
"""Request headers that tell who asked, in lower case; any that begins with ``HINT_PREFIX`` too. Never a credential."""
HINT_PREFIX = "x-opencode-"
MAX_HINT = 1024

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Spend:
    """What some calls cost together. ``nano_usd`` None = nothing known; no calls cost 0."""

    nano_usd: NanoUSD | None
    lower_bound: bool


@lru_cache(maxsize=1024)
def start_head(  # one attempt makes many calls that differ in a few numbers
    *,
    owner_kind: OwnerKind,
    owner: str,
    attempt: str,
    dialect: Dialect,
    provider: str,
    model: str,
    upstream: str,
    price_id: str | None,
    usage_injected: bool,
    role: str = "main",
    effort: str | None = None,
) -> str:
    """Encode what the start lines of like calls share; ``upstream`` is the model id sent on."""
    entry = {
        "owner_kind": owner_kind,
        "owner": owner,
        "attempt": attempt,
        "dialect": dialect,
        "provider": provider,
        "model": model,
        "upstream": upstream,
        "role": role,
        "price_id": price_id,
        "usage_injected": usage_injected,
    }
    if effort is not None:
        entry["effort"] = effort
    return _encode(entry)[1:]


def start_line(head: str, seq: int, step: int, sent_at: int, queued_ms: float, hints: str = "{}") -> bytes:
    """Encode what is known before a call is forwarded; ``hints`` as ``encode_hints`` returns them."""
    told = "" if hints == "{}" else f'"hints":{hints},'
    fixed = f'{{"e":"start","seq":{seq},"step":{step},"sent_at":{sent_at},"queued_ms":{queued_ms:.3f},'
    return _bytes(f"{fixed}{told}{head}\n")


def encode_hints(headers: Iterable[tuple[str, str]], tools: int) -> str:
    """Encode the headers that tell who asked, cut at ``MAX_HINT`` characters, and the number of tools offered."""
    found = [
        (lower, value[:MAX_HINT])
        for name, value in headers
        if (lower := name.lower()) in HINTS or lower.startswith(HINT_PREFIX)
    ]
    return _encode_hints((*found, ("tools", str(tools))))


@lru_cache(maxsize=1024)  # a turn makes several calls
def _encode_hints(found: tuple[tuple[str, str], ...]) -> str:
    return _encode(dict(found))


def end_line(call: Call) -> bytes:
    """Encode what was learnt of a call; unknown values are left out."""
    tokens = {name: value for name in Tokens.__slots__ if (value := getattr(call.tokens, name)) is not None}
    known = {
        "model_served": call.model_served,
        "ttft_ms": call.ttft_ms,
        "duration_ms": call.duration_ms,
        "simulated_ms": call.simulated_ms,
        "cost": call.cost,
        "error": call.error,
        "in_flight_at_kill": call.in_flight_at_kill or None,
        "replayed": call.replayed or None,
        "stop_reason": call.stop_reason,
        "request_id": call.request_id,
        "response_id": call.response_id,
    }
    present = {name: value for name, value in known.items() if value is not None}
    return _line({"e": "end", "seq": call.seq, "status": call.status, "tokens": tokens, **present})


def refused_line(at: int, model: str | None, status: int, error: str) -> bytes:
    """Encode a request that the gateway answered itself, without a call."""
    return _line({"e": "refused", "at": at, "model": model, "status": status, "error": error})


def _line(entry: Mapping[str, Any]) -> bytes:
    return _bytes(_encode(entry) + "\n")


def _bytes(text: str) -> bytes:
    # A lone surrogate in a model's id must not stop the log.
    return text.encode("utf-8", "backslashreplace")


def read_calls(folder: Path) -> tuple[Call, ...]:
    """Read the calls of one attempt in order of ``seq``; none when there is no log.

    A last line that was cut by a kill is passed over. Raises ``EvidenceError`` for damage anywhere else.
    """
    path = folder / LOG_NAME
    calls: dict[int, Call] = {}
    for number, entry in _entries(path):
        try:
            if entry["e"] == "start":
                calls[entry["seq"]] = _started(entry)
            elif entry["e"] == "end":
                calls[entry["seq"]] = _ended(calls[entry["seq"]], entry)
        except (KeyError, TypeError, ValueError) as error:
            raise EvidenceError(f"is not a line of a gateway log: {error!r}", where=Place(path, number)) from error
    return tuple(calls[seq] for seq in sorted(calls))


def spend(calls: Iterable[Call]) -> Spend:
    """Add up what calls cost. A call of unknown cost makes the sum a lower bound; errors are not billed."""
    known: list[NanoUSD] = []
    unknown = False
    for call in calls:
        if call.replayed:
            known.append(0)  # paid when it was recorded
        elif call.cost is not None:
            known.append(call.cost)
        elif not unbilled(call):
            unknown = True
        unknown = unknown or call.in_flight_at_kill
    return Spend(None if unknown and not known else sum(known), unknown)


def unbilled(call: Call) -> bool:
    """Tell whether a call without usage is known to be free: the provider answered it with an error."""
    return not call.in_flight_at_kill and call.tokens.total is None and call.status >= FIRST_ERROR_STATUS


def _entries(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    except OSError as error:
        raise EvidenceError(f"cannot be read: {error.strerror}", where=path) from error
    # The last piece is empty after a whole line, else it was cut.
    for number, line in enumerate(lines[:-1], start=1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise EvidenceError("is not JSON", where=Place(path, number)) from error
        yield number, entry


def _started(entry: Mapping[str, Any]) -> Call:
    return Call(
        owner_kind=OwnerKind(entry["owner_kind"]),
        owner=entry["owner"],
        attempt=entry["attempt"],
        step=entry["step"],
        seq=entry["seq"],
        dialect=Dialect(entry["dialect"]),
        provider=entry["provider"],
        model_requested=entry["model"],
        model_served=None,
        tokens=Tokens(),
        status=0,
        sent_at=entry["sent_at"],
        role=entry["role"],
        queued_ms=entry["queued_ms"],
        in_flight_at_kill=True,
        price_id=entry["price_id"],
        usage_injected=entry["usage_injected"],
        effort=entry.get("effort"),
        hints=entry.get("hints", {}),
    )


def _ended(start: Call, entry: Mapping[str, Any]) -> Call:
    return Call(
        owner_kind=start.owner_kind,
        owner=start.owner,
        attempt=start.attempt,
        step=start.step,
        seq=start.seq,
        dialect=start.dialect,
        provider=start.provider,
        model_requested=start.model_requested,
        model_served=entry.get("model_served"),
        tokens=Tokens.from_json(entry["tokens"]),
        status=entry["status"],
        sent_at=start.sent_at,
        role=start.role,
        queued_ms=start.queued_ms,
        ttft_ms=entry.get("ttft_ms"),
        duration_ms=entry.get("duration_ms"),
        simulated_ms=entry.get("simulated_ms"),
        in_flight_at_kill=entry.get("in_flight_at_kill", False),
        price_id=start.price_id,
        cost=entry.get("cost"),
        error=entry.get("error"),
        usage_injected=start.usage_injected,
        replayed=entry.get("replayed", False),
        effort=start.effort,
        stop_reason=entry.get("stop_reason"),
        request_id=entry.get("request_id"),
        response_id=entry.get("response_id"),
        hints=start.hints,
    )
