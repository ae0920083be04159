"""Errors that the gateway answers itself, in the shape that each dialect's clients understand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from aiohttp import web

from assay.records import Dialect

_ANTHROPIC = {
    400: "invalid_request_error",
    402: "billing_error",
    404: "not_found_error",
    410: "not_found_error",
    413: "request_too_large",
    415: "invalid_request_error",
    429: "rate_limit_error",
    500: "api_error",
    502: "api_error",
}
_OPENAI: Mapping[int, tuple[str, str | None]] = {
    400: ("invalid_request_error", None),
    402: ("insufficient_quota", "insufficient_quota"),
    404: ("invalid_request_error", "model_not_found"),
    410: ("invalid_request_error", None),
    413: ("invalid_request_error", "request_too_large"),
    415: ("invalid_request_error", None),
    429: ("rate_limit_error", "rate_limit_exceeded"),
    500: ("server_error", None),
    502: ("server_error", None),
}
_GOOGLE = {
    400: "INVALID_ARGUMENT",
    402: "FAILED_PRECONDITION",
    404: "NOT_FOUND",
    410: "NOT_FOUND",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
}


def refusal(dialect: Dialect, status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return an error response in the dialect's own shape."""
    if dialect is Dialect.MESSAGES:
        data: dict[str, object] = {"type": "error", "error": {"type": _ANTHROPIC[status], "message": message}}
    elif dialect is Dialect.GEMINI:
        data = {"error": {"code": status, "message": message, "status": _GOOGLE[status]}}
    else:
        kind, code = _OPENAI[status]
        data = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return web.Response(status=status, body=json.dumps(data).encode(), content_type="application/json", headers=headers)


class Noting(Protocol):
    """A door, as far as refusals need one."""

    def refuse(self, model: str | None, status: int, reason: str) -> None:
        """Log a request that is answered without a call."""
        ...


class RefusedError(Exception):
    """A request that the gateway answers itself, without a call."""

    def __init__(
        self, status: int, message: str, model: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.model = model
        self.headers = headers

    def answer(self, door: Noting, dialect: Dialect) -> web.Response:
        """Leave a line in the log and return the response."""
        try:
            door.refuse(self.model, self.status, self.message)
        except OSError as error:
            self.message += f"; and the gateway cannot write its log: {error.strerror}"
        response = refusal(dialect, self.status, self.message, self.headers)
        if self.status in {413, 415}:
            response.force_close()  # the body is still on its way
        return response


def plain(status: int, message: str, allow: str = "POST") -> web.Response:
    """Return an error to a caller whose dialect is not known."""
    headers = {"Allow": allow} if status == 405 else None  # noqa: PLR2004 - required by RFC 9110, 15.5.6
    return web.Response(status=status, text=message + "\n", headers=headers)
