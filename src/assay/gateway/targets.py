"""What a path behind a door asks for: a model's answer, a count of tokens, or the list of models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from assay.gateway.headers import ENDPOINTS
from assay.records import Dialect


class Action(StrEnum):
    """What is done with a request."""

    ASK = "ask"
    COUNT = "count"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Target:
    """A path's meaning. ``model`` and ``stream`` are None where the body says them."""

    dialect: Dialect
    action: Action = Action.ASK
    model: str | None = None
    stream: bool | None = None

    @property
    def method(self) -> str:
        """The one HTTP method that it takes."""
        return "GET" if self.action is Action.LIST else "POST"


_VERSIONS = ("", "v1/")
_FIXED: Mapping[str, Target] = {
    **{
        f"{dialect.value}/{version}{endpoint[1:]}": Target(dialect)
        for dialect, endpoint in ENDPOINTS.items()
        for version in _VERSIONS
    },
    **{f"messages/{version}messages/count_tokens": Target(Dialect.MESSAGES, Action.COUNT) for version in _VERSIONS},
    # Codex reads a catalogue of its own from Responses' list of models, so that one is not answered.
    **{
        f"{dialect.value}/{version}models": Target(dialect, Action.LIST)
        for dialect in (Dialect.MESSAGES, Dialect.CHAT)
        for version in _VERSIONS
    },
    **{f"gemini/{version}/models": Target(Dialect.GEMINI, Action.LIST) for version in ("v1beta", "v1")},
}
_gemini = re.compile(
    r"gemini/(?:v1beta|v1alpha|v1)/models/([^?]+):(generateContent|streamGenerateContent|countTokens)"
).fullmatch


def target(rest: str) -> Target | None:
    """Return what the rest of a door's path, ``<dialect>/...``, asks for; None = nothing that there is."""
    fixed = _FIXED.get(rest)
    if fixed is not None:
        return fixed
    match = _gemini(rest)
    if match is None:
        return None
    verb = match[2]
    action = Action.COUNT if verb == "countTokens" else Action.ASK
    return Target(Dialect.GEMINI, action, unquote(match[1]), verb == "streamGenerateContent")
