"""Reading a provider's answer while its bytes pass by: usage, served model, error, and whether it was whole."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, Protocol

from assay.gateway.usage import tokens_of
from assay.records import Dialect, Tokens

MAX_ERROR = 300
MAX_ID = 256
_LONG_FIRST_LINE = 1 << 16
_LONGEST_LINE = 32 << 20
_usage_object = re.compile(rb'"usage"\s*:\s*\{').search
_error_object = re.compile(rb'"error"\s*:\s*[{"]|"type"\s*:\s*"error"').search
_finish_reason = re.compile(rb'"finish_reason"\s*:\s*"').search
_no_choices = re.compile(rb'"choices"\s*:\s*\[\s*\]').search
_end_of_event = re.compile(rb"\r?\n\r?\n")

STANDARD_TIERS = frozenset({None, "default", "standard", "auto", "scale"})


class Answer(Protocol):
    """What was learnt of an answer so far. ``whole`` = its last part was seen."""

    model: str | None
    error: str | None
    whole: bool
    tier: str | None
    id: str | None
    stop_reason: str | None

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        ...

    def tokens(self) -> Tokens:
        """Return usage by kind; None where it was not (yet) reported."""
        ...


class _Reading:
    """Common state: the usage object is merged by key, later frames win, nothing is summed."""

    def __init__(self, dialect: Dialect, *, reasoning_apart: bool = False) -> None:
        self.model: str | None = None
        self.error: str | None = None
        self.whole = False
        self.tier: str | None = None
        self.id: str | None = None
        self.stop_reason: str | None = None
        self._dialect = dialect
        self._apart = reasoning_apart
        self._usage: dict[str, Any] | None = None

    def tokens(self) -> Tokens:
        return tokens_of(self._dialect, self._usage, reasoning_apart=self._apart)

    def _take(self, source: Any) -> None:
        """Take model, tier and usage from a message, response or chunk."""
        if not isinstance(source, dict):
            return
        if self._dialect is Dialect.GEMINI:
            source = gemini_words(source)
        if self.model is None and isinstance(source.get("model"), str):
            self.model = source["model"]
        if self.id is None and isinstance(source.get("id"), str):
            self.id = source["id"][:MAX_ID]
        reason = stop_reason(source)
        if reason is not None:
            self.stop_reason = reason[:MAX_ID]
        tier = source.get("service_tier")
        usage = source.get("usage")
        if isinstance(usage, dict):
            self._usage = {**(self._usage or {}), **{k: v for k, v in usage.items() if v is not None}}
            tier = tier or usage.get("service_tier") or ("fast" if usage.get("speed") == "fast" else None)
        if isinstance(tier, str):
            self.tier = tier


class WholeAnswer(_Reading):
    """An answer in one JSON body."""

    def __init__(self, dialect: Dialect, *, status: int = 200, reasoning_apart: bool = False) -> None:
        super().__init__(dialect, reasoning_apart=reasoning_apart)
        self._parts: list[bytes] = []
        self._failed = status >= 400  # noqa: PLR2004 - HTTP's own border
        self._status = status

    def feed(self, chunk: bytes) -> None:
        """Keep the bytes until ``close``."""
        self._parts.append(chunk)

    def close(self) -> None:
        """Read the body, now complete."""
        body = b"".join(self._parts)
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            data = None
        self.whole = True
        for part in data if isinstance(data, list) else (data,):  # Gemini streams without ``alt=sse`` are an array
            self._take(part)
        if self._failed:
            self.error = _message(data) or _plain(body) or f"HTTP {self._status}"
        elif isinstance(data, dict) and data.get("error"):
            self.error = _message(data)


class StreamedAnswer(_Reading):
    """An answer in server-sent events. Lines without usage, error or end are never parsed."""

    def __init__(self, dialect: Dialect, *, reasoning_apart: bool = False) -> None:
        super().__init__(dialect, reasoning_apart=reasoning_apart)
        self._rest = b""
        self._first = True

    def feed(self, chunk: bytes) -> None:
        """Read the lines that are complete."""
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > _LONGEST_LINE:
            self._rest = b""
        for line in lines:
            if line.startswith(b"data:") and self._tells(line):
                self._read(line[5:].strip())

    def _tells(self, line: bytes) -> bool:
        if self._first:
            # The first event names the model; a Responses stream echoes all instructions in it.
            self._first = False
            if len(line) < _LONG_FIRST_LINE:
                return True
        if _usage_object(line) or _error_object(line):
            return True
        if self._dialect is Dialect.CHAT:
            return line.startswith((b"data: [DONE]", b"data:[DONE]")) or _finish_reason(line) is not None
        if self._dialect is Dialect.MESSAGES:
            return b"message_stop" in line
        if self._dialect is Dialect.GEMINI:
            return b"usageMetadata" in line or b"finishReason" in line
        return b"response.failed" in line or b"response.incomplete" in line or b"response.completed" in line

    def _read(self, data: bytes) -> None:
        if data == b"[DONE]":
            self.whole = True
            return
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            return
        if not isinstance(event, dict):
            return
        kind = event.get("type")
        if self._dialect is Dialect.MESSAGES:
            self._take(event.get("message"))
            self._take(event)
            self.whole = self.whole or kind == "message_stop"
        elif self._dialect is Dialect.RESPONSES:
            self._take(event.get("response"))
            self.whole = self.whole or kind in {"response.completed", "response.failed", "response.incomplete"}
        else:
            self._take(event)
            self.whole = self.whole or (self._dialect is Dialect.GEMINI and self.stop_reason is not None)
        if kind == "response.failed":
            self.error = _message(event.get("response")) or "the response failed"
        elif event.get("error") or kind == "error":
            self.error = _message(event) or "the stream carried an error"


def gemini_words(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Gemini chunk's id, model, usage and end under the names that the other dialects use."""
    usage = source.get("usageMetadata")
    tier = usage.get("serviceTier") if isinstance(usage, dict) else None
    candidates = source.get("candidates")
    first = candidates[0] if isinstance(candidates, list) and candidates else None
    blocked = source.get("promptFeedback")
    reason = first.get("finishReason") if isinstance(first, dict) else None
    return {
        "id": source.get("responseId"),
        "model": source.get("modelVersion"),
        "usage": usage,
        "service_tier": tier.lower() if isinstance(tier, str) else None,
        "stop_reason": reason or (blocked.get("blockReason") if isinstance(blocked, dict) else None),
    }


def stop_reason(source: Mapping[str, Any]) -> str | None:
    """Return why a message, chunk or response ended, in the provider's word; None while it goes on.

    A Responses answer has a status instead, and a reason only where it is ``incomplete``.
    """
    if source.get("object") == "response":
        details = source.get("incomplete_details")
        found = details.get("reason") if isinstance(details, dict) else None
        found = found or (None if source.get("status") == "in_progress" else source.get("status"))
    elif isinstance(choices := source.get("choices"), list):
        found = choices[0].get("finish_reason") if choices and isinstance(choices[0], dict) else None
    else:
        delta = source.get("delta")
        found = source.get("stop_reason") or (delta.get("stop_reason") if isinstance(delta, dict) else None)
    return found if isinstance(found, str) else None


class UsageChunkFilter:
    """Takes the usage chunk that was asked for on the client's behalf out of a Chat stream again.

    Works on whole events; an event is passed on as soon as its last byte is there.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """Return what may be passed on now."""
        data = self._rest + chunk
        kept: list[bytes] = []
        at = 0
        for match in _end_of_event.finditer(data):
            event = data[at : match.end()]
            at = match.end()
            if not (_no_choices(event) and _usage_object(event)):
                kept.append(event)
        self._rest = data[at:]
        return b"".join(kept)

    def flush(self) -> bytes:
        """Return an unfinished event at the end of the stream, as it is."""
        rest, self._rest = self._rest, b""
        return rest


class EncodedCopy:
    """The bytes to parse: as they are, or unpacked when a provider compresses although it was not asked to."""

    def __init__(self, encoding: str | None) -> None:
        known = encoding is not None and encoding.lower() in {"gzip", "x-gzip", "deflate"}
        self.plain = encoding is None or encoding.lower() == "identity"
        self._unpack = zlib.decompressobj(wbits=47) if known else None

    def read(self, data: bytes) -> bytes:
        """Return the bytes that may be parsed; nothing when the encoding is not known."""
        if self.plain:
            return data
        if self._unpack is None:
            return b""
        try:
            return self._unpack.decompress(data)
        except zlib.error:
            self._unpack = None  # not what it says; usage stays unknown
            return b""


def _message(data: Any) -> str | None:
    """Find the provider's words in an error of any dialect."""
    if not isinstance(data, dict):
        return None
    error = data.get("error", data)
    if isinstance(error, dict):
        error = error.get("message") or error.get("type") or error.get("code")
    return _shorten(error) if isinstance(error, str) else None


def _plain(body: bytes) -> str | None:
    return _shorten(body[: 4 * MAX_ERROR].decode("utf-8", "replace")) or None


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_ERROR else line[: MAX_ERROR - 1] + "…"
