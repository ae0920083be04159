"""Vertex: short-lived tokens, renewed by ``google-auth``; Claude by ``rawPredict``, Gemini by the Chat endpoint."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from assay.errors import CredentialError
from assay.gateway.credentials import Secret
from assay.gateway.extras import extra
from assay.gateway.signed import Asked, Outgoing, Signer
from assay.providers import Provider
from assay.records import Dialect

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
ANTHROPIC_VERSION = "vertex-2023-10-16"


class VertexSigner(Signer):
    """Sends the token of the application default credentials."""

    def __init__(self, provider: Provider) -> None:
        """Raise ``CredentialError`` when google-auth is missing or finds no credentials."""
        self._name = provider.name
        region, project = provider.options.get("region", "global"), provider.options["project"]
        self._base = f"{provider.base_url}/v1/projects/{project}/locations/{region}"
        self._turn = asyncio.Lock()
        self._secret: Secret | None = None
        self._google = extra("google.auth.transport.requests", "vertex", provider.name)
        self._failures = extra("google.auth.exceptions", "vertex", provider.name)
        self._credentials: Any
        try:
            self._credentials, _ = extra("google.auth", "vertex", provider.name).default(scopes=[SCOPE])
        except self._failures.GoogleAuthError as error:
            raise CredentialError(
                f"no Google credentials for provider '{provider.name}'",
                remedy="gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS",
            ) from error

    @property
    def secret(self) -> Secret | None:
        """The token in use."""
        return self._secret

    def address(self, asked: Asked) -> str | None:
        """A publisher's model for Messages, the OpenAI-compatible endpoint for Chat."""
        if asked.dialect is Dialect.MESSAGES:
            verb = "streamRawPredict" if asked.stream else "rawPredict"
            return f"{self._base}/publishers/anthropic/models/{quote(asked.model, safe='@')}:{verb}"
        return f"{self._base}/endpoints/openapi/chat/completions"

    def body(self, asked: Asked, body: bytes) -> bytes:
        """Take the model out of a Messages body, where Vertex has it in the address; name Chat's publisher."""
        data = json.loads(body)
        if asked.dialect is Dialect.MESSAGES:
            data.pop("model", None)
            data.setdefault("anthropic_version", ANTHROPIC_VERSION)
        elif "/" not in data["model"]:
            data["model"] = f"google/{data['model']}"
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()

    async def headers(self, outgoing: Outgoing) -> Mapping[str, str]:  # noqa: ARG002 - a token covers all requests
        """Renew the token when it is about to expire, once for all who wait."""
        async with self._turn:
            if not self._credentials.valid:
                await asyncio.to_thread(self._refresh)
        return {"Authorization": f"Bearer {self._credentials.token}"}

    def _refresh(self) -> None:
        try:
            self._credentials.refresh(self._google.Request())
        except self._failures.GoogleAuthError as error:
            raise CredentialError(
                f"the Google token of provider '{self._name}' cannot be renewed: {type(error).__name__}",
                remedy="gcloud auth application-default login",
            ) from error
        self._secret = Secret(self._credentials.token)
