"""Bedrock: requests signed with SigV4 by ``botocore`` (or a Bedrock API key), at the endpoints that speak our dialects.

``/model/<id>/invoke-with-response-stream`` is not spoken: its binary frames would have to be translated, and what an
agent sees would no longer be what the provider sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from assay.errors import CredentialError
from assay.gateway.credentials import Secret, read_key
from assay.gateway.extras import extra
from assay.gateway.headers import ENDPOINTS
from assay.gateway.signed import Asked, Outgoing, Signer
from assay.providers import Provider
from assay.records import Dialect

# What is signed: headers that nothing between here and there rewrites.
SIGNED = frozenset({"content-type", "anthropic-version", "anthropic-beta"})


class BedrockSigner(Signer):
    """Signs with whatever botocore's own chain finds: environment, profile, SSO, role."""

    def __init__(self, provider: Provider) -> None:
        """Raise ``CredentialError`` when there is no key, or botocore is missing or finds no credentials."""
        self._name = provider.name
        self._base = provider.base_url
        self._region = provider.options["region"]
        self._service = "bedrock-mantle" if "bedrock-mantle" in provider.base_url else "bedrock"
        self._secret: Secret | None = None
        self._credentials: Any = None
        if provider.auth == "sigv4":
            self._credentials = _chain(provider.name)
        else:
            self._secret = read_key(provider)

    @property
    def secret(self) -> Secret | None:
        """The key or the session token: a secret access key signs and does not travel."""
        return self._secret

    def address(self, asked: Asked) -> str | None:
        """``/anthropic/v1/messages``, or the OpenAI-compatible ``/openai/v1/...``."""
        family = "anthropic" if asked.dialect is Dialect.MESSAGES else "openai"
        return f"{self._base}/{family}/v1{ENDPOINTS[asked.dialect]}"

    async def headers(self, outgoing: Outgoing) -> Mapping[str, str]:
        """Send the key, or sign; renewing temporary credentials may take a look at the network, so not in the loop."""
        if self._credentials is None:
            return {"Authorization": f"Bearer {self._secret.reveal()}"} if self._secret is not None else {}
        return await asyncio.to_thread(self._sign, outgoing)

    def _sign(self, outgoing: Outgoing) -> Mapping[str, str]:
        auth, requests, failures = (
            extra(f"botocore.{part}", "bedrock", self._name) for part in ("auth", "awsrequest", "exceptions")
        )
        signed = {name: value for name, value in outgoing.headers.items() if name.lower() in SIGNED}
        request = requests.AWSRequest("POST", outgoing.url, headers=signed, data=outgoing.body)
        try:
            frozen = self._credentials.get_frozen_credentials()
            auth.SigV4Auth(frozen, self._service, self._region).add_auth(request)
        except failures.BotoCoreError as error:
            raise CredentialError(
                f"AWS credentials of provider '{self._name}' cannot be had: {error}", remedy="Log in again"
            ) from error
        self._secret = Secret(frozen.token) if frozen.token else None
        ours = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")
        return {name: request.headers[name] for name in ours if name in request.headers}


def _chain(name: str) -> Any:
    """Return what botocore's own chain finds."""
    session = extra("botocore.session", "bedrock", name, ", or use a Bedrock API key: auth: bearer, key: env:NAME")
    credentials = session.Session().get_credentials()
    if credentials is None:
        raise CredentialError(
            f"no AWS credentials for provider '{name}'",
            remedy="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; aws sso login where it is used",
        )
    return credentials
