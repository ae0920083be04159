"""Azure OpenAI: an API key or an Entra token, the ``v1`` address or one per deployment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from assay.errors import CredentialError
from assay.gateway.credentials import Secret, read_key
from assay.gateway.extras import extra
from assay.gateway.headers import ENDPOINTS
from assay.gateway.signed import Asked, Outgoing, Signer
from assay.providers import Provider
from assay.records import Dialect

SCOPE = "https://cognitiveservices.azure.com/.default"
EARLY_S = 300.0


class AzureSigner(Signer):
    """With ``api_version`` the deployment (the model's id here) stands in the path, else in the body alone."""

    def __init__(self, provider: Provider) -> None:
        """Raise ``CredentialError`` when there is no key, or azure-identity is missing."""
        self._name = provider.name
        self._base = provider.base_url
        self._version = provider.options.get("api_version")
        self._turn = asyncio.Lock()
        self._expires = 0.0
        self._secret: Secret | None = None
        self._credential: Any = None
        if provider.auth != "entra":
            self._secret = read_key(provider)
            return
        identity = extra("azure.identity", "azure", provider.name, ", or use a key: auth: api-key")
        self._credential = identity.DefaultAzureCredential()

    @property
    def secret(self) -> Secret | None:
        """The key, or the token in use."""
        return self._secret

    def address(self, asked: Asked) -> str | None:
        """``/openai/deployments/<deployment>/chat/completions?api-version=...`` where a version is named."""
        if self._version is None:
            return None
        if asked.dialect is Dialect.CHAT:
            path = f"/deployments/{quote(asked.model, safe='')}{ENDPOINTS[asked.dialect]}"
        else:
            path = ENDPOINTS[asked.dialect]
        return f"{self._base}{path}?api-version={quote(self._version, safe='')}"

    async def headers(self, outgoing: Outgoing) -> Mapping[str, str]:  # noqa: ARG002 - a token covers all requests
        """The key, or a token that is renewed five minutes before it ends."""
        if self._credential is None:
            return {"api-key": self._secret.reveal()} if self._secret is not None else {}
        async with self._turn:
            if time.time() > self._expires - EARLY_S:
                await self._renew()
        assert self._secret is not None
        return {"Authorization": f"Bearer {self._secret.reveal()}"}

    async def _renew(self) -> None:
        try:
            token = await asyncio.to_thread(self._credential.get_token, SCOPE)
        except Exception as error:  # azure.core is known only where it is installed
            raise CredentialError(
                f"no Entra token for provider '{self._name}': {type(error).__name__}", remedy="Log in: az login"
            ) from error
        self._secret, self._expires = Secret(token.token), float(token.expires_on)
