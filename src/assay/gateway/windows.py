"""Usage windows of subscriptions: when one is used up, nothing more is sent until it opens again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

TOO_MANY = 429
UNKNOWN_S = 300.0  # how long to wait where a provider does not say
_RESETS = ("anthropic-ratelimit-unified-reset", "x-codex-primary-reset-at")
_KINDS = frozenset({"usage_limit_reached", "usage_limit_exceeded", "usage_not_included"})


class Window:
    """One subscription's window; shared by all doors. Times are epoch seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._until = 0.0

    def close(self, until: float) -> None:
        """Note that it is used up."""
        self._until = max(self._until, until)

    @property
    def closed_until(self) -> float | None:
        """When it opens again; None = it is open."""
        return self._until if self._until > self._clock() else None


def window_reset(status: int, headers: Mapping[str, str], body: bytes, now: float) -> float | None:
    """Return when a used-up window opens again, in epoch seconds; None when this answer is nothing of the kind.

    Anthropic: 429 with ``anthropic-ratelimit-unified-status: rejected`` and ``...-reset`` (epoch seconds). Codex: 429
    with ``error.type: usage_limit_reached`` and ``resets_at`` or ``resets_in_seconds``. A 429 without either is an
    ordinary rate limit, which clients wait out themselves.
    """
    if status != TOO_MANY:
        return None
    error = _error(body)
    named = error.get("type") in _KINDS or headers.get("anthropic-ratelimit-unified-status") == "rejected"
    if not named:
        return None
    stated = [_number(headers.get(name)) for name in _RESETS] + [_number(error.get("resets_at"))]
    for reset in stated:
        if reset is not None and reset > now:
            return reset
    for wait in (_number(error.get("resets_in_seconds")), _number(headers.get("retry-after"))):
        if wait is not None:
            return now + wait
    return now + UNKNOWN_S


def _error(body: bytes) -> Mapping[str, Any]:
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
