"""What signs a request: the seam between the gateway and providers that a static key does not open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assay.gateway.credentials import Secret
from assay.records import Dialect


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address may depend on."""

    dialect: Dialect
    model: str
    stream: bool
    count: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request about to be sent."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Signer:
    """Authenticates each request of one provider. By itself it changes neither address nor body."""

    @property
    def secret(self) -> Secret | None:
        """The credential that was sent last, which no answer may echo; it may change."""
        return None

    def address(self, asked: Asked) -> str | None:  # noqa: ARG002 - for those that need it
        """Return the whole address without the client's query; None = as for any provider of this dialect."""
        return None

    def body(self, asked: Asked, body: bytes) -> bytes:  # noqa: ARG002 - same
        """Return the body as the provider takes it."""
        return body

    async def headers(self, outgoing: Outgoing) -> Mapping[str, str]:
        """Return the headers to set. Raises ``CredentialError`` when there is nothing to sign with."""
        raise NotImplementedError
